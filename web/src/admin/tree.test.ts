import { expect, test } from 'vitest'

import type { Department } from './shapes'
import { branches, itselfAndBelow, mayMoveInto, pathOf, visible } from './tree'

function department(id: number, name: string, parent?: number, people = 0): Department {
  return { id, code: `D${id}`, name, sort: `~ ${name}`, people, ...(parent ? { parent } : {}) }
}

const all = [
  department(3, '第一製造課', 2, 4),
  department(1, '本社', undefined, 1),
  department(2, '製造部', 1, 2),
  department(4, '営業部', 1, 3),
]
const names = (list: readonly { department: Department }[]) => list.map((one) => one.department.name)

test('each department comes after the one above it, siblings in their order, with what is below counted', () => {
  const found = branches(all)
  expect(names(found)).toEqual(['本社', '営業部', '製造部', '第一製造課'])
  expect(found.map((one) => one.depth)).toEqual([0, 1, 1, 2])
  expect(found.map((one) => [one.below, one.people])).toEqual([
    [3, 10],
    [0, 3],
    [1, 6],
    [0, 4],
  ])
})

test('a department whose parent is not there stands at the top and does not vanish', () => {
  expect(names(branches([department(9, '迷子', 77)]))).toEqual(['迷子'])
})

test('siblings are compared by code points, as the server does', () => {
  const [emoji, wide] = [department(1, '\u{20BB7}'), department(2, '\uFF21')]
  expect(names(branches([emoji, wide]))).toEqual(['\uFF21', '\u{20BB7}'])
})

test('below a shut department nothing is drawn', () => {
  const found = branches(all)
  expect(names(visible(found, new Set()))).toEqual(['本社'])
  expect(names(visible(found, new Set([1])))).toEqual(['本社', '営業部', '製造部'])
  expect(names(visible(found, new Set([2])))).toEqual(['本社'])
})

test('nothing moves into itself, below itself or where it is already', () => {
  expect([...itselfAndBelow(all, 2)].sort()).toEqual([2, 3])
  expect(mayMoveInto(all, 2, 2)).toBe(false)
  expect(mayMoveInto(all, 2, 3)).toBe(false)
  expect(mayMoveInto(all, 2, 1)).toBe(false)
  expect(mayMoveInto(all, 1, null)).toBe(false)
  expect(mayMoveInto(all, 2, null)).toBe(true)
  expect(mayMoveInto(all, 3, 4)).toBe(true)
})

test('a path names every department from the top', () => {
  expect(pathOf(all, 3)).toBe('本社 / 製造部 / 第一製造課')
})
