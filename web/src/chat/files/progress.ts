/** What becomes of files on their way to the server. Pure: no clock, storage or network. */
import type { SentFile } from './types'
import type { Upload, Uploads } from './uploads'

/** A message carries no more than this, and no larger ones. */
export interface Limits {
  readonly max_bytes: number
  readonly max_files: number
}

export type Turned = 'too_big' | 'too_many'

/** Which of these files may be taken into a message that carries `already`; of the others why not. */
export function sorted<F extends { size: number }>(files: readonly F[], already: number, limits: Limits): { taken: F[]; turned: { file: F; why: Turned }[] } {
  const taken: F[] = []
  const turned: { file: F; why: Turned }[] = []
  for (const file of files) {
    if (file.size > limits.max_bytes) turned.push({ file, why: 'too_big' })
    else if (already + taken.length >= limits.max_files) turned.push({ file, why: 'too_many' })
    else taken.push(file)
  }
  return { taken, turned }
}

export function withAdded(uploads: Uploads, added: readonly Upload[]): Uploads {
  const known = new Set(uploads.map((one) => one.id))
  return [...uploads, ...added.filter((one) => !known.has(one.id))]
}

export function withSending(uploads: Uploads, id: string): Uploads {
  return changed(uploads, id, ({ problem: _, ...one }) => ({ ...one, state: 'sending' }))
}

/** The server knows of it as `key` and has come to `sent`. */
export function withKey(uploads: Uploads, id: string, key: string, sent: number): Uploads {
  return changed(uploads, id, (one) => ({ ...one, key, sent: Math.min(sent, one.size) }))
}

export function withProgress(uploads: Uploads, id: string, sent: number): Uploads {
  return changed(uploads, id, (one) => {
    const whole = sent >= one.size
    return { ...one, sent: Math.min(sent, one.size), state: whole ? 'checking' : 'sending' }
  })
}

export function withBroken(uploads: Uploads, id: string): Uploads {
  return changed(uploads, id, (one) => ({ ...one, state: 'broken' }))
}

export function withReady(uploads: Uploads, id: string, file: SentFile): Uploads {
  return changed(uploads, id, ({ problem: _, ...one }) => ({ ...one, state: 'ready', sent: one.size, file }))
}

export function withRefused(uploads: Uploads, id: string, problem: string): Uploads {
  return changed(uploads, id, ({ key: _, ...one }) => ({ ...one, state: 'refused', problem }))
}

/** `later`: there was no room for it. */
export function withFailed(uploads: Uploads, id: string, problem: string, later = false): Uploads {
  return changed(uploads, id, (one) => ({ ...one, state: 'failed', problem, ...(later ? { later } : {}) }))
}

/** Once more: from where it came to; one that the server has let go from its beginning. */
export function withAgain(uploads: Uploads, id: string, afresh = false): Uploads {
  return changed(uploads, id, ({ problem: _, file: __, later: ___, key, ...one }) =>
    afresh || !key ? { ...one, state: 'waiting', sent: 0 } : { ...one, key, state: 'waiting' },
  )
}

/** The ones to be sent next, when `atOnce` may be under way. */
export function next(uploads: Uploads, atOnce: number): Uploads {
  const running = uploads.filter((one) => ['sending', 'broken', 'checking'].includes(one.state)).length
  return uploads.filter((one) => one.state === 'waiting').slice(0, Math.max(0, atOnce - running))
}

function changed(uploads: Uploads, id: string, change: (one: Upload) => Upload): Uploads {
  return uploads.some((one) => one.id === id) ? uploads.map((one) => (one.id === id ? change(one) : one)) : uploads
}
