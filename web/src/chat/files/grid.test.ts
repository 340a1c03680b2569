import { expect, test } from 'vitest'

import { gridOf, singleSize } from './grid'
import { picturesOf, stepped } from './pictures'

const file = (id: string) => ({ id, name: id, size: 1 })
const message = (seq: number, ids: string[], deleted?: number) => ({
  seq, rev: seq, sender: 1, name: '山田', at: seq, text: '', client_id: `c${seq}`, files: ids.map(file), ...(deleted ? { deleted } : {}),
})

test.each([
  ['fits as it is', 100, 80, 100, 80],
  ['is made smaller, in its shape', 3520, 1760, 352, 176],
  ['stands upright', 1500, 3000, 150, 300],
  ['is a line, and can be pressed all the same', 4000, 1, 352, 56],
])('a single picture that %s', (_, width, height, wide, high) => {
  expect(singleSize({ width, height })).toEqual({ width: wide, height: high })
})

test('four are shown, the last for the others too', () => {
  const five = ['a', 'b', 'c', 'd', 'e'].map(file)
  expect(gridOf(five)).toEqual({ shown: five.slice(0, 4), more: 1 })
  expect(gridOf(five.slice(0, 4)).more).toBe(0)
})

test('the pictures of a room are one row; those of deleted messages are not in it', () => {
  const row = picturesOf([message(1, ['a', 'x']), message(2, ['b'], 9), message(3, ['c'])], (one) => one.id !== 'x')
  expect(row.map((one) => one.file.id)).toEqual(['a', 'c'])
})

test('at both ends there is no further', () => {
  expect(stepped(3, 0, -1)).toBe(0)
  expect(stepped(3, 1, 1)).toBe(2)
  expect(stepped(3, 2, 1)).toBe(2)
})
