import { beforeEach, describe, expect, test, vi } from 'vitest'

import { ApiError } from '../../lib/api'
import { carry, passes } from './tus'

const FILE = { id: 'key', name: '見積.txt', size: 5 }

interface Said {
  status: number
  headers?: Record<string, string>
  body?: unknown
}

/** What was asked, and what is answered next; nothing: the line breaks. */
const asked: { method: string; path: string; headers: Record<string, string>; bytes: number }[] = []
let answers: (Said | null)[] = []

class FakeRequest {
  upload: any = {}
  status = 0
  responseText = ''
  onload!: () => void
  onerror!: () => void
  onabort!: () => void
  onloadend!: () => void
  private headers: Record<string, string> = {}
  private said: Said = { status: 0 }
  private line = ['', '']

  open(method: string, path: string) {
    this.line = [method, path]
  }
  setRequestHeader(name: string, value: string) {
    this.headers[name] = value
  }
  getResponseHeader(name: string) {
    return this.said.headers?.[name] ?? null
  }
  abort() {
    this.onabort()
  }
  send(body: Blob | null) {
    asked.push({ method: this.line[0]!, path: this.line[1]!, headers: this.headers, bytes: body?.size ?? 0 })
    const said = answers.shift()
    queueMicrotask(() => {
      if (!said) this.onerror()
      else {
        this.said = said
        this.status = said.status
        this.responseText = said.body ? JSON.stringify(said.body) : ''
        if (body) this.upload.onprogress?.({ loaded: body.size })
        this.onload()
      }
      this.onloadend()
    })
  }
}

const hears = { created: vi.fn(), progress: vi.fn() }
const blob = new Blob(['12345'])

beforeEach(() => {
  vi.stubGlobal('XMLHttpRequest', FakeRequest)
  asked.length = 0
  hears.created.mockReset()
  hears.progress.mockReset()
})

const bring = (key?: string) => carry({ name: '見積.txt', blob, ...(key ? { key } : {}) }, hears, new AbortController().signal)
const steps = () => asked.map((one) => `${one.method} ${one.path}`)

test('a file is announced, sent, and told of', async () => {
  answers = [
    { status: 201, headers: { location: '/api/files/key' } },
    { status: 204, headers: { 'upload-offset': '5' } },
    { status: 200, body: { state: 'ready', file: FILE } },
  ]
  expect(await bring()).toMatchObject({ state: 'ready', file: FILE })
  expect(steps()).toEqual(['POST /api/files', 'PATCH /api/files/key', 'GET /api/files/key'])
  const name = asked[0]!.headers['upload-metadata']!.split(' ')[1]!
  expect(new TextDecoder().decode(Uint8Array.from(atob(name), (each) => each.charCodeAt(0)))).toBe('見積.txt')
  expect(asked[0]!.headers['upload-length']).toBe('5')
  expect(hears.created).toHaveBeenCalledExactlyOnceWith('key')
  expect(hears.progress).toHaveBeenLastCalledWith(5)
})

test('what the server knows of goes on from where it came to', async () => {
  answers = [
    { status: 200, headers: { 'upload-offset': '2' } },
    { status: 204, headers: { 'upload-offset': '5' } },
    { status: 200, body: { state: 'ready', file: FILE } },
  ]
  await bring('key')
  expect(steps()).toEqual(['HEAD /api/files/key', 'PATCH /api/files/key', 'GET /api/files/key'])
  expect(asked[1]).toMatchObject({ bytes: 3, headers: { 'upload-offset': '2' } })
})

test('when the last answer was lost, an empty piece asks for it again', async () => {
  answers = [
    { status: 200, headers: { 'upload-offset': '5' } },
    { status: 204, headers: { 'upload-offset': '5' } },
    { status: 200, body: { state: 'ready', file: FILE } },
  ]
  await bring('key')
  expect(asked[1]).toMatchObject({ method: 'PATCH', bytes: 0, headers: { 'upload-offset': '5' } })
})

test('what the server has let go begins anew', async () => {
  answers = [
    { status: 404 },
    { status: 201, headers: { location: '/api/files/other' } },
    { status: 204, headers: { 'upload-offset': '5' } },
    { status: 200, body: { state: 'ready', file: FILE } },
  ]
  await bring('key')
  expect(hears.created).toHaveBeenCalledExactlyOnceWith('other')
})

describe('an error', () => {
  test('with a sentence is the server’s word', async () => {
    answers = [{ status: 400, body: { code: 'file_blocked', message: 'この形式（.exe）のファイルは送信できません。' } }]
    const error = await bring().catch((error) => error)
    expect(error).toMatchObject({ code: 'file_blocked', message: 'この形式（.exe）のファイルは送信できません。' })
    expect(passes(error)).toBe(false)
  })

  test('of the line passes, and so does a server that is busy', async () => {
    answers = [null]
    expect(passes(await bring().catch((error) => error))).toBe(true)
    for (const status of [408, 409, 423, 429, 502, 503, 504]) expect(passes(new ApiError(status, '', '')), String(status)).toBe(true)
    expect([400, 403, 404, 413, 500].map((status) => passes(new ApiError(status, '', '')))).toEqual([false, false, false, false, false])
    expect(passes(new ApiError(503, 'file_space', ''))).toBe(false)
    expect(passes(new Error('a bug'))).toBe(false)
  })

  test('of one who gave it up comes at once', async () => {
    const stop = new AbortController()
    stop.abort()
    await expect(carry({ name: 'a', blob }, hears, stop.signal)).rejects.toBeInstanceOf(ApiError)
    expect(asked).toEqual([])
  })
})
