import { describe, expect, test } from 'vitest'

import { Channel } from '../testing/channel'
import { random } from '../testing/random'
import {
  atEnd,
  END,
  first,
  hasGap,
  last,
  opened,
  type Timeline,
  WINDOW,
  withChanges,
  withEvent,
  withHead,
  withPage,
  withPlace,
} from './timeline'

function channelWith(messages: number): Channel {
  const channel = new Channel()
  for (let n = 0; n < messages; n++) channel.post()
  return channel
}

function seqs(timeline: Timeline): number[] {
  return timeline.messages.map((message) => message.seq)
}

/** The window is exactly what the database holds between its two ends, and its claims about the rest are true. */
function expectTrue(timeline: Timeline, channel: Channel): void {
  expect(timeline.rev).toBe(channel.rev)
  expect(timeline.seq).toBe(channel.seq)
  expect(timeline.messages.length).toBeLessThanOrEqual(WINDOW)
  expect(timeline.messages).toEqual(channel.rows.slice(first(timeline) - 1, last(timeline)))
  expect(timeline.before).toBe(first(timeline) > 1)
}

describe('events', () => {
  test('the next one is applied', () => {
    const channel = channelWith(3)
    const timeline = opened(channel.page())
    channel.post()
    expectTrue(withEvent(timeline, channel.events.at(-1)!), channel)
  })

  test('an older one and a repeated one change nothing', () => {
    const channel = channelWith(3)
    const timeline = opened(channel.page())
    for (const event of channel.events) expect(withEvent(timeline, event)).toBe(timeline)
  })

  test('one that comes too early waits, and takes its place when the missing one comes', () => {
    const channel = channelWith(3)
    const timeline = opened(channel.page())
    channel.post()
    channel.edit(2)
    const [missing, early] = channel.events.slice(-2)

    const gapped = withEvent(timeline, early!)
    expect(hasGap(gapped)).toBe(true)
    expect(gapped.messages).toBe(timeline.messages)

    const healed = withEvent(gapped, missing!)
    expect(hasGap(healed)).toBe(false)
    expectTrue(healed, channel)
  })

  test('edits and deletions keep the place of a message, and those outside of the window only move `rev`', () => {
    const channel = channelWith(100)
    let timeline = opened(channel.page())
    channel.edit(1)
    channel.delete(80)
    for (const event of channel.events.slice(-2)) timeline = withEvent(timeline, event)
    expectTrue(timeline, channel)
    expect(timeline.messages.find((message) => message.seq === 80)).toMatchObject({ deleted: 1, text: '' })
  })

  test('joins, leaves and names move `rev` too', () => {
    const channel = channelWith(1)
    let timeline = opened(channel.page())
    channel.join(2)
    channel.rename('総務')
    channel.leave(2)
    for (const event of channel.events.slice(-3)) timeline = withEvent(timeline, event)
    expectTrue(timeline, channel)
  })

  test('the first message of an empty room appears', () => {
    const channel = new Channel()
    const timeline = opened(channel.page())
    expect(atEnd(timeline)).toBe(true)
    channel.post()
    expectTrue(withEvent(timeline, channel.events[0]!), channel)
  })
})

describe('catching up', () => {
  test('one answer brings everything that was missed', () => {
    const channel = channelWith(20)
    const timeline = opened(channel.page())
    channel.post()
    channel.edit(5)
    channel.delete(21)
    channel.join(3)
    expectTrue(withChanges(timeline, channel.since(timeline.rev)), channel)
  })

  test('what waited behind the gap is applied after it', () => {
    const channel = channelWith(5)
    let timeline = opened(channel.page())
    channel.post()
    const answer = channel.since(timeline.rev)
    channel.post()
    timeline = withEvent(timeline, channel.events.at(-1)!)
    expectTrue(withChanges(timeline, answer), channel)
  })

  test('changes that begin after what is held would leave a hole: all is asked for instead', () => {
    const channel = channelWith(5)
    const timeline = opened(channel.page())
    channel.post()
    channel.post()
    const asking = withChanges(timeline, channel.since(timeline.rev + 1))
    expect(asking).toEqual({ ...timeline, head: channel.rev })
    expect(hasGap(asking)).toBe(true)
  })

  test('a head that is ahead is a gap', () => {
    const timeline = opened(channelWith(5).page())
    expect(hasGap(withHead(timeline, 5))).toBe(false)
    expect(hasGap(withHead(timeline, 6))).toBe(true)
  })
})

