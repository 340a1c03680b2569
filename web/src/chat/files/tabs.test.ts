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

function tab(account: number, ...held: string[]): Tabs {
  return new Tabs(account, (ids) => ids.filter((id) => held.includes(id)))
}

afterEach(() => {
  Wire.all = []
  vi.useRealTimers()
  vi.unstubAllGlobals()
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
