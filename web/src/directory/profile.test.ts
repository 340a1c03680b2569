import { expect, test } from 'vitest'

import { changed, type Edited, limitOf, valuesOf } from './profile'

const person = { id: 1, name: '三浦 葵', sort: '~', comment: 'よろしく\n三浦', home_areas: ['静岡県', '焼津市'] }
const fields: Edited[] = ['comment', 'phone_number', 'home_areas']

test('only what is different is sent', () => {
  const before = valuesOf(person)
  expect(changed(before, { ...before }, fields)).toEqual({})
  expect(changed(before, { ...before, phone_number: ' 054-1 ' }, fields)).toEqual({ phone_number: '054-1' })
  expect(changed(before, { ...before, comment: '' }, fields)).toEqual({ comment: '' })
})

test('what one may not change is never sent', () => {
  const before = valuesOf(person)
  expect(changed(before, { ...before, skill: '溶接' }, fields)).toEqual({})
})

test('several areas stand in one line, with a wide or a narrow mark between them', () => {
  const before = valuesOf(person)
  expect(before.home_areas).toBe('静岡県;焼津市')
  expect(changed(before, { ...before, home_areas: '静岡県；焼津市' }, fields)).toEqual({})
})

test('texts may be long, numbers not', () => {
  expect([limitOf('comment'), limitOf('email1'), limitOf('phone_number')]).toEqual([500, 256, 50])
})
