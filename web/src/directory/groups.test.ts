import { expect, test } from 'vitest'

import { moved } from './groups'
import { firstNumber, numbersOf } from './numbers'

test('a group goes one step up or down, and not beyond the ends', () => {
  expect(moved([1, 2, 3], 2, -1)).toEqual([2, 1, 3])
  expect(moved([1, 2, 3], 2, 1)).toEqual([1, 3, 2])
  expect(moved([1, 2, 3], 1, -1)).toEqual([1, 2, 3])
  expect(moved([1, 2, 3], 3, 1)).toEqual([1, 2, 3])
  expect(moved([1, 2, 3], 9, 1)).toEqual([1, 2, 3])
})

test('a list shows the number that was found, else the first there is', () => {
  const person = { id: 1, name: '渡邉', sort: '~', mobile_number: '090-1', phone_number: '054-1' }
  expect(numbersOf(person).map((one) => one.field)).toEqual(['phone_number', 'mobile_number'])
  expect(firstNumber(person)?.value).toBe('054-1')
  expect(firstNumber({ ...person, hit: 'mobile_number' })?.value).toBe('090-1')
  expect(firstNumber({ ...person, hit: 'name' })?.value).toBe('054-1')
  expect(firstNumber({ id: 1, name: '渡邉', sort: '~' })).toBeUndefined()
})
