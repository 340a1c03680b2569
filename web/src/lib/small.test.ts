import { expect, test } from 'vitest'

import { backoff } from './backoff'
import { clientId } from './clientid'
import { hue, initial } from './initial'
import { parse } from './router.svelte'
import { atDayEnd, day, dayNumber, fromLocal, short, time, toLocal, until } from './time'

test('an address names a page, and anything else names none', () => {
  expect(parse('/directory')).toEqual({ name: 'directory', person: null })
  expect(parse('/directory/17')).toEqual({ name: 'directory', person: 17 })
  expect(parse('/groups')).toEqual({ name: 'groups', group: 0, person: null })
  expect(parse('/groups/3')).toEqual({ name: 'groups', group: 3, person: null })
  expect(parse('/groups/3/17/')).toEqual({ name: 'groups', group: 3, person: 17 })
  expect(parse('/settings/profile')).toEqual({ name: 'profile' })
  for (const path of ['/directory/x', '/directory/1/2', '/groups/x', '/groups/1/2/3', '/settings/x', '/groups/1/-2'])
    expect(parse(path)).toEqual({ name: 'lost' })
})

test('a client id is what the server takes, and sorts by its time', () => {
  const ids = [1, 2, 3].map((n) => clientId(1_800_000_000_000 + n))
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect([...ids].sort()).toEqual(ids)
  expect(new Set(Array.from({ length: 1000 }, () => clientId(5))).size).toBe(1000)
})

test('the wait grows to 30 s and is spread over its whole length', () => {
  expect(backoff(0, () => 1)).toBe(500)
  expect(backoff(99, () => 1)).toBe(30_000)
  expect(backoff(99, () => 0)).toBe(0)
})

test('dates and times as they are written here', () => {
  const at = new Date(2027, 3, 1, 9, 5).getTime()
  expect(day('ja', at)).toBe('2027/04/01(木)')
  expect(day('en', at)).toMatch(/Thu,? 1 Apr 2027/)
  expect(time(at)).toBe('9:05')
  expect(time(new Date(2027, 3, 1, 0, 0).getTime())).toBe('0:00')
})

test('when somebody returns is told as a time, and with the day when it is not today', () => {
  const now = new Date(2027, 3, 1, 9, 5).getTime()
  const at = new Date(2027, 3, 2, 15, 30).getTime()
  expect(until('ja', now + 60_000, now)).toBe('9:06')
  expect(until('ja', at, now)).toBe('4/2 15:30')
  expect(until('en', at, now)).toBe('15:30, 2 Apr')
  expect(until('ja', new Date(2028, 0, 2, 0, 5).getTime(), now)).toBe('2028/01/02 0:05')
  expect(until('ja', atDayEnd(now), now)).toBe('23:59')
})

test('a moment goes through a field for date and time unchanged', () => {
  const at = new Date(2027, 3, 1, 9, 5).getTime()
  expect(toLocal(at)).toBe('2027-04-01T09:05')
  expect(fromLocal(toLocal(at))).toBe(at)
  expect(fromLocal('')).toBeNaN()
})

test('a list tells a moment as briefly as it can', () => {
  const now = new Date(2027, 3, 2, 8, 0).getTime()
  expect(short('ja', new Date(2027, 3, 2, 7, 1).getTime(), now, '昨日')).toBe('7:01')
  expect(short('ja', new Date(2027, 3, 1, 23, 59).getTime(), now, '昨日')).toBe('昨日')
  expect(short('ja', new Date(2027, 0, 9).getTime(), now, '昨日')).toBe('1/9')
  expect(short('ja', new Date(2026, 11, 31).getTime(), now, '昨日')).toBe('2026/12/31')
  expect(dayNumber(now) - dayNumber(new Date(2027, 3, 1, 23, 59).getTime())).toBe(1)
})

test('a sign is the first letter as people see it', () => {
  expect(initial('山田 太郎')).toBe('山')
  expect(initial('𠮷野')).toBe('𠮷')
  expect(initial('葛󠄀城')).toBe('葛󠄀')
  expect(initial('john')).toBe('J')
  expect(initial('  ')).toBe('?')
  expect(hue(7)).toBe(hue(7))
})

test('addresses', () => {
  expect(parse('/')).toEqual({ name: 'home' })
  expect(parse('/talk/')).toEqual({ name: 'talk', channel: null })
  expect(parse('/talk/12')).toEqual({ name: 'talk', channel: 12 })
  expect(parse('/settings')).toEqual({ name: 'settings' })
  for (const path of ['/talk/x', '/talk/1/2', '/password', '/signout']) expect(parse(path).name).toBe('lost')
})
