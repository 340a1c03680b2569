/** The pictures of a room as one row, oldest first. Pure. */
import type { Message } from '../../lib/wire'
import type { SentFile } from './types'

export interface Picture {
  readonly file: SentFile
  readonly message: Message
}

export function picturesOf(messages: readonly Message[], isPicture: (file: SentFile) => boolean): Picture[] {
  return messages.flatMap((message) =>
    message.deleted ? [] : (message.files ?? []).filter(isPicture).map((file) => ({ file, message })),
  )
}

/** The place `by` steps on; it ends at both ends. */
export function stepped(count: number, at: number, by: number): number {
  return Math.min(count - 1, Math.max(0, at + by))
}
