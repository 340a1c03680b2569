import { expect, test } from 'vitest'

import { dayName, grouped, markOf, monthName, wantedOf } from './format'
import type { Segment } from './shapes'

test('months and days are named as the company has them, whatever the clock of the browser', () => {
  expect([monthName('ja', '2027-04'), monthName('en', '2027-04')]).toEqual(['2027年4月', 'April 2027'])
  expect([dayName('ja', '2027-04-15'), dayName('en', '2028-02-29')]).toEqual(['2027/04/15(木)', 'Tue, 29 Feb 2028'])
})

test('a segment is good, bad, not looked at yet, or gone', () => {
  const segments: Pick<Segment, 'state' | 'verdict'>[] = [
    { state: 'stored', verdict: 'ok' },
    { state: 'stored', verdict: 'hash' },
    { state: 'closed' },
    { state: 'expired', verdict: 'ok' },
  ]
  expect(segments.map(markOf)).toEqual(['good', 'bad', 'none', 'gone'])
})

test('a hash is cut into groups and nothing of it is lost', () => {
  const hash = '0123456789abcdef'.repeat(4)
  expect(grouped(hash).split(' ')).toHaveLength(8)
  expect(grouped(hash).replaceAll(' ', '')).toBe(hash)
})

test('what is not chosen is not asked for', () => {
  expect(wantedOf({ from: '', to: '', rooms: [], people: [] })).toEqual({})
  expect(wantedOf({ from: '2027-02-15', to: '2027-04-15', rooms: [], people: [7, 8] })).toEqual({
    from: '2027-02-15',
    to: '2027-04-15',
    people: [7, 8],
  })
})
