/** Dates and times as people of this company write them: 2027/04/01(木) 9:05, 24 hours in both languages. */
import type { Language } from './wire'

type Options = Intl.DateTimeFormatOptions

const cache = new Map<string, Intl.DateTimeFormat>()

// Making a formatter costs about a thousand times as much as using one.
function format(language: Language, options: Options): Intl.DateTimeFormat {
  const key = language + JSON.stringify(options)
  const made = cache.get(key) ?? new Intl.DateTimeFormat(language === 'ja' ? 'ja-JP' : 'en-GB', options)
  cache.set(key, made)
  return made
}

/** 9:05 */
export function time(at: number): string {
  const when = new Date(at)
  return `${when.getHours()}:${two(when.getMinutes())}`
}

/** 2027/04/01(木), in English Thu, 1 Apr 2027 */
export function day(language: Language, at: number): string {
  if (language === 'en') {
    return format('en', { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' }).format(at)
  }
  return `${date(at)}(${'日月火水木金土'[new Date(at).getDay()]})`
}

/** 2027/04/01(木) 9:05 */
export function dayTime(language: Language, at: number): string {
  return `${day(language, at)} ${time(at)}`
}

/** As short as it can be told apart: today the time, this year the day, else the date. */
export function short(language: Language, at: number, now: number, yesterday: string): string {
  const days = dayNumber(now) - dayNumber(at)
  if (days <= 0) return time(at)
  if (days === 1) return yesterday
  const when = new Date(at)
  if (when.getFullYear() !== new Date(now).getFullYear()) return date(at)
  if (language === 'ja') return `${when.getMonth() + 1}/${when.getDate()}`
  return format('en', { day: 'numeric', month: 'short' }).format(at)
}

/** When something ends, as short as it can be told: today the time, later the day too. */
export function until(language: Language, at: number, now: number): string {
  if (dayNumber(at) === dayNumber(now)) return time(at)
  const when = new Date(at)
  const sameYear = when.getFullYear() === new Date(now).getFullYear()
  if (language === 'ja') return `${sameYear ? `${when.getMonth() + 1}/${when.getDate()}` : date(at)} ${time(at)}`
  return `${time(at)}, ${format('en', { day: 'numeric', month: 'short', ...(sameYear ? {} : { year: 'numeric' }) }).format(at)}`
}

/** The last minute of the local day. */
export function atDayEnd(at: number): number {
  return new Date(at).setHours(23, 59, 0, 0)
}

/** As `<input type="datetime-local">` writes a moment. */
export function toLocal(at: number): string {
  const when = new Date(at)
  const day = [when.getFullYear(), two(when.getMonth() + 1), two(when.getDate())].join('-')
  return `${day}T${two(when.getHours())}:${two(when.getMinutes())}`
}

/** NaN when it is no time. */
export function fromLocal(text: string): number {
  return new Date(text).getTime()
}

/** The number of the local day: equal for two moments of the same day. */
export function dayNumber(at: number): number {
  const when = new Date(at)
  return Math.round(Date.UTC(when.getFullYear(), when.getMonth(), when.getDate()) / 86_400_000)
}

export function count(language: Language, n: number): string {
  return new Intl.NumberFormat(language).format(n)
}

function date(at: number): string {
  const when = new Date(at)
  return `${when.getFullYear()}/${two(when.getMonth() + 1)}/${two(when.getDate())}`
}

function two(n: number): string {
  return String(n).padStart(2, '0')
}
