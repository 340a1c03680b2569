/** Months, days, sizes and what to tell of a segment. */
import { day } from '../../lib/time'
import type { Language } from '../../lib/wire'
import type { Segment, Wanted } from './shapes'

/** 2027-04 → 2027年4月, April 2027 */
export function monthName(language: Language, month: string): string {
  const [year, number] = month.split('-').map(Number) as [number, number]
  if (language === 'ja') return `${year}年${number}月`
  return new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric' }).format(new Date(year, number - 1))
}

/** 2027-04-15 → 2027/04/15(木). The day is the company's: no clock of this browser moves it. */
export function dayName(language: Language, date: string): string {
  return day(language, new Date(`${date}T12:00`).getTime())
}

export type Mark = 'good' | 'bad' | 'none' | 'gone'

/** What the verification of a segment came to. */
export function markOf(segment: Pick<Segment, 'state' | 'verdict'>): Mark {
  if (segment.state === 'expired') return 'gone'
  if (!segment.verdict) return 'none'
  return segment.verdict === 'ok' ? 'good' : 'bad'
}

/** A SHA-256 in groups of eight, to be read aloud and written down. */
export function grouped(hash: string): string {
  return hash.replace(/(.{8})(?=.)/g, '$1 ')
}

export interface Conditions {
  from: string
  to: string
  rooms: readonly number[]
  people: readonly number[]
}

/** What is not chosen is not asked for: then it is everything. */
export function wantedOf({ from, to, rooms, people }: Conditions): Wanted {
  return {
    ...(from ? { from } : {}),
    ...(to ? { to } : {}),
    ...(rooms.length ? { rooms: [...rooms] } : {}),
    ...(people.length ? { people: [...people] } : {}),
  }
}
