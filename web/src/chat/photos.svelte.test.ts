import { beforeEach, expect, test, vi } from 'vitest'

import { NoAnswer, Refused } from '../lib/socket'
import type { Frame } from '../lib/wire'
import { Photos } from './photos.svelte'

beforeEach(() => void vi.useFakeTimers())

/** A directory that knows these photos, and the questions that came. */
function directory(photos: Record<number, string>, refusal?: () => Error | undefined) {
  const asked: number[][] = []
  const ask = async ({ people }: { people: number[] }) => {
    asked.push(people)
    const error = refusal?.()
    if (error) throw error
    return { photos: people.filter((id) => photos[id]).map((id) => ({ id, photo: photos[id] })) }
  }
  return { asked, photos: new Photos({ ask } as never) }
}

const soon = () => vi.advanceTimersByTimeAsync(1_000)

test('whoever comes on the screen is asked for together, and once', async () => {
  const { asked, photos } = directory({ 2: 'f00' })
  expect([photos.of(2), photos.of(3), photos.of(2)]).toEqual([undefined, undefined, undefined])
  await soon()
  expect([photos.of(2), photos.of(3)]).toEqual(['f00', undefined])
  await soon()
  expect(asked).toEqual([[2, 3]])
})

test('many people are several questions', async () => {
  const { asked, photos } = directory({})
  for (let id = 1; id <= 301; id++) photos.of(id)
  await soon()
  expect(asked.map((people) => people.length)).toEqual([300, 1])
})

test('what the open directory tells is shown, of those alone who are on the screen', async () => {
  const { photos } = directory({ 2: 'f00' })
  photos.of(2)
  await soon()
  const people = [{ id: 2 }, { id: 9, photo: 'f09' }]
  photos.arrived({ frame: { is: 'directory.changed', since: 1, rev: 2, people } as unknown as Frame })
  expect([photos.of(2), photos.of(9)]).toEqual(['', undefined])
})

test('without a line the next one asks again', async () => {
  let lost = true
  const { asked, photos } = directory({ 2: 'f00' }, () => (lost ? new NoAnswer() : undefined))
  photos.of(2)
  await soon()
  lost = false
  photos.opened()
  await soon()
  expect([asked, photos.of(2)]).toEqual([[[2], [2]], 'f00'])
})

test('where there is no directory nothing is asked twice', async () => {
  const { asked, photos } = directory({}, () => new Refused('invalid', ''))
  photos.of(2)
  await soon()
  photos.of(3)
  photos.opened()
  await soon()
  expect(asked).toEqual([[2]])
})
