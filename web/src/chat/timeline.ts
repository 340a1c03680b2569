/**
 * The messages of one channel as this client holds them: a window without holes, and the `rev` up to which
 * everything that happened is in it. Pure: no clock, no DOM, no socket.
 *
 * Two rules make it right, whatever the order in which things arrive:
 * - a row is only ever replaced by one with a greater `rev`, so repeats are harmless;
 * - `rev` only moves to `rev + 1`, or to where an answer of the server says that all before it is included.
 */
import type { Changes, ChannelEvent, Message, Page, Reset } from '../lib/wire'

/** How many messages are held, and drawn, at most. */
export const WINDOW = 300

/** How many events may wait for a gap to be filled; the ones beyond are asked for again, as `head` knows of them. */
export const WAITING_LIMIT = 500

/** The reader stands at the newest message and wants to stay there. */
export const END = Number.POSITIVE_INFINITY

export interface Timeline {
  readonly channel: number
  /** Everything of the channel up to this number is known. */
  readonly rev: number
  /** The greatest number heard of: what lies between `rev` and this is missing. */
  readonly head: number
  /** The newest message of the channel that is known of, held or not. */
  readonly seq: number
  /** Without holes, in the order of `seq`. */
  readonly messages: readonly Message[]
  /** Are there older ones than the first that is held? */
  readonly before: boolean
  /** The `seq` around which the reader reads, or END: what is farthest from it is let go first. */
  readonly place: number
  /** Events that came before the ones they build on. */
  readonly waiting: readonly ChannelEvent[]
}

/** A timeline that begins with this page, forgetting what was held. */
export function opened(page: Page | Reset, place = END): Timeline {
  return {
    channel: page.channel,
    rev: page.rev,
    head: page.rev,
    seq: page.seq,
    messages: page.messages,
    before: page.before,
    place,
    waiting: [],
  }
}

export function first(timeline: Timeline): number {
  return timeline.messages[0]?.seq ?? timeline.seq + 1
}

export function last(timeline: Timeline): number {
  return timeline.messages.at(-1)?.seq ?? (timeline.before ? 0 : timeline.seq)
}

/** Is the newest message of the channel held? */
export function atEnd(timeline: Timeline): boolean {
  return last(timeline) >= timeline.seq
}

/** Is something missing that has to be asked for (`since` the held `rev`)? */
export function hasGap(timeline: Timeline): boolean {
  return timeline.head > timeline.rev
}

/** The server says that the channel has come to `rev`. */
export function withHead(timeline: Timeline, rev: number): Timeline {
  return rev > timeline.head ? { ...timeline, head: rev } : timeline
}

/** One thing happened. What comes too early waits, and `hasGap` says so. */
export function withEvent(timeline: Timeline, event: ChannelEvent): Timeline {
  if (event.rev <= timeline.rev) return timeline
  if (event.rev > timeline.rev + 1) return withWaiting(timeline, event)
  return drained(applied(timeline, event))
}

/** All rows that changed up to `changes.rev`, in one answer. */
export function withChanges(timeline: Timeline, changes: Changes): Timeline {
  // They may begin after what is held, when nobody asked for them: put in, they would leave a hole.
  if (changes.since > timeline.rev) return withHead(timeline, changes.rev)
  const upserted = withRows(timeline, changes.messages, changes.seq)
  return drained(at(upserted, Math.max(timeline.rev, changes.rev)))
}

/** A page that joins the window at one of its ends; one that does not touch it is left out. */
export function withPage(timeline: Timeline, page: Page): Timeline {
  const rows = page.messages
  const seq = Math.max(timeline.seq, page.seq)
  // A page that was read before some events arrived holds rows those events have changed meanwhile. Going back
  // to its `rev` lets catching up bring them: no list of changes seen outside the window is needed.
  const rev = Math.min(timeline.rev, page.rev)
  const base: Timeline = { ...timeline, seq, rev }
  const top = rows[0]
  if (!top) return timeline.messages.length ? base : { ...base, before: page.before }
  const bottom = rows.at(-1)!
  if (timeline.messages.length && (bottom.seq < first(timeline) - 1 || top.seq > last(timeline) + 1)) return timeline
  const joined = merged(timeline.messages, rows)
  const before = top.seq <= first(timeline) ? page.before : timeline.before
  return trimmed({ ...base, messages: joined, before })
}

/** The reader went elsewhere. */
export function withPlace(timeline: Timeline, place: number): Timeline {
  return place === timeline.place ? timeline : { ...timeline, place }
}

function withWaiting(timeline: Timeline, event: ChannelEvent): Timeline {
  const known = timeline.waiting.some((one) => one.rev === event.rev)
  const waiting = known || timeline.waiting.length >= WAITING_LIMIT ? timeline.waiting : [...timeline.waiting, event]
  return withHead({ ...timeline, waiting }, event.rev)
}

/** Applies the waiting events whose turn has come. */
function drained(timeline: Timeline): Timeline {
  if (!timeline.waiting.length) return timeline
  const queue = [...timeline.waiting].sort((a, b) => a.rev - b.rev)
  let state: Timeline = { ...timeline, waiting: [] }
  for (const event of queue) {
    if (event.rev <= state.rev) continue
    state = event.rev === state.rev + 1 ? applied(state, event) : { ...state, waiting: [...state.waiting, event] }
  }
  return state
}

function applied(timeline: Timeline, event: ChannelEvent): Timeline {
  const seq = event.is === 'message.posted' ? event.message.seq : timeline.seq
  const rows = 'message' in event ? [event.message] : []
  return at(withRows(timeline, rows, seq), event.rev)
}

function at(timeline: Timeline, rev: number): Timeline {
  return { ...timeline, rev, head: Math.max(timeline.head, rev) }
}

/** Rows of the window are replaced, rows that continue it are appended, all others lie outside of it. */
function withRows(timeline: Timeline, rows: readonly Message[], seq: number): Timeline {
  const top = first(timeline)
  const end = last(timeline)
  const inside = rows.filter((row) => row.seq >= top && row.seq <= end)
  const after = rows.filter((row) => row.seq > end).sort((a, b) => a.seq - b.seq)
  let next = end + 1
  const added = after.filter((row) => row.seq === next && next++)
  const messages = inside.length || added.length ? merged(timeline.messages, [...inside, ...added]) : timeline.messages
  return trimmed({ ...timeline, messages, seq: Math.max(timeline.seq, seq) })
}

/** Both lists as one, in order; of two rows with the same number the newer state stays. */
function merged(held: readonly Message[], rows: readonly Message[]): readonly Message[] {
  const end = held.at(-1)?.seq ?? 0
  // The usual case, many times a second: one new row at the end.
  if (rows.length === 1 && rows[0]!.seq > end) return [...held, rows[0]!]
  const bySeq = new Map(held.map((row) => [row.seq, row]))
  for (const row of rows) {
    const old = bySeq.get(row.seq)
    if (!old || row.rev > old.rev) bySeq.set(row.seq, row)
  }
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq)
}

function trimmed(timeline: Timeline): Timeline {
  const { messages, place } = timeline
  const over = messages.length - WINDOW
  if (over <= 0) return timeline
  const above = place - first(timeline)
  const below = last(timeline) - place
  // Never a hole in the middle: all of it goes from the end that is farther from the reader.
  if (above >= below) return { ...timeline, messages: messages.slice(over), before: true }
  return { ...timeline, messages: messages.slice(0, WINDOW) }
}
