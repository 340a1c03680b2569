import { expect, test } from 'vitest'

import { answeredNow, claimedAt, silent, withClaim, withPage } from './rows'

const person = (id: number) => ({ id, name: `P${id}`, login_id: `p${id}` })

test('who has answered is silent no more, and who takes care of the others is told', () => {
  const people = [person(1), { ...person(2), claimed_by: 9, claimed_name: '森', claimed_until: 5 }, person(3)]
  const rows = [{ id: 1, self: 'safe' }, { id: 2 }, { id: 3, claimed_by: 8, claimed_name: '佐野', claimed_until: 7 }]
  expect(silent(people, rows)).toEqual([person(2), { ...person(3), claimed_by: 8, claimed_name: '佐野', claimed_until: 7 }])
})

test('taking care ends by itself', () => {
  const one = withClaim(person(1), { claimed_by: 3, claimed_name: 'A', claimed_until: 100 })
  expect([claimedAt(one, 99), claimedAt(one, 100), claimedAt(person(1) as object, 0)]).toEqual([true, false, false])
})

test('a newer answer stands at once; an older one, and one that is known, change nothing', () => {
  const known = { ...person(1), answer: { id: 4, at: 10, channel: 'mail' as const, incident: 1, self: 'safe' as const, help: true, comment: 'x' } }
  expect(answeredNow([known], [{ id: 1, self: 'minor', at: 20 }])[0]!.answer).toEqual({ id: 4, at: 20, channel: 'mail', incident: 1, self: 'minor', comment: 'x' })
  expect(answeredNow([known], [{ id: 1, self: 'minor', at: 10 }])[0]).toBe(known)
  expect(answeredNow([known], [{ id: 1 }])[0]).toBe(known)
  expect(answeredNow([person(2)], [{ id: 2, self: 'safe', at: 3, work: 'home' }])[0]!.answer).toMatchObject({ self: 'safe', at: 3, work: 'home' })
})

test('nobody stands twice in a list', () => {
  expect(withPage([person(1), person(2)], [person(2), person(3)]).map((one) => one.id)).toEqual([1, 2, 3])
})
