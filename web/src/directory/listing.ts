/**
 * A list of people of which only some pages are here, and what becomes of it when the directory changes. Pure.
 *
 * What can be said at once is said at once (a new name, somebody gone); where the order may have changed the pages
 * are no longer fresh, and those on the screen are asked for again. Until then the old rows stay: nobody loses his
 * place.
 */
import type { Row } from './types'

export type Query =
  | { readonly of: 'everybody' }
  | { readonly of: 'department'; readonly department: number; readonly below: boolean }
  | { readonly of: 'group'; readonly group: number }
  | { readonly of: 'favourites' }
  | { readonly of: 'found'; readonly text: string }

export interface Listing {
  readonly query: Query
  /** Null: not yet told. */
  readonly total: number | null
  /** As long as `total`, with holes. */
  readonly rows: readonly (Row | undefined)[]
  /** The `rev` at which each page that is fresh was told. */
  readonly fresh: ReadonlyMap<number, number>
  /** The newest `rev` that was told. */
  readonly rev: number
}

/** What a page's answer tells. */
export interface Told {
  readonly rev?: number
  readonly total: number
  readonly from: number
  readonly people: readonly Row[]
}

export interface Change {
  readonly rev: number
  readonly people?: readonly Row[]
  readonly gone?: readonly number[]
}

export function listingOf(query: Query): Listing {
  return { query, total: null, rows: [], fresh: new Map(), rev: 0 }
}

export function pageSize(query: Query): number {
  return query.of === 'found' ? 50 : 100
}

export function sameQuery(a: Query, b: Query): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** The pages that are needed to show the rows from `from` up to `to`. */
export function missing(listing: Listing, from: number, to: number): number[] {
  const size = pageSize(listing.query)
  // In an empty list somebody may be by now.
  if (!listing.total) return listing.fresh.has(0) ? [] : [0]
  const page = (row: number) => Math.floor(Math.min(Math.max(0, row), listing.total! - 1) / size)
  const needed = Array.from({ length: page(to - 1) - page(from) + 1 }, (_, at) => page(from) + at)
  return needed.filter((one) => !listing.fresh.has(one))
}

export function withPage(listing: Listing, told: Told): Listing {
  const size = pageSize(listing.query)
  const page = told.from / size
  const rev = told.rev ?? listing.rev
  if (rev < (listing.fresh.get(page) ?? 0)) return listing
  const rows = listing.rows.slice(0, told.total)
  rows.length = told.total
  for (let at = 0; at < size && told.from + at < told.total; at++) rows[told.from + at] = told.people[at]
  // Rows that have come to another place stand here twice until their old page is read again.
  const ids = new Set(told.people.map((one) => one.id))
  const moved = rows.some((row, at) => row && ids.has(row.id) && Math.floor(at / size) !== page)
  const kept = moved || (listing.total !== null && listing.total !== told.total) ? [] : listing.fresh
  const cleaned = moved ? rows.map((row, at) => (row && ids.has(row.id) && Math.floor(at / size) !== page ? undefined : row)) : rows
  return {
    ...listing,
    total: told.total,
    rows: cleaned,
    fresh: new Map([...kept, [page, rev]]),
    rev: Math.max(rev, listing.rev),
  }
}

/** `inside`: whether somebody belongs into this list now, as far as one can tell from his row. */
export function withChange(listing: Listing, change: Change, inside: (row: Row) => boolean): Listing {
  if (listing.total === null) return listing
  const gone = new Set(change.gone)
  let rows = listing.rows
  let settled = true
  for (const row of change.people ?? []) {
    const at = rows.findIndex((one) => one?.id === row.id)
    const before = rows[at]
    if (!before) settled &&= !inside(row)
    else if ((before.rev ?? 0) >= (row.rev ?? change.rev)) continue
    else if (!inside(row)) gone.add(row.id)
    else {
      rows = rows.with(at, merged(before, row))
      settled &&= before.sort === row.sort && !veiled(before, row)
    }
  }
  const left = without(rows, gone)
  if (left.length < rows.length) return stale({ ...listing, rows: left, total: left.length })
  const next = rows === listing.rows ? listing : { ...listing, rows }
  return settled ? next : stale(next)
}

/** Nothing is fresh; the rows stay until they are told anew. */
export function stale(listing: Listing): Listing {
  return listing.fresh.size ? { ...listing, fresh: new Map() } : listing
}

/** Where somebody stands now; -1 when he is not here. */
export function placeOf(listing: Listing, id: number): number {
  return listing.rows.findIndex((row) => row?.id === id)
}

/** `filter` alone would close the holes, which stand for people too. */
function without(rows: readonly (Row | undefined)[], gone: ReadonlySet<number>): (Row | undefined)[] {
  return Array.from(rows).filter((row) => !row || !gone.has(row.id))
}

/** What not everybody may see of each other, as the company has it. */
const VEILED = ['post', 'extension_number', 'phone_number', 'company_mobile_number', 'mobile_number', 'email1'] as const

/** An event tells only what everybody may see: what is missing in it may be blank now, or only not for everybody. */
function veiled(before: Row, now: Row): boolean {
  return VEILED.some((field) => before[field] && !now[field])
}

function merged(before: Row, now: Row): Row {
  const kept = VEILED.filter((field) => before[field] && !now[field]).map((field) => [field, before[field]])
  return { ...Object.fromEntries(kept), ...now, ...(before.hit ? { hit: before.hit } : {}) }
}
