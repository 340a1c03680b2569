import { expect, test } from 'vitest'

import { badgeOf, noBadges, withAnswer, withEvent } from './statuses'

const row = (id: number, state = 'safe') => ({ id, state, since: 1, incident: 3 })

test('an answer is all there is of those who were asked for', () => {
  const first = withAnswer(noBadges, [1, 2], 5, [row(1), row(2, 'unanswered')])
  expect([...first.byId.keys()]).toEqual([1, 2])
  const second = withAnswer(first, [2, 3], 6, [row(3)])
  expect([...second.byId.keys()]).toEqual([1, 3])
})

test('an event changes what it tells, and a row without a state is a badge no more', () => {
  const known = withAnswer(noBadges, [1, 2], 5, [row(1), row(2)])
  const next = withEvent(known, 5, 6, [row(1, 'support'), { id: 2 }])
  expect([next.byId.get(1)?.state, next.byId.has(2), next.rev, next.stale]).toEqual(['support', false, 6, false])
})

test('an event that is known already changes nothing', () => {
  const known = withAnswer(noBadges, [1], 5, [row(1)])
  expect(withEvent(known, 3, 5, [{ id: 1 }])).toBe(known)
})

test('what was missed is asked for', () => {
  const known = withAnswer(noBadges, [1], 5, [row(1)])
  const missed = withEvent(known, 7, 8, [])
  expect(missed.stale).toBe(true)
  expect(withAnswer(missed, [1], 8, []).stale).toBe(false)
})

test('a badge says one of six things', () => {
  expect(['unanswered', 'safe', 'minor', 'major', 'other', 'support'].every((state) => badgeOf(state) === state)).toBe(true)
  expect([badgeOf(undefined), badgeOf('later')]).toEqual([null, null])
})
