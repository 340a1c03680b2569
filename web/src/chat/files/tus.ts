/** One file to the server, in pieces that survive a broken line (tus 1.0). It says where it is, and what came of it. */
import { ApiError } from '../../lib/api'
import type { SentFile } from './types'

/** A line that breaks, or a proxy that gathers before it passes on, costs at most one piece. */
const PIECE_BYTES = 8 * 1024 * 1024
const ANSWER_WITHIN_MS = 30_000
/** The last piece is answered when the file has been looked at. */
const VERDICT_WITHIN_MS = 180_000
/** No line, or one too slow; another piece is under way; busy; a proxy without its server. */
const PASSING = new Set([0, 408, 409, 423, 429, 502, 503, 504])
/** So long without a single byte going out, and the line is taken for dead. */
const STALLED_AFTER_MS = 45_000

export interface Carried {
  readonly name: string
  readonly blob: Blob
  readonly key?: string
}

export interface Hears {
  created(key: string): void
  progress(sent: number): void
}

export interface Told {
  state: string
  /** As messages carry it. */
  file: SentFile
}

/** Resolves when it is there and may travel. Rejects with `ApiError`: status 0 and the passing ones mean "once more". */
export async function carry({ name, blob, key: known }: Carried, hears: Hears, signal: AbortSignal): Promise<Told> {
  let offset = known ? await offsetOf(known, signal) : null
  let key = known ?? ''
  if (offset === null) {
    key = await created(name, blob.size, signal)
    offset = 0
    hears.created(key)
  }
  // The last answer may have been lost: an empty piece at the end asks for it again.
  do offset = await sendPiece(key, offset, blob, hears, signal)
  while (offset < blob.size)
  const told = (await request('GET', `/api/files/${key}`, { signal })).json
  if (!told?.file) throw new ApiError(0, 'unreachable', '')
  return told as Told
}

/** Nobody wants it any more. What cannot be told is swept by the server. */
export async function giveUp(key: string): Promise<void> {
  await request('DELETE', `/api/files/${key}`, {}).catch(() => {})
}

/** Does it pass by itself? */
export function passes(error: unknown): boolean {
  if (!(error instanceof ApiError) || error.code.startsWith('file_')) return false
  return PASSING.has(error.status)
}

async function offsetOf(key: string, signal: AbortSignal): Promise<number | null> {
  try {
    const { header } = await request('HEAD', `/api/files/${key}`, { signal })
    return Number(header('upload-offset'))
  } catch (error) {
    // Let go meanwhile: from the beginning.
    if (error instanceof ApiError && (error.status === 404 || error.status === 410)) return null
    throw error
  }
}

async function created(name: string, size: number, signal: AbortSignal): Promise<string> {
  const headers = { 'upload-length': String(size), 'upload-metadata': `filename ${base64(name)}` }
  const { header } = await request('POST', '/api/files', { headers, signal })
  const key = header('location').split('/').pop()
  if (!key) throw new ApiError(0, 'unreachable', '')
  return key
}

async function sendPiece(key: string, offset: number, blob: Blob, hears: Hears, signal: AbortSignal): Promise<number> {
  hears.progress(offset)
  const piece = blob.slice(offset, offset + PIECE_BYTES)
  const last = offset + piece.size >= blob.size
  const { header } = await request('PATCH', `/api/files/${key}`, {
    headers: { 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' },
    body: piece,
    progress: (sent) => hears.progress(offset + sent),
    within: last ? VERDICT_WITHIN_MS : ANSWER_WITHIN_MS,
    signal,
  })
  return Number(header('upload-offset') || offset + piece.size)
}

interface Asked {
  headers?: Record<string, string>
  body?: Blob
  progress?: (sent: number) => void
  /** How long the answer may take after the last byte. */
  within?: number
  signal?: AbortSignal
}

interface Answer {
  json: any
  header(name: string): string
}

// Not `fetch`: it does not tell how far it has come.
function request(method: string, path: string, { headers, body, progress, within = ANSWER_WITHIN_MS, signal }: Asked): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = new XMLHttpRequest()
    let timer: ReturnType<typeof setTimeout>
    const wait = (ms: number) => {
      clearTimeout(timer)
      timer = setTimeout(() => asked.abort(), ms)
    }
    const stop = () => asked.abort()
    asked.open(method, path)
    asked.setRequestHeader('tus-resumable', '1.0.0')
    for (const [name, value] of Object.entries(headers ?? {})) asked.setRequestHeader(name, value)
    if (progress) asked.upload.onprogress = ({ loaded }) => (wait(STALLED_AFTER_MS), progress(loaded))
    asked.upload.onload = () => wait(within)
    asked.onload = () => {
      const json = parsed(asked.responseText)
      if (asked.status >= 200 && asked.status < 300) return resolve({ json, header: (name) => asked.getResponseHeader(name) ?? '' })
      reject(new ApiError(asked.status, json?.code ?? '', json?.message ?? ''))
    }
    asked.onerror = asked.onabort = () => reject(new ApiError(0, 'unreachable', ''))
    asked.onloadend = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', stop)
    }
    if (signal?.aborted) return reject(new ApiError(0, 'unreachable', ''))
    signal?.addEventListener('abort', stop)
    wait(body?.size ? STALLED_AFTER_MS : within)
    asked.send(body ?? null)
  })
}

function parsed(text: string): any {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text.toWellFormed())))
}
