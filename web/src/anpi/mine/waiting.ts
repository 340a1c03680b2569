/**
 * Answers that were given without a line: kept in this browser until the server has them, one for each check, the
 * newest. They go out under the number they were given, so that one which had arrived after all stays one. Pure.
 */
import type { Said } from './shapes'

export interface Waiting {
  readonly incident: number
  readonly client_id: string
  /** When it was written. */
  readonly at: number
  readonly said: Said
}

/** Longer than this nobody waits for a line: what somebody said so long ago is no answer to how he is. */
export const KEPT_MS = 3 * 24 * 3_600_000

/** A location is told as the present one this long. */
export const PLACE_HOLDS_MS = 30 * 60_000

export function withWaiting(all: readonly Waiting[], one: Waiting): Waiting[] {
  return [...all.filter((other) => other.incident !== one.incident), one]
}

/** What two windows of one person hold, as one: of each check the newest. */
export function merged(some: readonly Waiting[], others: readonly Waiting[]): Waiting[] {
  const newest = new Map<number, Waiting>()
  for (const one of [...some, ...others]) {
    const known = newest.get(one.incident)
    if (!known || one.at > known.at) newest.set(one.incident, one)
  }
  return [...newest.values()].toSorted((a, b) => a.at - b.at)
}

/** What is sent of it now: where somebody was long ago is not where he is. */
export function sayable({ said, at }: Waiting, now: number): Said {
  if (now - at < PLACE_HOLDS_MS) return said
  const { location: _, ...rest } = said
  return rest
}

/** The server has it, or will not have it. A newer one to the same check stays. */
export function without(all: readonly Waiting[], clientId: string): Waiting[] {
  return all.filter((one) => one.client_id !== clientId)
}

/** What was kept over a reload: strangers' hands and an older version may have written it. */
export function restored(kept: unknown, now: number): Waiting[] {
  if (!Array.isArray(kept)) return []
  return kept.filter(isWaiting).filter((one) => now - one.at < KEPT_MS)
}

function isWaiting(one: any): one is Waiting {
  return (
    Number.isSafeInteger(one?.incident) &&
    typeof one.client_id === 'string' &&
    Number.isFinite(one.at) &&
    ['safe', 'minor', 'major', 'other'].includes(one.said?.self)
  )
}
