import { beforeEach, expect, test, vi } from 'vitest'

import { People } from './people.svelte'

interface Person {
  id: number
}

const ids = (list: People<Person, any>) => list.people?.map((one) => one.id)
const page = (from: number, to: number, after = 0) => ({
  total: 300,
  after,
  people: Array.from({ length: to - from }, (_, at) => ({ id: from + at })),
})

beforeEach(() => {
  vi.useFakeTimers()
})

test('pages follow each other, and nobody stands twice', async () => {
  const list = new People<Person, any>()
  await list.ask(async (after) => (after ? page(1, 5) : page(0, 2, 2)))
  expect([ids(list), list.more, list.told?.total]).toEqual([[0, 1], true, 300])
  await list.next()
  expect([ids(list), list.more]).toEqual([[0, 1, 2, 3, 4], false])
})

test('an answer to an older question is dropped; until the newer one is answered, what is shown stays', async () => {
  const list = new People<Person, any>()
  await list.ask(async () => page(0, 2))
  let late!: (told: unknown) => void
  const slow = list.ask(() => new Promise((resolve) => (late = resolve)))
  const quick = list.ask(async () => page(7, 9))
  expect(ids(list)).toEqual([0, 1])
  await quick
  late(page(3, 4))
  await slow
  expect(ids(list)).toEqual([7, 8])
})

test('however often others answer, the list is read anew once in a while, as far as it was read', async () => {
  const asked: [number, number][] = []
  const list = new People<Person, any>()
  await list.ask(async (after, limit) => {
    asked.push([after, limit])
    return page(after, after + limit, after + limit)
  })
  await list.next()
  for (let n = 0; n < 50; n++) list.againSoon()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(asked).toEqual([[0, 100], [100, 100], [0, 200]])

})

test('who has read further than one answer holds keeps his place, and hears how many there are by now', async () => {
  let total = 300
  const list = new People<Person, any>()
  await list.ask(async (after, limit) => ({ ...page(after, after + limit, after + limit), total }))
  await list.next()
  await list.next()
  total = 250
  list.againSoon()
  await vi.advanceTimersByTimeAsync(10_000)
  expect([ids(list)?.length, list.told?.total, list.told?.after]).toEqual([300, 250, 300])
})

test('what was stopped for another question is read anew for that one too', async () => {
  const asked: string[] = []
  const list = new People<Person, any>()
  const question = (name: string) => async () => {
    asked.push(name)
    return page(0, 2)
  }
  await list.ask(question('old'))
  list.againSoon()
  list.stop()
  await list.ask(question('new'))
  list.againSoon()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(asked).toEqual(['old', 'new', 'new'])
})

test('a problem is told, and gone with the next answer', async () => {
  const list = new People<Person, any>()
  await list.ask(() => Promise.reject(new Error('x')))
  expect(list.problem).toBeTruthy()
  await list.ask(async () => page(0, 1))
  expect([list.problem, ids(list)]).toEqual([null, [0]])
})
