import { beforeEach, expect, test, vi } from 'vitest'

import { ApiError } from '../../lib/api'
import { Engine, type Host, type Means } from './engine'
import type { Carried, Hears, Told } from './tus'
import type { SentFile } from './types'
import { noUploads, type Uploads } from './uploads'
import type { Kept } from './vault'

const LIMITS = { max_bytes: 100, max_files: 10 }
const LOST = 'ファイルが見つかりません。もう一度添付してください。'

/** One upload that is under way: what it hears, and how it ends. */
interface Way extends Carried {
  hears: Hears
  signal: AbortSignal
  ends(told?: Partial<Told>): void
  fails(status: number, code?: string, message?: string): void
}

let ways: Way[]
let uploads: Uploads
let stored: Map<string, [Kept, Blob]>
let elsewhere: Set<string>
let carriedByMessage: Set<string>
const giveUp = vi.fn(async () => {})
const ready = vi.fn()
const refused = vi.fn()
const said: string[] = []

const sentFile = (name: string): SentFile => ({ id: `k-${name}`, name, size: 1 })

function carry(one: Carried, hears: Hears, signal: AbortSignal): Promise<Told> {
  return new Promise((resolve, reject) => {
    ways.push({
      ...one,
      hears,
      signal,
      ends: (told = {}) => resolve({ state: 'ready', file: sentFile(one.name), ...told }),
      fails: (status, code = '', message = '') => reject(new ApiError(status, code, message)),
    })
  })
}

const vault: Means['vault'] = {
  put: async (one, blob) => void stored.set(one.id, [one, blob]),
  note: async (one) => void (stored.has(one.id) && stored.set(one.id, [one, stored.get(one.id)![1]])),
  remove: async (ids) => [...ids].forEach((id) => stored.delete(id)),
  all: async () => [...stored.values()],
  close: () => {},
}

function engine(): Engine {
  const host: Host = {
    account: 1,
    uploads: () => uploads,
    change: (next) => (uploads = next),
    say: (text) => said.push(text),
    carried: (id) => carriedByMessage.has(id),
    ready,
    refused,
  }
  const free = async (ids: string[]) => new Set(ids.filter((id) => !elsewhere.has(id)))
  const tabs = { inTurn: (work: () => Promise<void>) => work(), free, close: () => {} }
  return new Engine(host, { carry, giveUp, vault, tabs: () => tabs })
}

function files(...names: string[]): File[] {
  return names.map((name) => new File(['12345'], name))
}

