import { expect, test, vi } from 'vitest'

import { AskedPeople, withRows } from './askedpeople.svelte'
import { NOTHING } from './conditions'
import type { AskedPerson } from './shapes'

const PEOPLE: AskedPerson[] = [
  { id: 1, name: '大石', sent: 'sent' },
  { id: 2, name: '渡邉', sent: 'sent', self: 'minor', help: true, answered_at: 5 },
  { id: 3, name: '森' },
]

test('the newest answer stands over what the list shows, nobody else is disturbed', () => {
  const next = withRows(PEOPLE, [{ id: 1, self: 'safe', at: 9, work: 'cannot' }, { id: 8, self: 'safe' }])!
  expect(next[0]).toMatchObject({ self: 'safe', work: 'cannot', answered_at: 9, sent: 'sent' })
  expect(next[1]).toBe(PEOPLE[1])
  expect(next).toHaveLength(3)
})

test('what is left out of a row is not true any more', () => {
  expect(withRows(PEOPLE, [{ id: 2, self: 'safe', at: 7 }])![1]).toMatchObject({ self: 'safe', help: false, work: '' })
})

test('who has just been asked is being sent to', () => {
  expect(withRows(PEOPLE, [{ id: 3 }])![2]).toMatchObject({ sent: 'waiting', self: '', answered_at: 0 })
})

test('without a list there is nothing to change', () => {
  expect(withRows(null, [{ id: 1 }])).toBe(null)
})

/** `count` people by the hundred, and what was asked. */
function served(count: number) {
  const asked: string[] = []
  let sent = ''
  vi.stubGlobal('fetch', async (path: string) => {
    const after = Number(new URL(path, 'http://x').searchParams.get('after') ?? 0)
    asked.push(path)
    const people = Array.from({ length: Math.min(100, count - after) }, (_, at) => ({ id: after + at + 1, name: 'x', sent }))
    return new Response(JSON.stringify({ total: count, people, more: after + 100 < count }))
  })
  return { asked, become: (state: string) => (sent = state) }
}

async function paged(list: AskedPeople, pages: number): Promise<void> {
  await list.ask(NOTHING)
  for (let page = 1; page < pages; page++) await list.next()
}

test('page after page, until there are no more', async () => {
  served(250)
  const list = new AskedPeople(1)
  await paged(list, 4)
  expect([list.people!.length, list.total, list.more]).toEqual([250, 250, false])
  expect(new Set(list.people!.map((one) => one.id)).size).toBe(250)
})

test('what is told is asked again in bounds, and nobody is lost from the list', async () => {
  vi.useFakeTimers()
  const { asked, become } = served(900)
  const list = new AskedPeople(1)
  await paged(list, 7)
  asked.length = 0
  become('sent')
  list.soon(0)
  list.soon(0)
  await vi.runAllTimersAsync()
  expect(asked).toHaveLength(3)
  expect(list.people!.map((one) => one.id)).toEqual(Array.from({ length: 700 }, (_, at) => at + 1))
  expect([list.people![0]!.sent, list.people![650]!.sent, list.more]).toEqual(['sent', '', true])
})
