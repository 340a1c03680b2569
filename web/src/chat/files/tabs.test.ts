import { afterEach, expect, test, vi } from 'vitest'

import { Tabs } from './tabs'

/** Windows of one browser: each hears the others, not itself. */
class Wire {
  static all: Wire[] = []
  onmessage: ((event: { data: unknown }) => void) | null = null
  constructor(readonly name: string) {
    Wire.all.push(this)
  }
  postMessage(data: unknown) {
    for (const other of Wire.all) if (other !== this && other.name === this.name) other.onmessage?.({ data })
  }
  close() {
    Wire.all = Wire.all.filter((one) => one !== this)
  }
}

/** What the browser keeps of locks: one after the other. */
class Locks {
  private last: Promise<unknown> = Promise.resolve()
  request(_name: string, _given: unknown, work: () => Promise<void>) {
    return (this.last = this.last.then(work))
  }
}

/** A window that takes what is free, as a page does that comes back. */
function comingBack(held: string[] = []) {
  const tabs = new Tabs(1, (ids) => ids.filter((id) => held.includes(id)))
  const done = tabs.inTurn(async () => void held.push(...(await tabs.free(['a', 'b']))))
  return { held, done }
}

function tab(account: number, ...held: string[]): Tabs {
  return new Tabs(account, (ids) => ids.filter((id) => held.includes(id)))
}

afterEach(() => {
  Wire.all = []
})

test('a window leaves alone what another one of the same account sends', async () => {
  vi.useFakeTimers()
  vi.stubGlobal('BroadcastChannel', Wire)
  const [mine] = [tab(1), tab(1, 'a'), tab(1, 'b'), tab(2, 'c')]
  const [one, two] = [mine!.free(['a', 'c', 'd']), mine!.free(['b', 'd'])]
  await vi.advanceTimersByTimeAsync(1_000)
  expect([await one, await two]).toEqual([new Set(['c', 'd']), new Set(['d'])])
})

test('what a closed window held is free', async () => {
  vi.useFakeTimers()
  vi.stubGlobal('BroadcastChannel', Wire)
  const [mine, other] = [tab(1), tab(1, 'a')]
  other!.close()
  const free = mine!.free(['a'])
  await vi.advanceTimersByTimeAsync(1_000)
  expect(await free).toEqual(new Set(['a']))
})

test('where windows cannot hear each other everything is free', async () => {
  vi.stubGlobal('BroadcastChannel', undefined)
  expect(await tab(1).free(['a'])).toEqual(new Set(['a']))
})

test.each([
  ['one after the other', () => new Locks()],
  ['by their numbers where there are no locks', () => undefined],
])('of windows that come back at once one takes a file: %s', async (_, locks) => {
  vi.useFakeTimers()
  vi.stubGlobal('BroadcastChannel', Wire)
  vi.stubGlobal('navigator', { locks: locks() })
  const windows = [comingBack(), comingBack(), comingBack()]
  await vi.advanceTimersByTimeAsync(2_000)
  await Promise.all(windows.map((one) => one.done))
  expect(windows.flatMap((one) => one.held).sort()).toEqual(['a', 'b'])
})

test('a window that lets go of no lock keeps nobody waiting for ever', async () => {
  vi.useFakeTimers()
  vi.stubGlobal('BroadcastChannel', Wire)
  const request = (_: string, { signal }: { signal: AbortSignal }) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  vi.stubGlobal('navigator', { locks: { request } })
  vi.stubGlobal('AbortSignal', { timeout: (ms: number) => aborted(ms) })
  const one = comingBack()
  await vi.advanceTimersByTimeAsync(6_000)
  await one.done
  expect(one.held).toEqual(['a', 'b'])
})

test('what goes wrong in a turn is told, and not done again', async () => {
  vi.stubGlobal('navigator', { locks: new Locks() })
  const work = vi.fn(async () => Promise.reject(new Error('the vault')))
  await expect(tab(1).inTurn(work)).rejects.toThrow('the vault')
  expect(work).toHaveBeenCalledTimes(1)
})

/** `AbortSignal.timeout` by the clock of the test. */
function aborted(ms: number): AbortSignal {
  const controller = new AbortController()
  setTimeout(() => controller.abort(), ms)
  return controller.signal
}
