/** One's own open checks. Pure. */
import type { Check } from './shapes'

/** What waits for an answer of the person: real ones before drills, the newest first. */
export function asking(open: readonly Check[], waiting: ReadonlySet<number>): Check[] {
  return open.filter((one) => !one.answer && !one.closed && !waiting.has(one.id)).toSorted(inOrder)
}

/** Real ones before drills, the newest first. */
export function inOrder(a: Check, b: Check): number {
  return Number(a.drill ?? false) - Number(b.drill ?? false) || b.asked_at - a.asked_at || b.id - a.id
}

/** A number that one can dial, as it stands in the sentence of the company. */
export function dialled(emergency: string): string {
  return /[\d０-９]/.test(emergency) ? emergency : ''
}
