/** Files on their way to the server, in the order in which they were chosen. Pure. */
import type { SentFile } from './types'

export type UploadState =
  /** Its turn has not come. */
  | 'waiting'
  | 'sending'
  /** The line broke: it goes on by itself, from where it came to. */
  | 'broken'
  /** All bytes are there, and are being looked at. */
  | 'checking'
  /** May travel with a message. */
  | 'ready'
  /** Given up: the person may try again. */
  | 'failed'
  /** May not travel. */
  | 'refused'

export interface Upload {
  /** Its name in this browser. */
  readonly id: string
  readonly channel: number
  readonly name: string
  readonly size: number
  readonly media: string
  readonly state: UploadState
  /** The bytes that have left. */
  readonly sent: number
  /** What the server calls it, as soon as it knows of it. */
  readonly key?: string
  readonly file?: SentFile
  /** Why it may not travel, in the person's language. */
  readonly problem?: string
  /** There was no room for it: tried again when the person says so, not at each new line. */
  readonly later?: true
  /** An address of the picture as this browser has it. */
  readonly preview?: string
}

export type Uploads = readonly Upload[]

export const noUploads: Uploads = []

export function without(uploads: Uploads, ids: ReadonlySet<string>): Uploads {
  const left = uploads.filter((one) => !ids.has(one.id))
  return left.length === uploads.length ? uploads : left
}

/** What lies beside the field of a room: what no written message carries yet. */
export function loose(uploads: Uploads, channel: number, carried: ReadonlySet<string>): Uploads {
  const lying = uploads.filter((one) => one.channel === channel && !carried.has(one.id))
  return lying.length ? lying : noUploads
}

/** So many go into a message, unless the server says another number. */
export const MOST_FILES = 10

/** May a message take it along, perhaps before it has arrived? */
export function goes(upload: Upload): boolean {
  return upload.state !== 'refused' && upload.state !== 'failed'
}
