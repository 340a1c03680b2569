import { expect, test } from 'vitest'

import { asking } from './checks'
import type { Check } from './shapes'

const check = (id: number, more: Partial<Check> = {}): Check => ({ id, title: `T${id}`, message: '', cause: 'other', asked_at: id, questions: {}, ...more })
const answer = { id: 1, at: 1, channel: 'mail' as const, self: 'safe' as const }

test('what is open and not answered asks, the real one before the drill, the newest first', () => {
  const open = [check(1), check(5, { drill: true }), check(3), check(4, { answer }), check(6, { closed: true })]
  expect(asking(open, new Set()).map((one) => one.id)).toEqual([3, 1, 5])
})

test('what was answered without a line asks no more', () => {
  expect(asking([check(1), check(2)], new Set([2])).map((one) => one.id)).toEqual([1])
})
