/** The badges of the people on the screen. Pure. */
import type { StatusRow } from './types'

/** The server tells no more of them at once. */
export const ASKED = 300

/** What a badge can say; 要支援 where the company tells no more of an injury. */
export type Badge = 'unanswered' | 'safe' | 'minor' | 'major' | 'other' | 'support'

const BADGES: readonly string[] = ['unanswered', 'safe', 'minor', 'major', 'other', 'support'] satisfies Badge[]

/** Null for a state of a newer server: it is shown as it is. */
export function badgeOf(state: string | undefined): Badge | null {
  return BADGES.includes(state ?? '') ? (state as Badge) : null
}

export interface Badges {
  readonly rev: number
  readonly byId: ReadonlyMap<number, StatusRow>
  /** More has changed than was told: to be asked anew. */
  readonly stale: boolean
}

export const noBadges: Badges = { rev: 0, byId: new Map(), stale: false }

/** The answer for `asked`: who is not in it has none. */
export function withAnswer(badges: Badges, asked: readonly number[], rev: number, rows: readonly StatusRow[]): Badges {
  const byId = new Map(badges.byId)
  for (const id of asked) byId.delete(id)
  return { rev: Math.max(rev, badges.rev), byId: withRows(byId, rows), stale: false }
}

/** All that changed after `from`. */
export function withEvent(badges: Badges, from: number, rev: number, rows: readonly StatusRow[]): Badges {
  if (rev <= badges.rev) return badges
  return { rev, byId: withRows(new Map(badges.byId), rows), stale: badges.stale || from > badges.rev }
}

function withRows(byId: Map<number, StatusRow>, rows: readonly StatusRow[]): Map<number, StatusRow> {
  for (const row of rows) {
    if (row.state) byId.set(row.id, row)
    else byId.delete(row.id)
  }
  return byId
}
