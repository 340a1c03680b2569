import { expect, test } from 'vitest'

import type { Board } from '../shapes'
import { standingLive, standingOf } from './standing'

const ROW = { rev: 7, progress: { people: 300, answered: 120, sent: 298, failed: 2 } }

test('how it stands as it was read', () => {
  expect(standingOf(ROW)).toEqual({ people: 300, sent: 298, failed: 2, written: 0, waiting: 0, answered: 120, unanswered: 180 })
  expect(standingOf({})).toEqual({ people: 0, sent: 0, failed: 0, written: 0, waiting: 0, answered: 0, unanswered: 0 })
})

test('what is told live stands over it, unless it is older', () => {
  const board = { rev: 8, totals: { asked: 303, unanswered: 100 }, sending: { people: 303, reached: 290, waiting: 10, failed: 2, none: 1 } } as Board
  expect(standingLive(ROW, board)).toEqual({ people: 303, sent: 290, failed: 3, written: 0, waiting: 10, answered: 203, unanswered: 100 })
  expect(standingLive(ROW, { ...board, rev: 6 })).toEqual(standingOf(ROW))
  expect(standingLive(ROW, null)).toEqual(standingOf(ROW))
})
