import { expect, test } from 'vitest'

import type { Guest, Talk } from '../chat/talk.svelte'
import type { Frame } from '../lib/wire'
import { liveOf } from './live.svelte'
import type { Board } from './shapes'

function line() {
  const asked: string[] = []
  let guest: Guest
  const talk = {
    line: 'open',
    join: (one: Guest) => (guest = one),
    ask: async (command: { do: string; incident?: number }) => void asked.push([command.do, command.incident].join(' ').trim()),
  }
  const tell = (frame: object) => guest.arrived({ frame: frame as Frame, bytes: 0 } as never)
  return { talk: talk as unknown as Talk, asked, tell, open: () => guest.opened() }
}

const board = (incident: number, rev: number): Partial<Board> & { is: string } => ({ is: 'anpi.board', incident, rev, totals: {} })

test('everybody on the page looks through one watch', () => {
  const { talk, asked, tell } = line()
  const live = liveOf(talk)
  const heard: number[] = []
  const [one, other] = [live.watch(3, (frame) => heard.push(frame.rev)), live.watch(3)]
  tell(board(3, 7))
  tell(board(4, 8))
  expect([live.board?.rev, heard]).toEqual([7, [7]])
  one()
  tell(board(3, 9))
  expect([live.board?.rev, heard]).toEqual([9, [7]])
  other()
  expect(asked).toEqual(['anpi.watch 3', 'anpi.unwatch'])
})

test('a new line is asked anew, and another incident shows nothing of the one before', () => {
  const { talk, asked, tell, open } = line()
  const live = liveOf(talk)
  live.watch(3)
  tell(board(3, 7))
  open()
  const leave = live.watch(5)
  expect([live.board, asked]).toEqual([null, ['anpi.watch 3', 'anpi.watch 3', 'anpi.watch 5']])
  leave()
})

test('totals never go back to older ones, but a new line begins anew', () => {
  const { talk, tell, open } = line()
  const live = liveOf(talk)
  const heard: [number, number[]][] = []
  live.watch(3, ({ rev, rows }) => heard.push([rev, (rows ?? []).map((row) => row.id)]))
  tell(board(3, 11))
  tell({ ...board(3, 10), rows: [{ id: 5 }] })
  expect(live.board?.rev).toBe(11)
  expect(heard).toEqual([[11, []], [11, [5]]])
  tell(board(3, 11))
  open()
  tell(board(3, 9))
  expect(live.board?.rev).toBe(9)
})

test('lists are read anew after a line on which something may have been missed, and only then', () => {
  const { talk, tell, open } = line()
  const live = liveOf(talk)
  const heard: boolean[] = []
  live.watch(3, ({ more }) => heard.push(more ?? false))
  tell(board(3, 7))
  open()
  tell(board(3, 7))
  open()
  open()
  tell(board(3, 9))
  tell(board(3, 10))
  live.watch(5)
  tell(board(5, 20))
  expect(heard).toEqual([false, false, true, false, false])
})

test('who may not see it any more is told so', () => {
  const { talk, tell } = line()
  const live = liveOf(talk)
  live.watch(3)
  tell({ is: 'anpi.board_gone', incident: 3 })
  expect(live.gone).toBe(true)
})
