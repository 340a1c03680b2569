import { beforeEach, expect, test, vi } from 'vitest'

const people = vi.hoisted(() => vi.fn())
vi.mock('./api', () => ({ people }))

import { Listing } from './listing.svelte'

const ASKED = { text: '', department: null, state: '' }
const page = (from: number, total: number, name: string) => ({
  total,
  from,
  people: Array.from({ length: Math.min(100, total - from) }, (_, at) => ({ id: from + at, name })),
})

beforeEach(() => {
  people.mockReset().mockImplementation(({ from }) => Promise.resolve(page(from, 250, 'old')))
})

async function listed(): Promise<Listing> {
  const listing = new Listing()
  listing.ask(ASKED)
  await vi.waitFor(() => expect(listing.people).toHaveLength(250))
  listing.look(120, 140)
  await vi.waitFor(() => expect(listing.people![130]).toBeDefined())
  return listing
}

test('what others change is asked for where one looks, and the rest when it comes into sight', async () => {
  const listing = await listed()
  people.mockClear().mockImplementation(({ from }) => Promise.resolve(page(from, 251, 'new')))
  listing.again()
  expect(listing.people![130]!.name).toBe('old')
  await vi.waitFor(() => expect(listing.people![130]!.name).toBe('new'))
  expect(listing.people).toHaveLength(251)
  expect(people.mock.calls.map(([asked]) => asked.from)).toEqual([100])
  listing.look(0, 20)
  await vi.waitFor(() => expect(listing.people![0]!.name).toBe('new'))
})

test('another question drops what answered the one before; asking again without an answer drops nothing', async () => {
  const listing = await listed()
  people.mockImplementation(() => Promise.reject(new Error('no line')))
  listing.again()
  await vi.waitFor(() => expect(people).toHaveBeenCalledTimes(3))
  expect([listing.problem, listing.people!.length]).toEqual([null, 250])
  listing.ask({ ...ASKED, text: '佐' })
  await vi.waitFor(() => expect(listing.problem).not.toBeNull())
})
