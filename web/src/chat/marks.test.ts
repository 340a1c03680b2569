import { beforeEach, expect, test, vi } from 'vitest'

import { Marks } from './marks'

beforeEach(() => vi.useFakeTimers())

test('at most one in two seconds a channel, and the last one is never lost', async () => {
  const told: [number, number][] = []
  const marks = new Marks(async (channel, seq) => told.push([channel, seq]))
  for (let seq = 1; seq <= 30; seq++) {
    marks.report(12, seq)
    await vi.advanceTimersByTimeAsync(100)
  }
  await vi.advanceTimersByTimeAsync(3_000)
  expect(told.length).toBeLessThanOrEqual(3)
  expect(told.at(-1)).toEqual([12, 30])
})

test('never downward', async () => {
  const tell = vi.fn(async () => {})
  const marks = new Marks(tell)
  marks.report(12, 5)
  await vi.advanceTimersByTimeAsync(0)
  marks.report(12, 4)
  await vi.advanceTimersByTimeAsync(5_000)
  expect(tell).toHaveBeenCalledTimes(1)
})

test('what got lost with the line is told again after the next welcome', async () => {
  const tell = vi.fn(async () => {
    throw new Error('line lost')
  })
  const marks = new Marks(tell)
  marks.report(12, 5)
  await vi.advanceTimersByTimeAsync(0)
  marks.resume((channel) => (channel === 12 ? 3 : undefined))
  expect(tell).toHaveBeenCalledTimes(2)
  marks.resume(() => 5)
  expect(tell).toHaveBeenCalledTimes(2)
})
