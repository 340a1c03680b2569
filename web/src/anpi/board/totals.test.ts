import { expect, test } from 'vitest'

import { answered, counts, linesOf, openAtFirst, partsOf, percent, shadeOf, urgent } from './totals'

const department = (id: number, parent = 0, asked = 1) => ({ id, parent, name: `D${id}`, own: {}, all: { asked, unanswered: asked } })

test('what the server leaves out is 0', () => {
  expect(counts({ asked: 3 })).toMatchObject({ asked: 3, unanswered: 0, help: 0 })
  expect(counts(undefined).asked).toBe(0)
})

test('100 % are all, 0 % is nobody', () => {
  const of = (answers: number, asked = 1000) => percent({ asked, unanswered: asked - answers })
  expect([of(999), of(1), of(1000), of(0), percent({})]).toEqual([99, 1, 100, 0, 0])
  expect(answered({ asked: 10, unanswered: 3 })).toBe(7)
})

test('a bar is as long as all its parts, and help is no part of its own', () => {
  expect(partsOf({ asked: 8, safe: 4, major: 1, unanswered: 3, help: 2 }).map((one) => [one.state, one.count, one.from, one.share])).toEqual([
    ['safe', 4, 0, 50],
    ['major', 1, 50, 12.5],
    ['unanswered', 3, 62.5, 37.5],
  ])
  expect(partsOf({})).toEqual([])
})

test('the tree shows what is open, in the order it came, and loses nobody', () => {
  const all = [department(1), department(4), department(2, 1), department(3, 2), department(9, 77), department(0)]
  expect(linesOf(all, new Set()).map((one) => [one.id, one.level, one.open])).toEqual([
    [1, 1, false],
    [4, 1, null],
    [9, 1, null],
    [0, 1, null],
  ])
  expect(linesOf(all, new Set([1, 2])).map((one) => [one.id, one.level])).toEqual([[1, 1], [2, 2], [3, 3], [4, 1], [9, 1], [0, 1]])
})

test('one department on top is open at first, several are not', () => {
  expect(openAtFirst([department(1), department(2, 1), department(0)])).toEqual(new Set([1]))
  expect(openAtFirst([department(1), department(2, 1), department(3), department(4, 3)])).toEqual(new Set())
})

test('the shade grows with the share; nobody asked has one of its own', () => {
  expect([undefined, {}].map(shadeOf)).toEqual(['nobody', 'nobody'])
  expect([0, 1, 24, 25, 60, 99, 100].map((safe) => shadeOf({ asked: 100, safe, unanswered: 100 - safe }))).toEqual([0, 1, 1, 2, 3, 4, 5])
})

test('a cry for help is seen, a light injury is not one; who is both counts once', () => {
  expect([{ minor: 3 }, { help: 1 }, { other: 1 }, { major: 2, help: 1 }, undefined].map(urgent)).toEqual([0, 1, 1, 2, 0])
})