const states = () => uploads.map((one) => one.state)
/** Everything that is under way without a clock has happened. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  ways = []
  uploads = noUploads
  stored = new Map()
  elsewhere = new Set()
  carriedByMessage = new Set()
  said.length = 0
  vi.clearAllMocks()
})

test('two are brought at a time, in the order in which they were chosen', async () => {
  engine().add(12, files('a', 'b', 'c'), 0, LIMITS)
  expect(ways.map((one) => one.name)).toEqual(['a', 'b'])
  ways[1]!.ends()
  await settled()
  expect(ways.map((one) => one.name)).toEqual(['a', 'b', 'c'])
  expect(states()).toEqual(['sending', 'ready', 'sending'])
  expect(ready).toHaveBeenCalledExactlyOnceWith(uploads[1]!.id, sentFile('b'))
})

test('after a break it goes on by itself, and after eight without a byte more the person is asked', async () => {
  engine().add(12, files('a'), 0, LIMITS)
  ways[0]!.hears.created('key')
  for (let tries = 1; tries <= 8; tries++) {
    ways.at(-1)!.fails(0)
    await settled()
    expect(states()).toEqual(['broken'])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(ways).toHaveLength(tries + 1)
    expect(ways.at(-1)!.key).toBe('key')
  }
  ways.at(-1)!.fails(0)
  await settled()
  expect(states()).toEqual(['failed'])
})

test('a byte more begins the count anew', async () => {
  engine().add(12, files('a'), 0, LIMITS)
  for (let sent = 1; sent <= 4; sent++) {
    for (let tries = 0; tries < 8; tries++) {
      if (!tries) ways.at(-1)!.hears.progress(sent)
      ways.at(-1)!.fails(503)
      await settled()
      await vi.advanceTimersByTimeAsync(60_000)
    }
  }
  expect([states(), ways.length]).toEqual([['broken'], 33])
})

test('a new line wakes whoever waits, and takes up what failed', async () => {
  const one = engine()
  one.add(12, files('a', 'b'), 0, LIMITS)
  ways[0]!.fails(0)
  ways[1]!.fails(500)
  await settled()
  expect(states()).toEqual(['broken', 'failed'])
  one.wake()
  await settled()
  expect(ways.map((way) => way.name)).toEqual(['a', 'b', 'b', 'a'])
})

test.each(['file_quota', 'file_space'])('%s waits for the person: no new line and no reload tries it again', async (code) => {
  const one = engine()
  one.add(12, files('a'), 0, LIMITS)
  ways[0]!.fails(code === 'file_space' ? 503 : 400, code, '空きがありません。')
  await settled()
  one.wake()
  dispatchEvent(new Event('online'))
  await settled()
  expect(ways).toHaveLength(1)
  expect(uploads[0]).toMatchObject({ state: 'failed', problem: '空きがありません。' })
  expect(said).toHaveLength(1)
  one.stop()

  const [id] = stored.keys()
  uploads = noUploads
  const next = engine()
  await next.restore()
  next.wake()
  expect(ways).toHaveLength(1)
  expect(uploads[0]).toMatchObject({ id, state: 'failed', problem: '空きがありません。' })

  next.again(id!)
  await settled()
  expect(ways).toHaveLength(2)
  expect(stored.get(id!)![0].later).toBeUndefined()
})

test('what may not travel is not kept, and its message says so', async () => {
  engine().add(12, files('a.exe'), 0, LIMITS)
  const { id } = uploads[0]!
  ways[0]!.fails(400, 'file_blocked', '送信できません。')
  await settled()
  expect(uploads[0]).toMatchObject({ state: 'refused', problem: '送信できません。' })
  expect(refused).toHaveBeenCalledExactlyOnceWith(id, '送信できません。')
  expect(stored.size).toBe(0)
})

test('what is taken back is given up at the server', async () => {
  const one = engine()
  one.add(12, files('a'), 0, LIMITS)
  ways[0]!.hears.created('key')
  one.cancel([uploads[0]!.id])
  expect(ways[0]!.signal.aborted).toBe(true)
  expect(giveUp).toHaveBeenCalledExactlyOnceWith('key')
  expect([uploads, stored.size]).toEqual([[], 0])
})

test('what is taken back while it is announced is given up as soon as it has a name', async () => {
  const one = engine()
  one.add(12, files('a'), 0, LIMITS)
  one.cancel([uploads[0]!.id])
  expect(ways[0]!.signal.aborted).toBe(false)
  ways[0]!.hears.created('key')
  expect(giveUp).toHaveBeenCalledExactlyOnceWith('key')
  expect(ways[0]!.signal.aborted).toBe(true)
  ways[0]!.fails(0)
  await settled()
  expect([uploads, ways.length]).toEqual([[], 1])
})

test('a page takes up what the one before left, but for what another window sends', async () => {
  for (const id of ['here', 'there']) await vault.put({ id, channel: 12, name: id, size: 5, media: '', key: `k-${id}` }, new Blob(['12345']))
  elsewhere.add('there')
  const one = engine()
  await one.restore(['here', 'there', 'nowhere'])
  expect(ways.map(({ name, key }) => [name, key])).toEqual([['here', 'k-here']])
  expect(refused).toHaveBeenCalledExactlyOnceWith('nowhere', LOST)

  elsewhere.clear()
  one.wake()
  await settled()
  expect(ways.map((way) => way.name)).toEqual(['here', 'there'])
})

test('what another window sent and this one waits for is told as lost when it is nowhere', async () => {
  elsewhere.add('there')
  const one = engine()
  await one.restore(['there'])
  expect(refused).not.toHaveBeenCalled()
  elsewhere.clear()
  one.wake()
  await settled()
  expect(refused).toHaveBeenCalledExactlyOnceWith('there', LOST)
})

test('a message that asks for bytes which this window has not got them looks where they are kept', async () => {
  const one = engine()
  await vault.put({ id: 'kept', channel: 12, name: 'kept', size: 5, media: '', key: 'old' }, new Blob(['12345']))
  one.again('kept', true)
  one.again('gone', true)
  await settled()
  expect(ways.map(({ name, key }) => [name, key])).toEqual([['kept', undefined]])
  expect(refused).toHaveBeenCalledExactlyOnceWith('gone', LOST)
})

test('what a message took along stays until it is sent, and what was sent by a page that ended is forgotten', async () => {
  const one = engine()
  one.add(12, files('a', 'b'), 0, LIMITS)
  carriedByMessage.add(uploads[0]!.id)
  for (const way of ways) way.ends({ state: 'sent' })
  await settled()
  expect(uploads.map((each) => each.name)).toEqual(['a'])
})
