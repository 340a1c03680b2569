import { describe, expect, test } from 'vitest'

import type { Presence } from '../lib/wire'
import { asSeen, type Choice, type Known, shownAs, watched, withList, withSeen } from './presence'

const told = (people: Presence[], ref?: number) => ({ is: 'presence' as const, people, ...(ref === undefined ? {} : { ref }) })
const held: Known = new Map<number, Presence>([
  [1, { id: 1, state: 'in' }],
  [2, { id: 2, state: 'away' }],
])

describe('what is known', () => {
  test('an answer takes the place of everything that was known', () => {
    expect([...withList(held, told([{ id: 3, state: 'in' }], 7)).keys()]).toEqual([3])
  })

  test('what comes unasked changes only those it names', () => {
    const known = withList(held, told([{ id: 2, state: 'out', until: 5 }]))
    expect(known.get(1)).toEqual({ id: 1, state: 'in' })
    expect(known.get(2)).toEqual({ id: 2, state: 'out', until: 5 })
  })

  test('of who is at no device nothing is shown', () => {
    expect(withList(held, told([{ id: 1, state: 'off' }])).has(1)).toBe(false)
    expect(withList(held, told([{ id: 1, state: 'off' }], 7)).size).toBe(0)
  })
})

describe('whom to watch', () => {
  test('each once, in an order that does not change', () => {
    expect(watched([9, 3, 9, 1])).toEqual([1, 3, 9])
  })

  test('no more than the server takes', () => {
    expect(watched(Array.from({ length: 1000 }, (_, id) => id))).toHaveLength(300)
  })
})

describe('oneself', () => {
  const out: Choice = { state: 'out', until: 9 }
  const away: Choice = { state: 'away', until: 0 }

  test('follows what was chosen on another device', () => {
    expect(withSeen(asSeen, { id: 1, state: 'out', until: 9 })).toEqual(out)
    expect(withSeen(asSeen, { id: 1, state: 'out' })).toEqual({ state: 'out', until: 0 })
    expect(withSeen(away, { id: 1, state: 'in' })).toEqual(asSeen)
  })

  test('an idle device is no choice, and no choice is forgotten over it', () => {
    expect(withSeen(asSeen, { id: 1, state: 'away' })).toEqual(asSeen)
    expect(withSeen(away, { id: 1, state: 'away' })).toEqual(away)
    expect(withSeen(out, { id: 1, state: 'off' })).toEqual(out)
  })

  test('who is back is not out any more, though nobody is at the device', () => {
    expect(withSeen(out, { id: 1, state: 'away' })).toEqual(asSeen)
  })

  test.each([
    [asSeen, false, { state: 'in' }],
    [asSeen, true, { state: 'away' }],
    [away, false, { state: 'away' }],
    [out, true, { state: 'out', until: 9 }],
  ] as const)('%o with idle %s is shown as %o', (choice, idle, shown) => {
    expect(shownAs(choice, idle)).toEqual(shown)
  })
})
