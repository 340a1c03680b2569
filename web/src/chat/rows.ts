/** Messages as rows to be drawn: day lines, the line of the unread, posts of one sender joined. Pure. */
import { dayNumber } from '../lib/time'
import type { Message } from '../lib/wire'

/** Posts of the same sender within this time stand under one name. */
const JOINED_WITHIN_MS = 5 * 60_000

export type Row =
  | { kind: 'day'; key: string; at: number }
  | { kind: 'unread'; key: string }
  | { kind: 'message'; key: string; message: Message; joined: boolean }

export function rowsOf(messages: readonly Message[], unreadFrom: number): Row[] {
  const rows: Row[] = []
  let before: Message | undefined
  for (const message of messages) {
    const newDay = !before || dayNumber(before.at) !== dayNumber(message.at)
    const firstUnread = message.seq === unreadFrom
    if (newDay) rows.push({ kind: 'day', key: `d${dayNumber(message.at)}-${message.seq}`, at: message.at })
    if (firstUnread) rows.push({ kind: 'unread', key: 'unread' })
    rows.push({ kind: 'message', key: `m${message.seq}`, message, joined: !newDay && !firstUnread && joins(before, message) })
    before = message
  }
  return rows
}

/** Does this message continue what the same sender said just before? */
export function joins(before: Message | undefined, message: Pick<Message, 'sender' | 'at' | 'deleted'>): boolean {
  if (!before || before.deleted || message.deleted) return false
  return before.sender === message.sender && message.at - before.at < JOINED_WITHIN_MS
}
