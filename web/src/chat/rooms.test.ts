import { describe, expect, test } from 'vitest'

import { Channel } from '../testing/channel'
import { random } from '../testing/random'
import {
  asking,
  noRooms,
  type Rooms,
  sorted,
  unread,
  unreadRooms,
  withCaughtUp,
  withEvent,
  withHead,
  withList,
  withMarked,
  withoutRoom,
  withRoom,
  withWelcome,
} from './rooms'

const ME = 1

function listOf(...channels: Channel[]): Rooms {
  return withWelcome(
    noRooms,
    channels.map((channel) => channel.room()),
  )
}

describe('the list follows events', () => {
  test('a message of somebody else is unread, one of my own is not', () => {
    const channel = new Channel()
    let rooms = listOf(channel)
    channel.post(2, 'おはようございます')
    rooms = withEvent(rooms, channel.events.at(-1)!, ME)
    expect(unread(rooms.byId.get(12)!)).toBe(1)
    expect(rooms.byId.get(12)!.last!.text).toBe('おはようございます')

    channel.post(ME)
    rooms = withEvent(rooms, channel.events.at(-1)!, ME)
    expect(unread(rooms.byId.get(12)!)).toBe(0)
  })

  test('the newest activity stands first, and a new room without a message on top', () => {
    const [a, b] = [new Channel(1), new Channel(2)]
    a.post(2)
    b.post(2)
    b.post(2)
    let rooms = listOf(a, b)
    expect(sorted(rooms).map((room) => room.id)).toEqual([2, 1])
    rooms = withRoom(rooms, new Channel(3, 9_999_999).room())
    rooms = withRoom(rooms, new Channel(4, 1_500).room())
    expect(sorted(rooms).map((room) => room.id)).toEqual([3, 2, 4, 1])
  })

  test('an edit or deletion changes the preview only when it is the last message', () => {
    const channel = new Channel()
    channel.post(2)
    channel.post(2)
    let rooms = listOf(channel)
    const last = rooms.byId.get(12)!.last
    channel.edit(1)
    rooms = withEvent(rooms, channel.events.at(-1)!, ME)
    expect(rooms.byId.get(12)!.last).toBe(last)
    channel.delete(2)
    rooms = withEvent(rooms, channel.events.at(-1)!, ME)
    expect(rooms.byId.get(12)!.last!.deleted).toBe(1)
  })

  test('the count of members and the name follow', () => {
    const channel = new Channel()
    let rooms = listOf(channel)
    channel.join(2)
    channel.rename('総務')
    for (const event of channel.events) rooms = withEvent(rooms, event, ME)
    expect(rooms.byId.get(12)).toEqual(channel.room())
  })

  test('repeats and rooms one is not in change nothing', () => {
    const channel = new Channel()
    channel.post(2)
    const rooms = listOf(channel)
    expect(withEvent(rooms, channel.events[0]!, ME)).toBe(rooms)
    expect(withEvent(noRooms, channel.events[0]!, ME)).toBe(noRooms)
  })
})

describe('changes told to everybody at once', () => {
  test('leave the room as it is and move its numbers and its last message', () => {
    const channel = new Channel()
    channel.post(2)
    let rooms = listOf(channel)
    channel.post(2)
    channel.post(ME)
    channel.post(2)
    channel.edit(4)
    rooms = withCaughtUp(rooms, channel.told(1), ME)
    // Mine marks what is before it, as it does on the server.
    expect(rooms.byId.get(12)).toEqual(channel.room(3))
    expect(rooms.stale).toBe(false)
  })

  test('again, or older than what is held, change nothing', () => {
    const channel = new Channel()
    channel.post(2)
    channel.post(2)
    const older = channel.told(0)
    channel.delete(2)
    const rooms = listOf(channel)
    for (const changes of [older, channel.told(0), channel.told(2)])
      expect(withCaughtUp(rooms, changes, ME).byId.get(12)).toEqual(channel.room())
  })

  test('that begin after what is held ask for a fresh list', () => {
    const channel = new Channel()
    let rooms = listOf(channel)
    channel.rename('総務')
    channel.post(2)
    rooms = withCaughtUp(rooms, channel.told(1), ME)
    expect(rooms.byId.get(12)).toMatchObject({ name: '営業', rev: 0, seq: 1, last: { seq: 1 } })
    expect(rooms.stale).toBe(true)
    expect(withList(asking(rooms), [channel.room()]).byId.get(12)).toEqual(channel.room())
  })

  test('of a room one is not in are nothing', () => {
    expect(withCaughtUp(noRooms, new Channel().told(0), ME)).toBe(noRooms)
  })
})

