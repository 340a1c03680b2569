/**
 * Files share a document: what a test kept in storage, what it set going, and what it put in the place of globals and
 * of the clock ends with it, or it speaks in the next one, seconds later. Vitest reads this before each file.
 */
import { afterEach, beforeEach, vi } from 'vitest'

type Timers = Pick<typeof globalThis, 'setTimeout' | 'setInterval' | 'clearTimeout'>

const going = new Set<ReturnType<typeof setTimeout>>()
const real: Timers = ((globalThis as { realTimers?: Timers }).realTimers ??= { setTimeout, setInterval, clearTimeout })

globalThis.setTimeout = watched(real.setTimeout)
globalThis.setInterval = watched(real.setInterval)

function watched<Set extends (...given: any[]) => ReturnType<typeof setTimeout>>(set: Set): Set {
  return ((...given: Parameters<Set>) => {
    const timer = set(...given)
    going.add(timer)
    return timer
  }) as Set
}

beforeEach(() => {
  localStorage.clear()
  sessionStorage.clear()
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  for (const timer of going) real.clearTimeout(timer)
  going.clear()
})
