import { expect, test } from 'vitest'

import { placeOf } from './places'

test('the menu begins with the list', () => {
  expect(placeOf([])).toEqual({ name: 'list', menu: 'list' })
  expect(placeOf(['incidents'])).toEqual({ name: 'list', menu: 'list' })
  expect(placeOf(['register'])).toEqual({ name: 'register', menu: 'register' })
})

test('an incident has its parts', () => {
  expect(placeOf(['incidents', '12'])).toEqual({ name: 'incident', menu: 'list', id: 12, part: '' })
  expect(placeOf(['incidents', '12', 'totals'])).toMatchObject({ id: 12, part: 'totals' })
  expect(placeOf(['why', '3'])).toEqual({ name: 'event', menu: 'why', id: 3 })
})

test('what is no page is none', () => {
  for (const path of [['x'], ['incidents', 'x'], ['incidents', '1', 'x'], ['incidents', '1', 'board', 'y'], ['register', '1'], ['why', '1', 'board']]) {
    expect(placeOf(path)).toBe(null)
  }
})
