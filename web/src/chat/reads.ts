/**
 * How far a room has read: 既読. Pure: no clock, no socket.
 *
 * In a small room the mark of each member is known, and every count follows from the marks. In a larger one the
 * server counts, for the messages on the screen.
 */
import type { Message, Read, ReadCountList, ReadMarkList } from '../lib/wire'

/** Up to so many members the server tells how far each has read. */
export const SMALL_ROOM = 100

export interface Mark {
  readonly seq: number
  /** Of what was said before this time he is no reader: he was not in the room. */
  readonly since: number
}

export interface Reads {
  readonly channel: number
  /** By member; null before they are known, and in a large room. */
  readonly marks: ReadonlyMap<number, Mark> | null
  /** By message. */
  readonly counts: ReadonlyMap<number, number>
  /** Somebody is heard of who is not known: the marks have to be asked for again. */
  readonly stale: boolean
}

export function unknown(channel: number): Reads {
  return { channel, marks: null, counts: new Map(), stale: false }
}

/** The marks as the server has them; what events have told meanwhile is not taken back. */
export function withMarks(reads: Reads, answer: ReadMarkList): Reads {
  const marks = new Map<number, Mark>()
  for (const { id, seq, since } of answer.marks) marks.set(id, { since, seq: Math.max(seq, reads.marks?.get(id)?.seq ?? 0) })
  return { ...reads, marks, stale: false }
}

export function withCounts(reads: Reads, answer: ReadCountList): Reads {
  const counts = new Map(reads.counts)
  for (const { seq, readers } of answer.counts) counts.set(seq, readers)
  return { ...reads, counts }
}

/** Members have read on. */
export function withRead(reads: Reads, event: Read): Reads {
  if (!reads.marks) return reads
  const marks = new Map(reads.marks)
  let { stale } = reads
  for (const { id, seq } of event.marks) {
    const held = marks.get(id)
    if (!held) stale = true
    else if (seq > held.seq) marks.set(id, { ...held, seq })
  }
  return { ...reads, marks, stale }
}

/** Who posts has read what stands above. */
export function withPosted(reads: Reads, message: Pick<Message, 'sender' | 'seq'>): Reads {
  return withRead(reads, { is: 'read', channel: reads.channel, marks: [{ id: message.sender, seq: message.seq }] })
}

export function withoutMember(reads: Reads, id: number): Reads {
  return reads.marks ? { ...reads, marks: new Map([...reads.marks].filter(([one]) => one !== id)) } : reads
}

/** How many have read a message: its sender does not count. */
export function readers(reads: Reads, message: Pick<Message, 'sender' | 'seq' | 'at'>): number {
  if (!reads.marks) return reads.counts.get(message.seq) ?? 0
  let count = 0
  for (const [id, mark] of reads.marks) {
    if (id !== message.sender && mark.seq >= message.seq && mark.since <= message.at) count++
  }
  return count
}

/** Which of these messages are worth asking for: those that not everybody has read yet. */
export function uncounted(reads: Reads, seqs: readonly number[], members: number): number[] {
  return seqs.filter((seq) => (reads.counts.get(seq) ?? 0) < members - 1)
}
