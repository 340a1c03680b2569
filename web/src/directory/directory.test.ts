import { beforeEach, expect, test, vi } from 'vitest'

import type { Guest, Talk } from '../chat/talk.svelte'
import { Directory } from './directory.svelte'

/** The part of talk that the directory needs, and what was asked over its line. */
class FakeTalk {
  line = 'open'
  guest!: Guest
  readonly asked: Record<string, unknown>[] = []
  answers: Record<string, unknown> = {}

  join(guest: Guest): void {
    this.guest = guest
  }

  ask = async (command: Record<string, unknown>): Promise<unknown> => {
    this.asked.push(command)
    const answer = this.answers[command.do as string] as object
    if (answer) this.say(answer)
    return answer
  }

  say(frame: object): void {
    this.guest.arrived({ frame: frame as never })
  }

  take(): unknown[] {
    return this.asked.splice(0).map((one) => one.do)
  }
}

const department = (id: number, name = `部${id}`) => ({ id, code: `D${id}`, name, sort: `~ ${name}` })
const person = (id: number, rev: number, name = `人${id}`) => ({ id, name, sort: `~ ${id}`, rev })
const page = (...people: object[]) => ({ is: 'directory.people', rev: 7, total: people.length, from: 0, people })

let talk: FakeTalk
let directory: Directory

beforeEach(() => {
  vi.useFakeTimers()
  talk = new FakeTalk()
  talk.answers = {
    directory: { is: 'directory', rev: 7, departments: [department(1)], phone_scheme: 'com050voipbiz://keypad?tel=', hidden: [] },
    'directory.groups': { is: 'directory.groups', ref: 1, groups: [{ id: 4, name: '静岡', people: [2] }], favourites: [2] },
    'directory.people': page(person(1, 3), person(2, 3)),
  }
  directory = new Directory(talk as unknown as Talk)
})

async function entered() {
  const leave = directory.enter()
  const [pager] = directory.list()
  pager.show({ of: 'everybody' })
  await vi.advanceTimersByTimeAsync(0)
  talk.take()
  return { leave, pager }
}

test('coming in asks for the departments and for one’s groups', async () => {
  directory.enter()
  await vi.advanceTimersByTimeAsync(0)
  expect(talk.take()).toEqual(['directory', 'directory.groups'])
  expect(directory.tree.byId.get(1)?.name).toBe('部1')
  expect(directory.scheme).toBe('com050voipbiz://keypad?tel=')
  expect([...directory.favourites]).toEqual([2])
})

test('an answer that was read before a change of one’s groups does not undo its event', async () => {
  const { ask } = talk
  const old = talk.answers['directory.groups'] as object
  const changed = { is: 'directory.groups', groups: [], favourites: [3] }
  talk.ask = async (command) => {
    if (command.do === 'directory.groups' && talk.answers['directory.groups'] === old) {
      talk.say(changed)
      const answer = ask(command)
      talk.answers['directory.groups'] = { ...changed, ref: 2 }
      return answer
    }
    return ask(command)
  }
  directory.enter()
  await vi.advanceTimersByTimeAsync(0)
  expect([...directory.favourites]).toEqual([3])
})

test('with a new line one’s groups are asked for again', async () => {
  await entered()
  talk.answers['directory.groups'] = { is: 'directory.groups', ref: 3, groups: [], favourites: [3] }
  talk.guest.opened?.()
  await vi.advanceTimersByTimeAsync(0)
  expect([...directory.favourites]).toEqual([3])
})

test('a scheme that would run something is not taken', async () => {
  talk.answers.directory = { ...(talk.answers.directory as object), phone_scheme: 'javascript:alert(1)//' }
  await entered()
  expect(directory.scheme).toBe('tel:')
})

test('what follows what is held is applied, and what is older is not', async () => {
  const { pager } = await entered()
  talk.say({ is: 'directory.changed', since: 7, rev: 8, people: [person(1, 8, '新しい名')], departments: [department(2)] })
  expect(pager.shown?.rows[0]?.name).toBe('新しい名')
  expect(directory.tree.byId.has(2)).toBe(true)
  talk.say({ is: 'directory.changed', since: 7, rev: 8, departments_gone: [2] })
  expect(directory.tree.byId.has(2)).toBe(true)
  expect(talk.take()).toEqual([])
})

test('what was missed is asked for, whether an event or the heads show it', async () => {
  await entered()
  talk.say({ is: 'directory.changed', since: 9, rev: 10, people: [person(1, 10, '飛んだ')] })
  talk.say({ is: 'heads', revs: { directory: 10 } })
  expect(talk.asked).toEqual([
    { do: 'directory.since', rev: 7 },
    { do: 'directory.since', rev: 7 },
  ])
})

test('a reload is taken at some time within what was said, and only while it is on the screen', async () => {
  const { leave } = await entered()
  talk.say({ is: 'directory.reload', since: 7, rev: 8, parts: ['people', 'departments'], within_ms: 3000 })
  expect(talk.take()).toEqual([])
  await vi.advanceTimersByTimeAsync(3000)
  expect(talk.take()).toEqual(['directory', 'directory.people'])

  leave()
  talk.say({ is: 'directory.reload', since: 8, rev: 9, parts: ['people'], within_ms: 3000 })
  await vi.advanceTimersByTimeAsync(3000)
  expect(talk.take()).toEqual(['directory.leave'])
})

test('whoever did it reloads at once, and not a second time', async () => {
  await entered()
  talk.say({ is: 'directory.reload', since: 7, rev: 8, parts: ['people'], within_ms: 0 })
  talk.say({ is: 'directory.reload', since: 7, rev: 8, parts: ['people'], within_ms: 3000 })
  await vi.advanceTimersByTimeAsync(3000)
  expect(talk.take()).toEqual(['directory.people'])
})

test('from one page of the directory to the next nothing is left and entered again', async () => {
  const { leave } = await entered()
  leave()
  directory.enter()
  await vi.advanceTimersByTimeAsync(2000)
  expect(talk.take()).toEqual([])
})

test('a new line asks what was missed, and for the rows on the screen', async () => {
  await entered()
  talk.guest.opened()
  await vi.advanceTimersByTimeAsync(0)
  expect(talk.take()).toEqual(['directory.since', 'directory.groups', 'directory.people'])
})

test('a favourite shows at once, and no longer when the server refuses', async () => {
  await entered()
  const favouring = directory.favour(1, true)
  expect(directory.favourites.has(1)).toBe(true)
  await favouring
  talk.ask = async () => Promise.reject(new Error('refused'))
  await expect(directory.favour(9, true)).rejects.toThrow()
  expect(directory.favourites.has(9)).toBe(false)
})

test('another device has changed one’s groups', async () => {
  await entered()
  talk.say({ is: 'directory.groups', groups: [], favourites: [1, 2] })
  expect([directory.groups, [...directory.favourites]]).toEqual([[], [1, 2]])
})
