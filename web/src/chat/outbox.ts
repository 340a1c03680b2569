/**
 * What was said here and is not yet known to be durable. Pure: no clock, no storage, no socket.
 *
 * An item lives from the press of Enter until its message is seen in the timeline. It is sent again after each
 * reconnect, always with the same `client_id`, so that it is said once however often it is sent.
 */
import type { Message } from '../lib/wire'
import type { SentFile } from './files/types'

export type State =
  /** To be sent as soon as there is a line. */
  | 'waiting'
  /** On its way: no answer yet. */
  | 'sending'
  /** Refused, or given up: the person decides. */
  | 'failed'
  /** Durable; it stays to be seen until its event arrives. */
  | 'sent'

/** A file that a message takes along. */
export interface Attached {
  /** What it is called on its way. */
  readonly upload: string
  readonly name: string
  readonly size: number
  readonly media: string
  /** As soon as the server has it and lets it travel. */
  readonly file?: SentFile
  /** Why it may not. */
  readonly problem?: string
}

export interface Item {
  readonly client_id: string
  readonly channel: number
  readonly text: string
  /** When it was written, by this device's clock (ms). */
  readonly at: number
  readonly state: State
  /** Why it failed, in the person's language. */
  readonly reason?: string
  readonly seq?: number
  readonly files?: readonly Attached[]
}

/** In the order of writing. */
export type Outbox = readonly Item[]

export const emptyOutbox: Outbox = []

export function withItem(outbox: Outbox, item: Omit<Item, 'state'>): Outbox {
  if (outbox.some((one) => one.client_id === item.client_id)) return outbox
  // A UUIDv7 begins with its time, so this is the order of writing, across reloads and tabs too.
  return [...outbox, { ...item, state: 'waiting' as const }].sort((a, b) => (a.client_id < b.client_id ? -1 : 1))
}

export function withSending(outbox: Outbox, clientId: string): Outbox {
  return changed(outbox, clientId, ({ reason: _, ...item }) => ({ ...item, state: 'sending' }))
}

export function withWaiting(outbox: Outbox, clientId: string): Outbox {
  return changed(outbox, clientId, ({ reason: _, ...item }) => ({ ...item, state: 'waiting' }))
}

export function withFailed(outbox: Outbox, clientId: string, reason: string): Outbox {
  return changed(outbox, clientId, (item) => ({ ...item, state: 'failed', reason }))
}

/** The server has it durably, as message `seq`. */
export function withAck(outbox: Outbox, clientId: string, ack: { seq: number; at: number }): Outbox {
  return changed(outbox, clientId, ({ reason: _, ...item }) => ({ ...item, state: 'sent', seq: ack.seq, at: ack.at }))
}

export function without(outbox: Outbox, clientId: string): Outbox {
  return outbox.some((item) => item.client_id === clientId)
    ? outbox.filter((item) => item.client_id !== clientId)
    : outbox
}

/** A file that waited for its message, or the other way round. */
export function withFile(outbox: Outbox, upload: string, file: SentFile): Outbox {
  return withAttached(outbox, upload, (one) => ({ ...one, file }))
}

/** A file of it may not travel: the message stays here, and the person decides. */
export function withFileRefused(outbox: Outbox, upload: string, problem: string): Outbox {
  const item = carrierOf(outbox, upload)
  return item ? withFailed(withAttached(outbox, upload, (one) => ({ ...one, problem })), item.client_id, '') : outbox
}

/** Without the files that may not travel, or without any. */
export function withoutFiles(outbox: Outbox, clientId: string, which: 'refused' | 'all'): Outbox {
  return changed(outbox, clientId, ({ files = [], ...item }) => {
    const left = which === 'all' ? [] : files.filter((one) => !one.problem)
    return left.length ? { ...item, files: left } : item
  })
}

/** The files have to be brought once more. */
export function withFilesAfresh(outbox: Outbox, clientId: string): Outbox {
  return changed(outbox, clientId, (item) => ({ ...item, ...(item.files ? { files: item.files.map(({ file: _, ...one }) => one) } : {}) }))
}

export function carrierOf(outbox: Outbox, upload: string): Item | undefined {
  return outbox.find((item) => item.files?.some((one) => one.upload === upload))
}

/** Messages that came back from the server need no place of their own any more. */
export function withSeen(outbox: Outbox, messages: readonly Pick<Message, 'client_id'>[]): Outbox {
  if (!outbox.length) return outbox
  const seen = new Set(messages.map((message) => message.client_id))
  const left = outbox.filter((item) => !seen.has(item.client_id))
  return left.length === outbox.length ? outbox : left
}

/** The line is gone: nobody knows what became of what was on its way, so it waits to be sent again. */
export function withLineLost(outbox: Outbox): Outbox {
  return outbox.some((item) => item.state === 'sending')
    ? outbox.map((item) => (item.state === 'sending' ? { ...item, state: 'waiting' as const } : item))
    : outbox
}

/** What is durable but outside of every window will not be seen: up to `seq` the channel is known. */
export function withKnownTo(outbox: Outbox, channel: number, seq: number): Outbox {
  const left = outbox.filter((item) => !(item.state === 'sent' && item.channel === channel && (item.seq ?? 0) <= seq))
  return left.length === outbox.length ? outbox : left
}

/** What may be sent now: a message waits for its files. */
export function waiting(outbox: Outbox): Outbox {
  return outbox.filter((item) => item.state === 'waiting' && (item.files ?? []).every((one) => one.file))
}

export function ofChannel(outbox: Outbox, channel: number): Outbox {
  return outbox.filter((item) => item.channel === channel)
}

function withAttached(outbox: Outbox, upload: string, change: (one: Attached) => Attached): Outbox {
  const item = carrierOf(outbox, upload)
  if (!item) return outbox
  const files = item.files!.map((one) => (one.upload === upload ? change(one) : one))
  return changed(outbox, item.client_id, (one) => ({ ...one, files }))
}

function changed(outbox: Outbox, clientId: string, change: (item: Item) => Item): Outbox {
  return outbox.some((item) => item.client_id === clientId)
    ? outbox.map((item) => (item.client_id === clientId ? change(item) : item))
    : outbox
}
