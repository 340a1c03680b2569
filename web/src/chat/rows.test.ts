import { expect, test } from 'vitest'

import type { Message } from '../lib/wire'
import { rowsOf } from './rows'

const NOON = new Date(2027, 3, 1, 12, 0).getTime()
const MINUTE = 60_000

function message(seq: number, minutes: number, sender = 1, more: Partial<Message> = {}): Message {
  return { seq, rev: seq, sender, name: 'x', at: NOON + minutes * MINUTE, text: 'x', client_id: `${seq}`, ...more }
}

function drawn(messages: Message[], unreadFrom = 0): string[] {
  return rowsOf(messages, unreadFrom).map((row) =>
    row.kind === 'message' ? `${row.message.seq}${row.joined ? '+' : ''}` : row.kind,
  )
}

test('posts of one sender within five minutes stand under one name', () => {
  expect(drawn([message(1, 0), message(2, 4), message(3, 9), message(4, 9, 2)])).toEqual(['day', '1', '2+', '3', '4'])
})

test('a deleted one stands for itself', () => {
  expect(drawn([message(1, 0), message(2, 1, 1, { deleted: 1 }), message(3, 2)])).toEqual(['day', '1', '2', '3'])
})

test('every new day has its line', () => {
  expect(drawn([message(1, 0), message(2, 60 * 13)])).toEqual(['day', '1', 'day', '2'])
})

test('the line of the unread stands before the first unread one, which shows its sender', () => {
  expect(drawn([message(1, 0), message(2, 1), message(3, 2)], 2)).toEqual(['day', '1', 'unread', '2', '3+'])
})

test('no two rows have the same key', () => {
  const keys = rowsOf([message(1, 0), message(2, 60 * 13), message(3, 1)], 2).map((row) => row.key)
  expect(new Set(keys).size).toBe(keys.length)
})
