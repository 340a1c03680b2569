import { expect, test, vi } from 'vitest'

import { allAnswers, NO_CONDITIONS } from './api'

test('what is printed is read page by page to its end', async () => {
  const asked: string[] = []
  vi.stubGlobal('fetch', async (address: string) => {
    const after = Number(new URL(address, 'http://x').searchParams.get('after'))
    asked.push(address)
    const people = [{ id: after + 1, name: 'a' }, { id: after + 2, name: 'b' }]
    return Response.json({ total: 6, counts: {}, after: after < 4 ? after + 2 : 0, people })
  })
  const all = await allAnswers(7, NO_CONDITIONS)
  expect([all.total, all.people.map((one) => one.id)]).toEqual([6, [1, 2, 3, 4, 5, 6]])
  expect(asked).toHaveLength(3)
  expect(asked.every((one) => one.includes('limit=200'))).toBe(true)
})
