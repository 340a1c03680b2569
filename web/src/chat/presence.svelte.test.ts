import { beforeEach, expect, test, vi } from 'vitest'

import { IDLE_AFTER_MS } from '../lib/idle'
import { FakeLine } from '../testing/line'
import { Presences } from './presence.svelte'

let line: FakeLine
let presence: Presences

beforeEach(() => {
  vi.useFakeTimers()
  line = new FakeLine()
  presence = new Presences(line)
})

const watching = (...people: number[]) => [{ do: 'presence.watch', people }]

test('who comes on the screen in one moment is asked for at once, and each person once', () => {
  for (const person of [5, 2, 5]) presence.show(person)
  expect(line.take()).toEqual([])
  vi.advanceTimersByTime(300)
  expect(line.take()).toEqual(watching(2, 5))
})

test('who is still shown in another place stays watched', () => {
  const leave = presence.show(5)
  presence.show(5)
  presence.show(2)
  vi.advanceTimersByTime(300)
  line.take()
  leave()
  vi.advanceTimersByTime(300)
  expect(line.take()).toEqual([])
})

test('who has left the screen is watched no longer', () => {
  const leave = presence.show(5)
  presence.show(2)
  vi.advanceTimersByTime(300)
  line.take()
  leave()
  vi.advanceTimersByTime(300)
  expect(line.take()).toEqual(watching(2))
})

test('a new line is told everything again', () => {
  presence.show(5)
  vi.advanceTimersByTime(300)
  line.take()
  presence.opened()
  vi.advanceTimersByTime(300)
  expect(line.take()).toEqual(watching(5))
})

test('without a line nothing is asked until there is one', () => {
  line.open = false
  presence.show(5)
  vi.advanceTimersByTime(300)
  expect(line.take()).toEqual([])
  line.open = true
  presence.opened()
  vi.advanceTimersByTime(300)
  expect(line.take()).toEqual(watching(5))
})

test('five minutes without a touch are told, the first touch too, and a new line hears of it', () => {
  const stop = presence.start()
  vi.advanceTimersByTime(IDLE_AFTER_MS - 1000)
  dispatchEvent(new Event('keydown'))
  vi.advanceTimersByTime(IDLE_AFTER_MS - 1000)
  expect(line.take()).toEqual([])
  vi.advanceTimersByTime(1000)
  expect(line.take()).toEqual([{ do: 'presence.idle', idle: true }])
  expect(presence.mine.state).toBe('away')
  presence.opened()
  expect(line.take()).toEqual([{ do: 'presence.idle', idle: true }])
  dispatchEvent(new Event('pointermove'))
  expect(line.take()).toEqual([{ do: 'presence.idle', idle: false }])
  expect(presence.mine.state).toBe('in')
  stop()
})

test('a choice shows when the server has it, and not when it was refused', async () => {
  await presence.choose({ state: 'out', until: 99 })
  expect(line.take()).toEqual([{ do: 'presence.choose', state: 'out', until: 99 }])
  expect(presence.mine).toEqual({ id: 1, state: 'out', until: 99 })
  line.refuses = true
  await expect(presence.choose({ state: 'away', until: 0 })).rejects.toThrow()
  expect(presence.choice.state).toBe('out')
})
