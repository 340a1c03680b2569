import { beforeEach, expect, test, vi } from 'vitest'

import { BadgeWatch } from './badges.svelte'

let asked: number[][]
let refuses: boolean
let badges: BadgeWatch

beforeEach(() => {
  vi.useFakeTimers()
  asked = []
  refuses = false
  badges = new BadgeWatch({
    isOpen: () => true,
    ask: async (people) => {
      asked.push(people)
      if (refuses) throw new Error('refused')
      return { rev: 5, rows: people.filter((id) => id < 10).map((id) => ({ id, state: 'none' })) }
    },
  })
})

const soon = () => vi.advanceTimersByTimeAsync(100)

test('who comes on the screen together is asked for together, and once', async () => {
  for (const id of [3, 12, 3]) badges.show(id)
  await soon()
  badges.show(3)
  await soon()
  expect(asked).toEqual([[3, 12]])
  expect([badges.of(3)?.state, badges.of(12)]).toEqual(['none', undefined])
})

test('what changes is told, and what was missed is asked for again', async () => {
  badges.show(3)
  await soon()
  badges.event(5, 6, [{ id: 3, state: 'safe' }])
  expect(badges.of(3)?.state).toBe('safe')
  badges.event(8, 9, [])
  await soon()
  expect(asked).toEqual([[3], [3]])
})

test('who has left the screen is not asked for again', async () => {
  badges.show(3)
  const leave = badges.show(4)
  await soon()
  leave()
  badges.again()
  await soon()
  expect(asked).toEqual([[3, 4], [3]])
})

test('what was refused is asked for when it is next wanted', async () => {
  refuses = true
  badges.show(3)
  await soon()
  refuses = false
  badges.again()
  await soon()
  expect(badges.of(3)?.state).toBe('none')
})
