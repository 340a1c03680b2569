import { beforeEach, expect, test, vi } from 'vitest'

import { NoAnswer, Refused } from '../lib/socket'
import type { Query, Told } from './listing'
import { Pager } from './pager.svelte'
import type { Row } from './types'

const EVERYBODY: Query = { of: 'everybody' }
const found = (text: string): Query => ({ of: 'found', text })
const row = (id: number): Row => ({ id, name: `人${id}`, sort: `~ ${id}`, rev: 5 })

/** A server with `total` people that answers when it is told to. */
class Server {
  total = 250
  open = true
  readonly asked: { query: Query; from: number; answer: () => void; fail: (error: Error) => void }[] = []

  readonly ask = (query: Query, from: number, limit: number): Promise<Told> =>
    new Promise((resolve, reject) => {
      const people = Array.from({ length: Math.max(0, Math.min(limit, this.total - from)) }, (_, at) => row(from + at))
      this.asked.push({ query, from, answer: () => resolve({ rev: 7, total: this.total, from, people }), fail: reject })
    })

  async answer(at = 0): Promise<void> {
    this.asked.splice(at, 1)[0]!.answer()
    await vi.advanceTimersByTimeAsync(0)
  }

  get froms(): number[] {
    return this.asked.map((one) => one.from)
  }
}

let server: Server
let pager: Pager

beforeEach(() => {
  vi.useFakeTimers()
  server = new Server()
  pager = new Pager({ ask: server.ask, isOpen: () => server.open, inside: () => () => true })
})

test('what can be seen is asked for, and nothing else', async () => {
  pager.show(EVERYBODY)
  await server.answer()
  expect([pager.shown?.total, server.froms]).toEqual([250, []])
  pager.look(180, 215)
  await vi.advanceTimersByTimeAsync(60)
  expect(server.froms).toEqual([100, 200])
})

test('what flies by under the bar is not asked for', async () => {
  server.total = 10_000
  pager.show(EVERYBODY)
  await server.answer()
  for (let from = 0; from < 9_000; from += 100) pager.look(from, from + 20)
  await vi.advanceTimersByTimeAsync(60)
  expect(server.froms).toEqual([8900])
})

test('the latest question wins, whichever answer comes first', async () => {
  pager.show(found('わ'))
  pager.show(found('わた'))
  await server.answer(1)
  await server.answer(0)
  expect(pager.shown?.query).toEqual(found('わた'))
})

test('the old list stays for a moment, so that nothing flickers while one types', async () => {
  pager.show(found('わ'))
  await server.answer()
  pager.show(found('わた'))
  await vi.advanceTimersByTimeAsync(100)
  expect(pager.shown?.query).toEqual(found('わ'))
  await vi.advanceTimersByTimeAsync(200)
  expect(pager.shown).toBeNull()
  await server.answer()
  expect(pager.shown?.query).toEqual(found('わた'))
})

test('after a change the page on the screen is read again, and its rows stay meanwhile', async () => {
  pager.show(EVERYBODY)
  await server.answer()
  pager.changed({ rev: 8, gone: [3] })
  expect([pager.shown?.total, pager.shown?.rows[3]?.id, server.froms]).toEqual([249, 4, [0]])
})

test('without a line nothing is asked, and with the next one what is missing', async () => {
  server.open = false
  pager.show(EVERYBODY)
  expect(server.asked).toEqual([])
  server.open = true
  pager.opened()
  await server.answer()
  expect(pager.shown?.total).toBe(250)
  pager.opened()
  expect(server.froms).toEqual([0])
})

test('a line that is lost while one waits is no problem to tell of', async () => {
  pager.show(EVERYBODY)
  server.open = false
  server.asked.shift()!.fail(new NoAnswer('line lost'))
  await vi.advanceTimersByTimeAsync(0)
  expect(pager.problem).toBe('')
})

test('a refusal is told, and may be tried again', async () => {
  pager.show(EVERYBODY)
  server.asked.shift()!.fail(new Refused('busy', '混み合っています。', 1000))
  await vi.advanceTimersByTimeAsync(300)
  expect([pager.problem, pager.shown]).toEqual(['混み合っています。', null])
  pager.retry()
  await server.answer()
  expect([pager.problem, pager.shown?.total]).toEqual(['', 250])
})

test('a page that was refused is asked for again when the server says', async () => {
  pager.show(EVERYBODY)
  await server.answer()
  pager.look(100, 120)
  await vi.advanceTimersByTimeAsync(60)
  server.asked.shift()!.fail(new Refused('too_fast', '', 1000))
  await vi.advanceTimersByTimeAsync(999)
  expect(server.froms).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(server.froms).toEqual([100])
})
