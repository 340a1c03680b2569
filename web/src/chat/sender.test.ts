import { beforeEach, expect, test, vi } from 'vitest'

import { keep, kept } from '../lib/keep'
import { Refused } from '../lib/socket'
import type { Ack, Post } from '../lib/wire'
import { emptyOutbox, type Attached, type Outbox, withAck } from './outbox'
import { Sender } from './sender'

let outbox: Outbox
let posts: Post[]
let answers: (Refused | null)[]
const told = { sent: vi.fn(), discarded: vi.fn(), bring: vi.fn() }

function sender(): Sender {
  return new Sender({
    account: 1,
    outbox: () => outbox,
    change: (next) => (outbox = next),
    isOpen: () => true,
    ask: async (post) => {
      posts.push(post)
      const refusal = answers.shift()
      if (refusal) throw refusal
      outbox = withAck(outbox, post.client_id, { seq: 1, at: 1 })
      return {} as Ack
    },
    ...told,
  })
}

const attached = (name: string): Attached => ({ upload: name, name, size: 1, media: '', file: { id: `k-${name}`, name, size: 1 } })
const settled = () => new Promise((resolve) => setTimeout(resolve))

function written(one: Sender, ...files: Attached[]): void {
  one.add({ client_id: 'm', channel: 12, text: '資料です', at: Date.now(), ...(files.length ? { files } : {}) })
}

beforeEach(() => {
  outbox = emptyOutbox
  posts = []
  answers = []
  vi.clearAllMocks()
})

test('a file that may not travel any more says so, and the rest goes without it', async () => {
  const one = sender()
  answers = [new Refused('file_not_image', '画像だけです。', undefined, 'files.k-b')]
  written(one, attached('a'), attached('b'))
  await settled()
  expect(outbox[0]).toMatchObject({ state: 'failed', reason: '' })
  expect(outbox[0]!.files!.map((file) => file.problem)).toEqual([undefined, '画像だけです。'])

  one.again('m', 'refused')
  await settled()
  expect(posts.map((post) => post.files)).toEqual([['k-a', 'k-b'], ['k-a']])
  expect(told.discarded.mock.lastCall![0].map((file: Attached) => file.upload)).toEqual(['b'])
  expect(told.sent).toHaveBeenCalledExactlyOnceWith([expect.objectContaining({ upload: 'a' })])
  expect(kept('outbox.1.m')).toBeNull()
})

test('where nothing may travel any more each file says so', async () => {
  answers = [new Refused('file_disabled', '無効です。', undefined, 'files.k-a')]
  written(sender(), attached('a'), attached('b'))
  await settled()
  expect(outbox[0]!.files!.map((file) => file.problem)).toEqual(['無効です。', '無効です。'])
})

test('the text alone goes with no file, and they are nobody’s', async () => {
  const one = sender()
  answers = [new Refused('file_disabled', '無効です。', undefined, 'files.k-a')]
  written(one, attached('a'))
  await settled()
  one.again('m', 'all')
  await settled()
  expect(posts[1]).toEqual({ do: 'post', channel: 12, client_id: 'm', text: '資料です' })
  expect(told.discarded.mock.lastCall![0]).toHaveLength(1)
})

test('files that the server has let go are brought anew, once', async () => {
  const one = sender()
  answers = [new Refused('file_unknown', 'ありません。')]
  written(one, attached('a'))
  await settled()
  expect(outbox[0]).toMatchObject({ state: 'failed', reason: 'ありません。' })
  one.again('m')
  await settled()
  expect(posts).toHaveLength(1)
  expect(told.bring).toHaveBeenLastCalledWith([expect.objectContaining({ upload: 'a' })], true)

  one.fileReady('a', { id: 'new', name: 'a', size: 1 })
  await settled()
  expect(posts[1]!.files).toEqual(['new'])
})

test('a message waits for its files', async () => {
  const one = sender()
  const { file: _, ...coming } = attached('a')
  written(one, coming)
  await settled()
  expect(posts).toEqual([])
  one.fileRefused('a', 'だめです。')
  expect(outbox[0]).toMatchObject({ state: 'failed', files: [{ problem: 'だめです。' }] })
})

test('what another window has sent or thrown away is not sent here', async () => {
  const { file: _, ...coming } = attached('a')
  keep('outbox.1.m', { client_id: 'm', channel: 12, text: '', at: Date.now(), files: [coming] })
  const one = sender()
  one.restore()
  const stop = one.start()
  dispatchEvent(new StorageEvent('storage', { key: 'renraku.outbox.11.m', newValue: null }))
  dispatchEvent(new StorageEvent('storage', { key: 'renraku.outbox.1.m', newValue: '{}' }))
  expect(outbox).toHaveLength(1)
  dispatchEvent(new StorageEvent('storage', { key: 'renraku.outbox.1.m', newValue: null }))
  expect(outbox).toEqual([])
  expect(told.discarded).toHaveBeenCalledExactlyOnceWith([coming])
  stop()
})
