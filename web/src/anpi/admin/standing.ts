/** How a safety check stands, in numbers: as it was read, or as it is told live. Pure. */
import type { Board } from '../shapes'
import type { IncidentRow } from './shapes'

export interface Standing {
  people: number
  sent: number
  failed: number
  /** Into a folder alone: it did not arrive. */
  written: number
  /** On its way. */
  waiting: number
  answered: number
  unanswered: number
}

export function standingOf(row: Pick<IncidentRow, 'progress'>): Standing {
  const { people = 0, answered = 0, sent = 0, failed = 0, written = 0, waiting = 0 } = row.progress ?? {}
  return { people, sent, failed, written, waiting, answered, unanswered: people - answered }
}

/** What is told live is newer than what was read. */
export function standingLive(row: Pick<IncidentRow, 'progress' | 'rev'>, board: Board | null): Standing {
  if (!board || board.rev < row.rev) return standingOf(row)
  const { asked = 0, unanswered = 0 } = board.totals
  const { reached = 0, failed = 0, none = 0, waiting = 0, written = 0 } = board.sending ?? {}
  return { people: asked, sent: reached, failed: failed + none, written, waiting, answered: asked - unanswered, unanswered }
}
