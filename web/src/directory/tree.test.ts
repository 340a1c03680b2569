import { expect, test } from 'vitest'

import { branches, heldBelow, inOrder, openedTo, pathTo, pressed, treeOf, withAllBelow, withDepartments } from './tree'
import type { Department } from './types'

const department = (id: number, parent?: number, more: Partial<Department> = {}): Department => ({
  id,
  code: `D${id}`,
  name: `部${id}`,
  sort: `~ 部${id}`,
  people: 0,
  ...(parent ? { parent } : {}),
  ...more,
})
//   1 ─ 2 ─ 4
//     └ 3
//   5
const tree = treeOf([department(4, 2), department(1), department(3, 1), department(2, 1), department(5)])
const drawn = (open: number[]) => branches(tree, new Set(open)).map((one) => `${' '.repeat(one.level)}${one.department.id}`)

test('only what is open shows what is under it', () => {
  expect(drawn([])).toEqual([' 1', ' 5'])
  expect(drawn([1])).toEqual([' 1', '  2', '  3', ' 5'])
  expect(drawn([1, 2])).toEqual([' 1', '  2', '   4', '  3', ' 5'])
  expect(drawn([2])).toEqual([' 1', ' 5'])
})

test('each line says how many stand beside it, and whether there is something under it', () => {
  const [first, second] = branches(tree, new Set([1]))
  expect(first).toMatchObject({ level: 1, place: 1, siblings: 2, open: true })
  expect(second).toMatchObject({ level: 2, place: 1, siblings: 2, open: false })
  expect(branches(tree, new Set()).at(-1)).toMatchObject({ open: null })
})

test('the order is that of the server: by code points', () => {
  const sorted = treeOf([
    department(1, 0, { sort: '~ 𠮷' }),
    department(2, 0, { sort: '~ ﾏ' }),
    department(3, 0, { sort: '000000020 ん' }),
    department(4, 0, { sort: '000000003 を' }),
  ])
  expect(branches(sorted, new Set()).map((one) => one.department.id)).toEqual([4, 3, 2, 1])
  expect(inOrder({ sort: 'あ', id: 2 }, { sort: 'あ', id: 1 })).toBeGreaterThan(0)
})

test('what is held in a department and in all under it', () => {
  const held = treeOf([department(1, 0, { people: 2 }), department(2, 1, { people: 3 }), department(3)])
  expect([heldBelow(held, 1), heldBelow(held, 2), heldBelow(held, 3)]).toEqual([5, 3, 0])
})

test('the way from the top, and all under a department', () => {
  expect(pathTo(tree, 4).map((one) => one.id)).toEqual([1, 2, 4])
  expect(pathTo(tree, 99)).toEqual([])
  expect([...withAllBelow(tree, 1)].sort()).toEqual([1, 2, 3, 4])
  expect([...openedTo(tree, new Set([5]), 4)].sort()).toEqual([1, 2, 5])
})

test('departments that came, moved and went', () => {
  const moved = withDepartments(tree, [department(4, 5, { sort: '~ 部0' }), department(6, 5)], [3])
  expect(branches(moved, new Set([1, 5])).map((one) => one.department.id)).toEqual([1, 2, 5, 4, 6])
  expect(pathTo(moved, 4).map((one) => one.id)).toEqual([5, 4])
  expect(moved.byId.has(3)).toBe(false)
  expect(withDepartments(tree, [], [])).toBe(tree)
})

test('nobody gets lost: without a known parent, or in a circle, a department stands at the top', () => {
  const odd = treeOf([department(1, 99), department(2, 3), department(3, 2), department(4, 1)])
  const all = branches(odd, new Set([1, 2, 3, 4])).map((one) => one.department.id)
  expect([...new Set(all)].sort()).toEqual([1, 2, 3, 4])
  expect(all).toHaveLength(4)
})

test('the keys walk, open and close', () => {
  const shown = branches(tree, new Set([1]))
  expect(pressed(shown, 0, 'ArrowDown')).toEqual({ to: 1 })
  expect(pressed(shown, 3, 'ArrowDown')).toEqual({ to: 3 })
  expect(pressed(shown, 0, 'ArrowUp')).toEqual({ to: 0 })
  expect(pressed(shown, 0, 'End')).toEqual({ to: 3 })
  expect(pressed(shown, 0, 'ArrowRight')).toEqual({ to: 1 })
  expect(pressed(shown, 1, 'ArrowRight')).toEqual({ turn: 2 })
  expect(pressed(shown, 2, 'ArrowRight')).toEqual({})
  expect(pressed(shown, 2, 'ArrowLeft')).toEqual({ to: 0 })
  expect(pressed(shown, 0, 'ArrowLeft')).toEqual({ turn: 1 })
  expect(pressed(shown, 3, 'ArrowLeft')).toEqual({})
})
