import { expect, test } from 'vitest'

import { KEPT_MS, merged, PLACE_HOLDS_MS, restored, sayable, type Waiting, without, withWaiting } from './waiting'

const one = (incident: number, client_id: string, at = 1_000): Waiting => ({ incident, client_id, at, said: { self: 'safe' } })

test('of each check the newest waits', () => {
  const all = withWaiting(withWaiting(withWaiting([], one(1, 'a')), one(2, 'b')), one(1, 'c'))
  expect(all.map((waiting) => waiting.client_id)).toEqual(['b', 'c'])
})

test('what has arrived waits no longer; a newer answer stays', () => {
  const all = withWaiting([one(2, 'b')], one(1, 'c'))
  expect(without(all, 'a')).toEqual(all)
  expect(without(all, 'c')).toEqual([one(2, 'b')])
})

test('only what is an answer comes back, and none that is days old', () => {
  const now = 1_000 + KEPT_MS
  expect(restored([one(1, 'a'), one(2, 'b', 1_001)], now)).toEqual([one(2, 'b', 1_001)])
  expect(restored([{}, null, 3, { incident: 1 }, { ...one(1, 'a'), said: { self: 'dead' } }], 0)).toEqual([])
  expect(restored('?', 0)).toEqual([])
})

test('two windows hold the newest of each check between them', () => {
  expect(merged([one(1, 'a', 5), one(2, 'b', 3)], [one(1, 'c', 9), one(1, 'd', 7)])).toEqual([one(2, 'b', 3), one(1, 'c', 9)])
})

test('where somebody was is told while it holds', () => {
  const located: Waiting = { ...one(1, 'a', 0), said: { self: 'safe', location: { lat: 35, lon: 139 } } }
  expect(sayable(located, PLACE_HOLDS_MS - 1)).toEqual(located.said)
  expect(sayable(located, PLACE_HOLDS_MS)).toEqual({ self: 'safe' })
})
