import { expect, test } from 'vitest'

import { type Listing, listingOf, missing, placeOf, type Query, stale, withChange, withPage } from './listing'
import type { Row } from './types'

const EVERYBODY: Query = { of: 'everybody' }
const row = (id: number, more: Partial<Row> = {}): Row => ({ id, name: `人${id}`, sort: `~ ${id}`, rev: 5, ...more })
const people = (from: number, count: number) => Array.from({ length: count }, (_, at) => row(from + at))
const all = () => true

function told(listing: Listing, from: number, total: number, rev = 7): Listing {
  return withPage(listing, { rev, total, from, people: people(from, Math.min(100, total - from)) })
}
const ids = (listing: Listing) => Array.from(listing.rows, (one) => one?.id)

test('a list that is not told yet wants its first page, then only what is on the screen', () => {
  const empty = listingOf(EVERYBODY)
  expect(missing(empty, 0, 20)).toEqual([0])
  const first = told(empty, 0, 10_000)
  expect(first.rows).toHaveLength(10_000)
  expect(missing(first, 0, 20)).toEqual([])
  expect(missing(first, 90, 120)).toEqual([1])
  expect(missing(first, 9_990, 10_020)).toEqual([99])
  expect(missing(told(first, 9_900, 10_000), 9_990, 10_020)).toEqual([])
})

test('an empty list wants nothing more', () => {
  const none = withPage(listingOf(EVERYBODY), { rev: 1, total: 0, from: 0, people: [] })
  expect([none.total, missing(none, 0, 20)]).toEqual([0, []])
  expect(missing(withChange(none, { rev: 8, people: [row(1)] }, all), 0, 20)).toEqual([0])
})

test('a list that has become shorter than where one reads wants its end', () => {
  const list = told(told(listingOf(EVERYBODY), 0, 300), 200, 300)
  expect(missing(stale(list), 500, 520)).toEqual([2])
})

test('a page that is older than what is here changes nothing', () => {
  const now = told(listingOf(EVERYBODY), 0, 3, 9)
  expect(withPage(now, { rev: 8, total: 3, from: 0, people: [row(1), row(2), row(3)] })).toBe(now)
})

test('when there are more people than before, the other pages are read again', () => {
  const two = told(told(listingOf(EVERYBODY), 0, 200), 100, 200)
  const grown = told(two, 0, 201, 8)
  expect(missing(grown, 0, 200)).toEqual([1])
  expect(grown.rows).toHaveLength(201)
})

test('nobody stands in two places', () => {
  const two = told(told(listingOf(EVERYBODY), 0, 200), 100, 200)
  const moved = withPage(two, { rev: 8, total: 200, from: 100, people: [row(5), ...people(100, 99)] })
  expect(ids(moved).filter((id) => id === 5)).toEqual([5])
  expect(missing(moved, 0, 200)).toEqual([0])
})

test('a changed row is shown at once, and nothing is asked for it', () => {
  const list = told(listingOf(EVERYBODY), 0, 3)
  const changed = withChange(list, { rev: 8, people: [row(1, { title: '課長', rev: 8 })] }, all)
  expect(changed.rows[1]).toMatchObject({ id: 1, title: '課長' })
  expect(missing(changed, 0, 3)).toEqual([])
})

test('what an event tells that is here already changes nothing', () => {
  const list = told(listingOf(EVERYBODY), 0, 3, 9)
  expect(withChange(list, { rev: 9, people: [row(1, { name: '古い名', rev: 5 })] }, all)).toBe(list)
})

test('another name may stand elsewhere: shown at once, and read again', () => {
  const list = told(listingOf(EVERYBODY), 0, 3)
  const changed = withChange(list, { rev: 8, people: [row(1, { name: '新しい名', sort: '~ 9', rev: 8 })] }, all)
  expect(changed.rows[1]!.name).toBe('新しい名')
  expect(missing(changed, 0, 3)).toEqual([0])
})

test('a field that not everybody may see stays until it is read again', () => {
  const list = withPage(listingOf(EVERYBODY), { rev: 7, total: 1, from: 0, people: [row(1, { mobile_number: '090-1' })] })
  const changed = withChange(list, { rev: 8, people: [row(1, { rev: 8 })] }, all)
  expect(changed.rows[0]!.mobile_number).toBe('090-1')
  expect(missing(changed, 0, 1)).toEqual([0])
})

test('who is gone is gone at once, and who came is read', () => {
  const list = told(listingOf(EVERYBODY), 0, 3)
  const gone = withChange(list, { rev: 8, gone: [1] }, all)
  expect([ids(gone), gone.total, missing(gone, 0, 2)]).toEqual([[0, 2], 2, [0]])
  expect(missing(withChange(list, { rev: 8, people: [row(9, { rev: 8 })] }, all), 0, 3)).toEqual([0])
  expect(missing(withChange(list, { rev: 8, people: [row(9, { rev: 8 })] }, () => false), 0, 3)).toEqual([])
})

test('who left this department leaves its list', () => {
  const list = told(listingOf({ of: 'department', department: 4, below: false }), 0, 3)
  const left = withChange(list, { rev: 8, people: [row(2, { department: 5, rev: 8 })] }, (one) => one.department === 4)
  expect([ids(left), left.total]).toEqual([[0, 1], 2])
})

test('holes stay holes when somebody goes', () => {
  const list = told(listingOf(EVERYBODY), 0, 300)
  const gone = withChange(list, { rev: 8, gone: [5] }, all)
  expect([gone.total, gone.rows.length, placeOf(gone, 99), gone.rows[250]]).toEqual([299, 299, 98, undefined])
})

test('after a reload all is read again, and the rows stay meanwhile', () => {
  const list = stale(told(listingOf(EVERYBODY), 0, 3))
  expect([ids(list), missing(list, 0, 3)]).toEqual([[0, 1, 2], [0]])
})
