import { beforeEach, describe, expect, test, vi } from 'vitest'

import { Channel } from '../testing/channel'
import { FakeLine } from '../testing/line'
import * as reads from './reads'
import type { Reads } from './reads'
import { Reading } from './reads.svelte'

const marks = (...list: [id: number, seq: number, since?: number][]) => ({
  is: 'read.marks' as const,
  ref: 1,
  channel: 12,
  marks: list.map(([id, seq, since = 0]) => ({ id, seq, since })),
})

const read = (...list: [id: number, seq: number][]) => ({
  is: 'read' as const,
  channel: 12,
  marks: list.map(([id, seq]) => ({ id, seq })),
})
/** Message 7 was said at 7000. */
const counted = (reads_: Reads, seq: number, sender = 1) => reads.readers(reads_, { seq, sender, at: seq * 1000 })
const small = reads.withMarks(reads.unknown(12), marks([1, 9], [2, 5], [3, 7], [4, 9, 6000]))

describe('who counts as reader', () => {
  test('members who have come so far, but not the sender', () => {
    expect(counted(small, 7)).toBe(2)
    expect(counted(small, 7, 3)).toBe(2)
    expect(counted(small, 8, 9)).toBe(2)
  })

  test('not who came in after the message', () => {
    expect(counted(small, 5)).toBe(2)
    expect(counted(small, 6)).toBe(2)
    expect(counted(reads.withMarks(small, marks([4, 9, 5000])), 5)).toBe(1)
    expect(counted(reads.withMarks(small, marks([4, 9, 5001])), 5)).toBe(0)
  })

  test('nobody before anything is known', () => {
    expect(counted(reads.unknown(12), 1)).toBe(0)
  })
})

describe('marks', () => {
  test('only move upward', () => {
    const later = reads.withRead(small, read([2, 8], [3, 2]))
    expect(counted(later, 7)).toBe(3)
    expect(counted(reads.withMarks(later, marks([1, 9], [2, 5], [3, 7], [4, 9, 6000])), 8)).toBe(2)
  })

  test('who posts has read what stands above', () => {
    expect(counted(reads.withPosted(small, { sender: 2, seq: 10 }), 9)).toBe(2)
  })

  test('who goes is none any more', () => {
    expect(counted(reads.withoutMember(small, 3), 7)).toBe(1)
  })

  test('of a stranger say that they have to be asked for again', () => {
    const heard = reads.withRead(small, read([8, 9]))
    expect(heard.stale).toBe(true)
    expect(counted(heard, 9)).toBe(1)
    expect(reads.withMarks(heard, marks([1, 9], [8, 9])).stale).toBe(false)
  })
})

test('counts of a large room are the server’s, and asked only for what not all have read', () => {
  const large = reads.withCounts(reads.unknown(12), { is: 'read.counts', ref: 1, channel: 12, counts: [{ seq: 3, readers: 149 }, { seq: 4, readers: 20 }] })
  expect(counted(large, 4)).toBe(20)
  expect(reads.uncounted(large, [3, 4, 5], 150)).toEqual([4, 5])
})

describe('the open room', () => {
  let line: FakeLine
  let reading: Reading
  let channel: Channel

  function open(members: number): void {
    for (let id = 2; id <= members; id++) channel.join(id)
    line.rooms.set(12, channel.room())
    reading.show(12)
  }

  beforeEach(() => {
    vi.useFakeTimers()
    line = new FakeLine()
    reading = new Reading(line)
    channel = new Channel(12)
  })

  test('of up to a hundred is asked for its marks, again on a new line, and never for counts', async () => {
    open(100)
    reading.seen([1, 2])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(line.take()).toEqual([{ do: 'read.marks', channel: 12 }])
    reading.opened()
    expect(line.take()).toEqual([{ do: 'read.marks', channel: 12 }])
  })

  test('asks again when somebody comes in', async () => {
    open(3)
    await vi.advanceTimersByTimeAsync(0)
    line.take()
    channel.join(4)
    reading.arrived({ frame: channel.events.at(-1)! })
    await vi.advanceTimersByTimeAsync(1_000)
    expect(line.take()).toEqual([{ do: 'read.marks', channel: 12 }])
  })

  test('asks again, not at once, when marks of somebody unknown arrive', async () => {
    open(3)
    await vi.advanceTimersByTimeAsync(0)
    reading.arrived({ frame: marks([1, 1]) })
    line.take()
    for (let n = 0; n < 5; n++) reading.arrived({ frame: read([9, 1]) })
    expect(line.take()).toEqual([])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(line.take()).toEqual([{ do: 'read.marks', channel: 12 }])
  })

  test('of more is asked for what stands on the screen, at most every five seconds', async () => {
    open(101)
    reading.seen([4])
    await vi.advanceTimersByTimeAsync(400)
    expect(line.take()).toEqual([{ do: 'read.counts', channel: 12, seqs: [4] }])
    reading.seen([4, 5])
    await vi.advanceTimersByTimeAsync(4_900)
    expect(line.take()).toEqual([])
    await vi.advanceTimersByTimeAsync(100)
    expect(line.take()).toEqual([{ do: 'read.counts', channel: 12, seqs: [4, 5] }])
    await vi.advanceTimersByTimeAsync(10_000)
    expect(line.take()).toHaveLength(1)
  })

  test('asks nothing more when it is closed', async () => {
    open(101)
    reading.seen([4])
    reading.show(0)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(line.take()).toEqual([])
  })

  test('follows its events', () => {
    open(3)
    reading.arrived({ frame: marks([1, 0], [2, 0], [3, 0]) })
    const message = channel.post(1)
    expect(reading.of(message)).toBe(0)
    reading.arrived({ frame: read([2, 1]) })
    expect(reading.of(message)).toBe(1)
    channel.post(3)
    reading.arrived({ frame: channel.events.at(-1)! })
    expect(reading.of(message)).toBe(2)
    channel.leave(3)
    reading.arrived({ frame: channel.events.at(-1)! })
    expect(reading.of(message)).toBe(1)
  })
})
