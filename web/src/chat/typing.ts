/** Who is writing in the open room. Pure: time comes in as an argument. */
import type { IsTyping } from '../lib/wire'

/** So long somebody counts as writing after he was last told of. */
export const LASTS_MS = 6_000

export interface Writer {
  readonly person: number
  readonly name: string
  readonly until: number
}

/** In the order in which they began. */
export type Typing = readonly Writer[]

export const nobody: Typing = []

export function withTyping(typing: Typing, event: IsTyping, now: number): Typing {
  const writer = { person: event.person, name: event.name, until: now + LASTS_MS }
  return typing.some((one) => one.person === event.person)
    ? typing.map((one) => (one.person === event.person ? writer : one))
    : [...typing, writer]
}

/** He has said it, or is gone. */
export function without(typing: Typing, person: number): Typing {
  return typing.some((one) => one.person === person) ? typing.filter((one) => one.person !== person) : typing
}

/** Those who still count at `now`. */
export function still(typing: Typing, now: number): Typing {
  return typing.every((one) => one.until > now) ? typing : typing.filter((one) => one.until > now)
}

/** When the next of them stops to count. */
export function nextEnd(typing: Typing): number {
  return Math.min(...typing.map((one) => one.until))
}