test('a new owner is one from the event on', () => {
  const channel = new Channel()
  channel.join(2)
  let rooms = listOf(channel)
  channel.promote(2)
  rooms = withEvent(rooms, channel.events.at(-1)!, ME)
  expect(rooms.byId.get(12)).toMatchObject({ rev: 2 })
  expect(rooms.byId.get(12)!.owner).toBeUndefined()
  channel.promote(ME)
  rooms = withEvent(rooms, channel.events.at(-1)!, ME)
  expect(rooms.byId.get(12)).toMatchObject({ rev: 3, owner: true })
})

describe('read marks', () => {
  test('move upward only', () => {
    const channel = new Channel()
    for (let n = 0; n < 5; n++) channel.post(2)
    let rooms = withMarked(listOf(channel), { channel: 12, seq: 4 })
    expect(unreadRooms(rooms)).toEqual({ rooms: 1, messages: 1 })
    rooms = withMarked(rooms, { channel: 12, seq: 2 })
    expect(unread(rooms.byId.get(12)!)).toBe(1)
  })

  test('a fresh list with an older mark does not bring unread messages back', () => {
    const channel = new Channel()
    channel.post(2)
    const rooms = withMarked(listOf(channel), { channel: 12, seq: 1 })
    expect(unread(withList(asking(rooms), [channel.room(0)]).byId.get(12)!)).toBe(0)
    expect(unread(withWelcome(rooms, [channel.room(0)]).byId.get(12)!)).toBe(0)
  })
})

describe('gaps', () => {
  test('a missed event asks for a fresh list and shows what is known meanwhile', () => {
    const channel = new Channel()
    let rooms = listOf(channel)
    channel.rename('総務')
    channel.post(2)
    rooms = withEvent(rooms, channel.events.at(-1)!, ME)
    expect(rooms.stale).toBe(true)
    expect(unread(rooms.byId.get(12)!)).toBe(1)
    rooms = withList(asking(rooms), [channel.room()])
    expect(rooms.stale).toBe(false)
    expect(rooms.byId.get(12)).toEqual(channel.room())
  })

  test('a head that is ahead asks for a fresh list', () => {
    const rooms = listOf(new Channel())
    expect(withHead(rooms, 12, 0)).toBe(rooms)
    expect(withHead(rooms, 12, 1).stale).toBe(true)
  })

  test('a head of a room that is not in the list asks for a fresh list, once', () => {
    const rooms = withHead(listOf(new Channel()), 99, 0)
    expect(rooms.stale).toBe(true)
    expect(withHead(rooms, 98, 4)).toBe(rooms)
  })

  test('a room that came or went while the list was asked for is not undone by it', () => {
    const [a, b] = [new Channel(1), new Channel(2)]
    let rooms = asking(listOf(a))
    rooms = withRoom(rooms, b.room())
    rooms = withoutRoom(rooms, 1)
    rooms = withList(rooms, [a.room()])
    expect([...rooms.byId.keys()]).toEqual([2])
  })
})

describe('law 4: snapshot + events = fresh snapshot', () => {
  test.each(Array.from({ length: 40 }, (_, seed) => seed))('with losses, repeats and lists in between (seed %i)', (seed) => {
    const dice = random(seed)
    const channels = [new Channel(1), new Channel(2), new Channel(3)]
    let rooms = listOf(...channels)
    let late: (() => void)[] = []
    for (let step = 0; step < 300; step++) {
      const channel = dice.pick(channels)
      const what = dice.below(9)
      if (what < 4 || !channel.seq) channel.post(2)
      else if (what < 5) channel.edit(1 + dice.below(channel.seq))
      else if (what < 6) channel.delete(1 + dice.below(channel.seq))
      else if (what < 7) channel.join(2 + dice.below(4))
      else if (what < 8 && channel.count > 1) channel.promote(dice.pick([...channel.people.keys()].slice(1)))
      else channel.rename(`部屋${step}`)
      const event = channel.events.at(-1)!
      // Now and then the server tells a message to everybody by itself, in place of its event.
      if ('message' in event && dice.chance(0.1)) rooms = withCaughtUp(rooms, channel.told(event.rev - 1), ME)
      else if (!dice.chance(0.1)) rooms = withEvent(rooms, event, ME)
      if (dice.chance(0.1)) rooms = withEvent(rooms, event, ME)
      if (rooms.stale && dice.chance(0.3)) {
        rooms = asking(rooms)
        const list = channels.map((one) => one.room())
        late.push(() => (rooms = withList(rooms, list)))
      }
      if (dice.chance(0.3)) late.splice(0).forEach((deliver) => deliver())
    }
    late.forEach((deliver) => deliver())
    for (const channel of channels) rooms = withHead(rooms, channel.id, channel.rev)
    if (rooms.stale)
      rooms = withList(
        asking(rooms),
        channels.map((one) => one.room()),
      )
    for (const channel of channels) expect(rooms.byId.get(channel.id)).toEqual(channel.room())
  })
})
