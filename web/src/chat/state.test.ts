import { describe, expect, test } from 'vitest'

import type { Command, Frame, Message } from '../lib/wire'
import { Channel } from '../testing/channel'
import { withItem } from './outbox'
import { emptyState, type State, withArrival, withTimeline } from './state'
import { END, hasGap, withPlace } from './timeline'

const ME = 1

function channelWith(messages: number): Channel {
  const channel = new Channel()
  for (let n = 0; n < messages; n++) channel.post(2)
  return channel
}

function heard(state: State, frame: unknown, command?: Command): State {
  return withArrival(state, { frame: frame as Frame, ...(command ? { command } : {}) })
}

function welcomed(...channels: Channel[]): State {
  return heard(emptyState(ME), { is: 'welcome', ref: 1, me: { id: ME }, rooms: channels.map((one) => one.room()) })
}

function opened(channel: Channel): State {
  return heard(welcomed(channel), channel.page(), { do: 'history', channel: channel.id })
}

test('an event moves the timeline and the list of rooms at once', () => {
  const channel = channelWith(3)
  let state = opened(channel)
  channel.post(2, '四つめ')
  state = heard(state, channel.events.at(-1))
  expect(state.timelines.get(12)!.messages.at(-1)!.text).toBe('四つめ')
  expect(state.rooms.byId.get(12)!.seq).toBe(4)
})

test('a page that was overtaken by an event asks to catch up', () => {
  const channel = channelWith(3)
  let state = welcomed(channel)
  const page = channel.page()
  channel.edit(1)
  state = heard(state, channel.events.at(-1))
  state = heard(state, page, { do: 'history', channel: 12 })
  expect(hasGap(state.timelines.get(12)!)).toBe(true)
  state = heard(state, channel.since(page.rev))
  expect(state.timelines.get(12)!.messages).toEqual(channel.rows)
})

test('heads find what was lost: with a timeline by its gap, without one by a fresh list', () => {
  const channel = channelWith(3)
  const heads = { is: 'heads', revs: { 'channel:12': 9, directory: 4, 'channel:x': 1 } }
  expect(hasGap(heard(opened(channel), heads).timelines.get(12)!)).toBe(true)
  expect(heard(welcomed(channel), heads).rooms.stale).toBe(true)
})

test('changes told to everybody at once move the timeline and the list, with or without a timeline', () => {
  const channel = channelWith(3)
  const [open, closed] = [opened(channel), welcomed(channel)]
  channel.post(2, '四つめ')
  channel.edit(2)
  const told = channel.told(3)
  expect(heard(open, told).timelines.get(12)!.messages).toEqual(channel.rows)
  for (const state of [open, closed]) expect(heard(state, told).rooms.byId.get(12)).toEqual(channel.room())
})

test('who becomes the owner of a room is so in its list of members and in the list of rooms', () => {
  const channel = channelWith(3)
  channel.join(2)
  let state = opened(channel)
  state = heard(state, { is: 'members', ref: 5, channel: 12, rev: channel.rev, members: [...channel.people.values()] })
  channel.promote(2)
  channel.promote(ME)
  for (const event of channel.events.slice(-2)) state = heard(state, event)
  expect(state.members!.list.filter((member) => member.owner).map((member) => member.id)).toEqual([1, 2])
  expect(state.rooms.byId.get(12)).toMatchObject({ owner: true, rev: channel.rev })
  expect(state.timelines.get(12)!.rev).toBe(channel.rev)
})

describe('a reset', () => {
  test('shows the newest page to who was at the end', () => {
    const channel = channelWith(100)
    let state = opened(channel)
    for (let n = 0; n < 400; n++) channel.post(2)
    state = heard(state, channel.reset())
    expect(state.timelines.get(12)!.messages.at(-1)!.seq).toBe(500)
    expect(state.timelines.get(12)!.place).toBe(END)
    expect(state.reloading.size).toBe(0)
  })

  test('leaves the page of who reads in the past, until it is read anew', () => {
    const channel = channelWith(100)
    let state = opened(channel)
    state = withTimeline(state, 12, (held) => withPlace(held, 60))
    for (let n = 0; n < 400; n++) channel.post(2)
    state = heard(state, channel.reset())
    expect([...state.reloading]).toEqual([12])
    expect(state.timelines.get(12)!.messages.at(-1)!.seq).toBe(100)

    state = heard(state, channel.page({ around: 60 }), { do: 'history', channel: 12, around: 60 })
    expect(state.reloading.size).toBe(0)
    expect(state.timelines.get(12)).toMatchObject({ place: 60, seq: 500, rev: channel.rev })
  })
})

describe('what is gone is forgotten', () => {
  test('when the room is taken away', () => {
    const state = heard(opened(channelWith(3)), { is: 'room.removed', channel: 12 })
    expect(state.rooms.byId.size).toBe(0)
    expect(state.timelines.size).toBe(0)
  })

  test('when the next welcome does not name it', () => {
    const state = heard(opened(channelWith(3)), { is: 'welcome', ref: 2, me: { id: ME }, rooms: [] })
    expect(state.timelines.size).toBe(0)
  })
})

describe('a message of my own', () => {
  const post: Command = { do: 'post', channel: 12, client_id: 'mine', text: 'はい' }
  const item = { client_id: 'mine', channel: 12, text: 'はい', at: 1 }

  /** The channel with my message in it. */
  function said(channel: Channel): Message {
    const row: Message = { ...channel.post(ME, 'はい'), client_id: 'mine' }
    channel.rows[row.seq - 1] = row
    channel.events[channel.events.length - 1] = { is: 'message.posted', channel: 12, rev: row.rev, message: row }
    return row
  }

  test('is there once at every moment: acknowledged first, or seen first', () => {
    for (const order of [
      ['ack', 'event'],
      ['event', 'ack'],
    ]) {
      const channel = channelWith(3)
      let state = opened(channel)
      state = { ...state, outbox: withItem(state.outbox, item) }
      const row = said(channel)
      for (const what of order) {
        state =
          what === 'event'
            ? heard(state, channel.events.at(-1))
            : heard(state, { is: 'ack', ref: 3, channel: 12, seq: row.seq, rev: row.rev, at: row.at }, post)
        const shown = state.timelines.get(12)!.messages.filter((message) => message.client_id === 'mine').length
        expect(shown + state.outbox.length).toBe(1)
      }
      expect(state.outbox).toEqual([])
      expect(state.rooms.byId.get(12)!.read).toBe(row.seq)
    }
  })

  test('that came back by catching up leaves the outbox too', () => {
    const channel = channelWith(3)
    let state = opened(channel)
    state = { ...state, outbox: withItem(state.outbox, item) }
    const since = channel.rev
    said(channel)
    state = heard(state, channel.since(since))
    expect(state.outbox).toEqual([])
  })
})
