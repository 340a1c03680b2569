/** An answer while it is being written: nothing is chosen beforehand, and only what is asked goes out. Pure. */
import { codePoints, normalised } from '../../lib/text'
import type { Check, Place, Questions, Said, Self } from './shapes'

export const WHERE_LIMIT = 200
export const COMMENT_LIMIT = 1000
export const OWN_LIMIT = 500

/** What a check asks besides how one is; what is not told is asked. */
export interface Asked extends Questions {
  readonly location?: boolean
}

export function askedBy(check: Check): Asked {
  return { ...check.questions, location: check.location ?? false }
}

/** Chosen where one would rather not say: blank, so that nothing of it goes out. */
export const NO_ANSWER = ' '

export type Part = 'help' | 'where' | 'family' | 'house' | 'work' | 'comment'

export function wants(asked: Asked, part: Part): boolean {
  return asked[part] !== false
}

export interface Draft {
  self: Self | ''
  help: boolean
  where: string
  family: string
  house: string
  work: string
  comment: string
  /** By the question's number, from "1". */
  own: Record<string, string>
  /** The location goes along only while this is ticked. */
  locate: boolean
}

/** With nothing chosen, also when one answers again: an answer tells how it is now. */
export function noDraft(): Draft {
  return { self: '', help: false, where: '', family: '', house: '', work: '', comment: '', own: {}, locate: false }
}

/** What still has to be answered: "self", "own1" …, in the order of the form. */
export function missing(draft: Draft, asked: Asked): string | null {
  if (!draft.self) return 'self'
  const at = (asked.own ?? []).findIndex((one, n) => one.required && !clean(draft.own[n + 1]))
  return at < 0 ? null : `own${at + 1}`
}

/** Which text is longer than it may be, and how long that is. */
export function tooLong(draft: Draft): [field: string, limit: number] | null {
  const texts: [string, string, number][] = [
    ['where', draft.where, WHERE_LIMIT],
    ['comment', draft.comment, COMMENT_LIMIT],
    ...Object.entries(draft.own).map(([number, text]): [string, string, number] => [`own${number}`, text, OWN_LIMIT]),
  ]
  const found = texts.find(([, text, limit]) => codePoints(clean(text)) > limit)
  return found ? [found[0], found[2]] : null
}

/** Whether a fault is shown beside its field: what the server names otherwise is said on its own. */
export function isShown(field: string): boolean {
  return /^(self|where|comment|own[1-5])$/.test(field)
}

/** What goes out: without blanks, and without what this check does not ask. */
export function saidOf(draft: Draft, asked: Asked, place: Place | null = null): Said {
  const own = Object.fromEntries(
    Object.entries(draft.own)
      .map(([number, text]) => [number, clean(text)] as const)
      .filter(([number, text]) => text && Number(number) <= (asked.own?.length ?? 0)),
  )
  const text = (part: 'where' | 'comment') => (wants(asked, part) && clean(draft[part]) ? { [part]: clean(draft[part]) } : {})
  const choice = (part: 'family' | 'house' | 'work') => (wants(asked, part) && clean(draft[part]) ? { [part]: draft[part] } : {})
  return {
    self: draft.self as Self,
    ...(wants(asked, 'help') && draft.help ? { help: true } : {}),
    ...text('where'),
    ...choice('family'),
    ...choice('house'),
    ...choice('work'),
    ...text('comment'),
    ...(Object.keys(own).length ? { own } : {}),
    ...(asked.location && draft.locate && place ? { location: place } : {}),
  }
}

/** A question or a choice in the language of the reader; what is written in Japanese only stays as it is. */
export function inLanguage(text: string | { ja?: string; en?: string }, language: string): string {
  if (typeof text === 'string') return text
  return (language === 'en' && text.en) || text.ja || text.en || ''
}

function clean(text: string | undefined): string {
  return normalised(text ?? '').trim()
}
