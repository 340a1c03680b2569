import { beforeEach, expect, test, vi } from 'vitest'

import type { Command } from '../../lib/wire'
import { emptyOutbox, type Outbox, withItem } from '../outbox'
import { Attachments } from './attachments.svelte'
import type { Upload } from './uploads'

const asked: Command[] = []
const refused = vi.fn()
let outbox: Outbox = emptyOutbox
let open = true

function attachments(): Attachments {
  return new Attachments({
    self: 1,
    outbox: () => outbox,
    ask: async (command) => void asked.push(command),
    isOpen: () => open,
    ready: () => {},
    refused,
  })
}

function lying(id: string, state: Upload['state'] = 'ready'): Upload {
  return { id, channel: 12, name: `${id}.txt`, size: 1, media: '', state, sent: 1 }
}

const attached = (upload: string) => ({ upload, name: `${upload}.txt`, size: 1, media: '' })

beforeEach(() => {
  asked.length = 0
  refused.mockReset()
  outbox = emptyOutbox
  open = true
})

test('a message takes what goes, and what may not stays beside the field', () => {
  const files = attachments()
  files.list = [lying('a'), lying('b', 'refused'), lying('c', 'sending')]
  expect(files.take(12).map((one) => one.upload)).toEqual(['a', 'c'])
  expect(files.of(12).map((one) => one.id)).toEqual(['b'])
})

test('what a message took never lies there again, also when it is seen before its answer comes', () => {
  const files = attachments()
  files.list = [lying('a')]
  files.take(12)
  expect(files.of(12)).toEqual([])

  outbox = withItem(emptyOutbox, { client_id: 'm', channel: 12, text: '', at: 1, files: [attached('b')] })
  const later = attachments()
  later.start()
  outbox = emptyOutbox
  later.list = [lying('b')]
  expect(later.of(12)).toEqual([])
})

test('a message of an earlier page whose file is nowhere says so', () => {
  outbox = withItem(emptyOutbox, { client_id: 'm', channel: 12, text: '', at: 1, files: [attached('a'), { ...attached('b'), file: { id: 'k', name: 'b', size: 1 } }] })
  attachments().start()
  expect(refused).toHaveBeenCalledExactlyOnceWith('a', 'ファイルが見つかりません。もう一度添付してください。')
})

test('what may travel is asked for once a line, and only while a field is on the screen', () => {
  const files = attachments()
  files.opened()
  expect(asked).toEqual([])
  files.want()
  files.want()
  expect(asked).toEqual([{ do: 'talk.policy' }])
  files.opened()
  expect(asked).toHaveLength(2)
  open = false
  files.opened()
  expect(asked).toHaveLength(2)
})

test('a change of the policy keeps how large and how many', () => {
  const files = attachments()
  files.arrived({ frame: { is: 'talk.policy', rev: 1, mode: 'default', refused: [], log_readers: 0, max_bytes: 9, max_files: 10, ref: 1 } })
  files.arrived({ frame: { is: 'talk.policy', rev: 2, mode: 'images', refused: [], log_readers: 0 } })
  expect(files.policy).toMatchObject({ mode: 'images', max_bytes: 9, max_files: 10 })
})

test('a message takes no more than ten, also when one that failed comes back; the rest stays', () => {
  const files = attachments()
  files.list = Array.from({ length: 12 }, (_, at) => lying(`f${at}`))
  expect(files.take(12)).toHaveLength(10)
  expect(files.of(12).map((one) => one.id)).toEqual(['f10', 'f11'])

  files.policy = { is: 'talk.policy', rev: 1, mode: 'default', refused: [], log_readers: 0, max_files: 1 }
  expect(files.take(12).map((one) => one.upload)).toEqual(['f10'])
})

test('what failed takes a place, before the server has said how many too', async () => {
  const files = attachments()
  files.list = Array.from({ length: 10 }, (_, at) => lying(`f${at}`, at ? 'ready' : 'failed'))
  files.add(12, [new File(['1'], 'eleventh.txt')])
  await vi.waitFor(() => expect(files.list).toHaveLength(11))
  expect(files.list[10]).toMatchObject({ state: 'refused', problem: '1回に送信できるファイルは10個までです。' })
  files.stop()
})