describe('pages', () => {
  test('join the window at both ends', () => {
    const channel = channelWith(500)
    let timeline = opened(channel.page({ around: 250 }), 250)
    timeline = withPage(timeline, channel.page({ before: first(timeline) }))
    timeline = withPage(timeline, channel.page({ after: last(timeline) }))
    expectTrue(timeline, channel)
    expect(timeline.messages).toHaveLength(150)
    expect(atEnd(timeline)).toBe(false)
  })

  test('what is farthest from the reader is let go, at either end', () => {
    const channel = channelWith(1000)
    let timeline = opened(channel.page())
    for (let n = 0; n < 10; n++) {
      timeline = withPlace(timeline, first(timeline))
      timeline = withPage(timeline, channel.page({ before: first(timeline) }))
    }
    expectTrue(timeline, channel)
    expect(first(timeline)).toBe(451)
    expect(timeline.messages).toHaveLength(WINDOW)
    expect(atEnd(timeline)).toBe(false)

    while (!atEnd(timeline)) {
      timeline = withPlace(timeline, last(timeline))
      timeline = withPage(timeline, channel.page({ after: last(timeline) }))
    }
    expectTrue(timeline, channel)
    expect(timeline.before).toBe(true)
  })

  test('a page older than an edit that came meanwhile takes `rev` back, and catching up mends its rows', () => {
    const channel = channelWith(100)
    let timeline = opened(channel.page())
    const page = channel.page({ before: first(timeline) })
    channel.edit(10)
    timeline = withEvent(timeline, channel.events.at(-1)!)
    timeline = withPage(timeline, page)
    expect(hasGap(timeline)).toBe(true)
    expectTrue(withChanges(timeline, channel.since(timeline.rev)), channel)
  })

  test('a page that does not touch the window is left out', () => {
    const channel = channelWith(500)
    const timeline = opened(channel.page())
    expect(withPage(timeline, channel.page({ around: 100 }))).toBe(timeline)
  })

  test('new messages are not appended to a window that is not at the end', () => {
    const channel = channelWith(500)
    let timeline = opened(channel.page({ around: 250 }), 250)
    const end = last(timeline)
    channel.post()
    timeline = withEvent(timeline, channel.events.at(-1)!)
    expect(last(timeline)).toBe(end)
    expectTrue(timeline, channel)
  })

  test('a busy room never holds more than the window', () => {
    const channel = channelWith(1)
    let timeline = opened(channel.page())
    for (let n = 0; n < 1000; n++) {
      channel.post()
      timeline = withEvent(timeline, channel.events.at(-1)!)
    }
    expectTrue(timeline, channel)
    expect(seqs(timeline).at(-1)).toBe(1001)
  })
})

describe('law 4: snapshot + events = fresh snapshot', () => {
  test.each(Array.from({ length: 60 }, (_, seed) => seed))('in every order of arrival (seed %i)', (seed) => {
    const dice = random(seed)
    const channel = channelWith(dice.below(400))
    let timeline = opened(channel.page(), END)
    let late: (() => void)[] = []

    const happen = () => {
      const what = dice.below(10)
      const seq = 1 + dice.below(Math.max(1, channel.seq))
      if (what < 6 || !channel.seq) channel.post(1 + dice.below(3))
      else if (what < 7) channel.edit(seq)
      else if (what < 8) channel.delete(seq)
      else if (what < 9) channel.join(2 + dice.below(5))
      else channel.leave(2 + dice.below(5))
      const event = channel.events.at(-1)!
      const deliver = () => (timeline = withEvent(timeline, event))
      if (dice.chance(0.1)) return
      if (dice.chance(0.2)) late.push(deliver)
      else deliver()
      if (dice.chance(0.1)) late.push(deliver)
    }

    const ask = () => {
      const page = channel.page(dice.chance(0.5) ? { before: first(timeline) } : { after: last(timeline) })
      late.push(() => (timeline = withPage(timeline, page)))
    }

    for (let step = 0; step < 400; step++) {
      happen()
      if (dice.chance(0.1)) ask()
      if (dice.chance(0.1)) timeline = withPlace(timeline, dice.pick([END, first(timeline), last(timeline)]))
      if (hasGap(timeline) && dice.chance(0.3)) {
        const changes = channel.since(timeline.rev)
        late.push(() => (timeline = withChanges(timeline, changes)))
      }
      if (dice.chance(0.2)) {
        late.sort(() => dice.below(3) - 1)
        late.splice(0, dice.below(late.length + 1)).forEach((deliver) => deliver())
      }
      const held = seqs(timeline)
      expect(held, 'no hole, at no time').toEqual(held.map((_, index) => held[0]! + index))
      expect(held.length).toBeLessThanOrEqual(WINDOW)
    }

    late.forEach((deliver) => deliver())
    timeline = withHead(timeline, channel.rev)
    if (hasGap(timeline)) timeline = withChanges(timeline, channel.since(timeline.rev))
    expectTrue(timeline, channel)
  })
})
