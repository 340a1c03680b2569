import { describe, expect, test } from 'vitest'

import { pendingOf } from './files/pending'
import { random } from '../testing/random'
import {
  emptyOutbox,
  type Outbox,
  waiting,
  withAck,
  withFailed,
  withFile,
  withFileRefused,
  withFilesAfresh,
  withItem,
  withKnownTo,
  withLineLost,
  without,
  withoutFiles,
  withSeen,
  withSending,
  withWaiting,
} from './outbox'

const ITEM = { client_id: 'a', channel: 12, text: 'おはよう', at: 1 }

describe('an item', () => {
  test('waits, is sent, is acknowledged, is seen', () => {
    let outbox = withItem(emptyOutbox, ITEM)
    expect(waiting(outbox)).toHaveLength(1)
    outbox = withSending(outbox, 'a')
    expect(waiting(outbox)).toHaveLength(0)
    outbox = withAck(outbox, 'a', { seq: 7, at: 2 })
    expect(outbox[0]).toMatchObject({ state: 'sent', seq: 7, at: 2 })
    expect(withSeen(outbox, [{ client_id: 'a' }])).toEqual([])
  })

  test('is never there twice', () => {
    const outbox = withItem(emptyOutbox, ITEM)
    expect(withItem(outbox, { ...ITEM, text: 'ほか' })).toBe(outbox)
  })

  test('that was on its way when the line was lost waits to be sent again', () => {
    const outbox = withSending(withItem(emptyOutbox, ITEM), 'a')
    expect(waiting(withLineLost(outbox))).toHaveLength(1)
  })

  test('that was refused stays with its reason until it is sent again or thrown away', () => {
    const failed = withFailed(withItem(emptyOutbox, ITEM), 'a', '長すぎます。')
    expect(withLineLost(failed)).toBe(failed)
    expect(failed[0]).toMatchObject({ state: 'failed', reason: '長すぎます。' })
    expect(withWaiting(failed, 'a')[0]).toEqual({ ...ITEM, state: 'waiting' })
    expect(without(failed, 'a')).toEqual([])
  })

  test('that is durable but out of sight goes when the channel is known up to it', () => {
    const sent = withAck(withItem(emptyOutbox, ITEM), 'a', { seq: 7, at: 2 })
    expect(withKnownTo(sent, 12, 6)).toBe(sent)
    expect(withKnownTo(sent, 13, 9)).toBe(sent)
    expect(withKnownTo(sent, 12, 7)).toEqual([])
  })
})

test('the order is the order of writing, also of what another tab left behind', () => {
  let outbox = withItem(emptyOutbox, { ...ITEM, client_id: '2' })
  outbox = withItem(outbox, { ...ITEM, client_id: '1' })
  expect(outbox.map((item) => item.client_id)).toEqual(['1', '2'])
})

test.each(Array.from({ length: 30 }, (_, seed) => seed))(
  'law 2: with a line that breaks at any point every message is said exactly once (seed %i)',
  (seed) => {
    const dice = random(seed)
    const said = new Map<string, number>()
    let outbox: Outbox = emptyOutbox
    let flying: string[] = []
    const written: string[] = []

    const step = (breaks: number) => {
      for (const item of waiting(outbox)) {
        outbox = withSending(outbox, item.client_id)
        flying.push(item.client_id)
      }
      for (const id of flying.splice(0, 1 + dice.below(3))) {
        if (dice.chance(breaks)) continue
        // The server keeps the first of equal client ids.
        if (!said.has(id)) said.set(id, said.size + 1)
        if (dice.chance(breaks)) continue
        const seq = said.get(id)!
        outbox = dice.chance(0.5) ? withAck(outbox, id, { seq, at: 0 }) : withSeen(outbox, [{ client_id: id }])
        if (dice.chance(0.5)) outbox = withKnownTo(outbox, 12, seq)
      }
      if (dice.chance(breaks) || !flying.length) {
        outbox = withLineLost(outbox)
        flying = []
      }
    }

    for (let n = 0; n < 40; n++) {
      const id = String(n).padStart(3, '0')
      written.push(id)
      outbox = withItem(outbox, { ...ITEM, client_id: id })
      step(0.4)
    }
    for (let n = 0; n < 200; n++) step(0)
    outbox = withKnownTo(outbox, 12, said.size)

    expect([...said.keys()].sort()).toEqual(written)
    expect(outbox).toEqual([])
  },
)

describe('a message with files', () => {
  const attached = (upload: string) => ({ upload, name: `${upload}.txt`, size: 10, media: 'text/plain' })
  const file = (id: string) => ({ id, name: `${id}.txt`, size: 10 })
  const written = () => withItem(emptyOutbox, { ...ITEM, files: [attached('x'), attached('y')] })

  test('waits for all of them', () => {
    let outbox = withFile(written(), 'x', file('1'))
    expect(waiting(outbox)).toEqual([])
    outbox = withFile(outbox, 'y', file('2'))
    expect(waiting(outbox)[0]!.files!.map((one) => one.file!.id)).toEqual(['1', '2'])
  })

  test('of which one may not travel stays here, and can go without it', () => {
    let outbox = withFileRefused(withFile(written(), 'x', file('1')), 'y', 'いいえ')
    expect(outbox[0]).toMatchObject({ state: 'failed' })
    expect(pendingOf(outbox[0]!, []).map((one) => [one.state, one.problem])).toEqual([['ready', undefined], ['refused', 'いいえ']])
    outbox = withWaiting(withoutFiles(outbox, 'a', 'refused'), 'a')
    expect(waiting(outbox)[0]!.files!.map((one) => one.upload)).toEqual(['x'])
  })

  test('can go as its text alone', () => {
    const outbox = withoutFiles(written(), 'a', 'all')
    expect(outbox[0]).not.toHaveProperty('files')
    expect(waiting(outbox)).toHaveLength(1)
  })

  test('whose files the server let go waits for them once more', () => {
    const outbox = withFilesAfresh(withFile(withFile(written(), 'x', file('1')), 'y', file('2')), 'a')
    expect(waiting(outbox)).toEqual([])
    expect(pendingOf(outbox[0]!, []).map((one) => one.state)).toEqual(['waiting', 'waiting'])
  })

  test('a file that no message carries changes nothing', () => {
    const outbox = written()
    expect(withFile(outbox, 'z', file('9'))).toBe(outbox)
    expect(withFileRefused(outbox, 'z', 'いいえ')).toBe(outbox)
  })
})
