import { beforeEach, describe, expect, test, vi } from 'vitest'

import { Channel } from '../testing/channel'
import { FakeLine } from '../testing/line'
import { typingText } from './names'
import { LASTS_MS, nobody, still, type Typing, without, withTyping } from './typing'
import { Typists } from './typing.svelte'

const writes = (person: number, channel = 12) => ({ is: 'typing' as const, channel, person, name: `人${person}` })

describe('who is writing', () => {
  const two = withTyping(withTyping(nobody, writes(2), 1000), writes(3), 2000)

  test('in the order in which they began, each once', () => {
    expect(withTyping(two, writes(2), 3000).map((one) => one.person)).toEqual([2, 3])
  })

  test('counts for six seconds after the last word of it', () => {
    expect(still(two, 1000 + LASTS_MS).map((one) => one.person)).toEqual([3])
    const again = withTyping(two, writes(2), 5000)
    expect(still(again, 1000 + LASTS_MS).map((one) => one.person)).toEqual([2, 3])
  })

  test('ends with the message', () => {
    expect(without(two, 3).map((one) => one.person)).toEqual([2])
    expect(without(two, 9)).toBe(two)
  })

  test.each([
    [[], ''],
    [[2], '人2さんが入力中…'],
    [[2, 3], '人2さんと人3さんが入力中…'],
    [[2, 3, 4, 5], '人2さん、人3さん、ほか2人が入力中…'],
  ])('%o is told as 「%s」', (people, text) => {
    expect(typingText(people.reduce<Typing>((typing, one) => withTyping(typing, writes(one), 0), nobody))).toBe(text)
  })
})

describe('the open room', () => {
  let line: FakeLine
  let typists: Typists

  beforeEach(() => {
    vi.useFakeTimers()
    line = new FakeLine()
    typists = new Typists(line)
    typists.show(12)
  })
  test('is told, and left, and told again on a new line', () => {
    expect(line.take()).toEqual([{ do: 'view', channel: 12 }])
    typists.opened()
    expect(line.take()).toEqual([{ do: 'view', channel: 12 }])
    typists.show(0)
    expect(line.take()).toEqual([{ do: 'view', channel: 0 }])
    typists.opened()
    expect(line.take()).toEqual([])
  })

  test('is not on the screen of a hidden page', () => {
    line.take()
    const stop = typists.start()
    const state = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
    document.dispatchEvent(new Event('visibilitychange'))
    expect(line.take()).toEqual([{ do: 'view', channel: 0 }])
    state.mockReturnValue('visible')
    document.dispatchEvent(new Event('visibilitychange'))
    expect(line.take()).toEqual([{ do: 'view', channel: 12 }])
    stop()
  })

  test('hears of one’s writing at most every three seconds, and at once after a message', () => {
    line.take()
    typists.wrote()
    vi.advanceTimersByTime(2_900)
    typists.wrote()
    expect(line.take()).toEqual([{ do: 'typing', channel: 12 }])
    vi.advanceTimersByTime(100)
    typists.wrote()
    expect(line.take()).toEqual([{ do: 'typing', channel: 12 }])
    typists.sent()
    typists.wrote()
    expect(line.take()).toEqual([{ do: 'typing', channel: 12 }])
  })

  test('shows others until they stop, and nobody of another room, and not oneself', () => {
    for (const frame of [writes(2), writes(3, 13), writes(1)]) typists.arrived({ frame })
    expect(typists.now.map((one) => one.person)).toEqual([2])
    vi.advanceTimersByTime(LASTS_MS - 100)
    expect(typists.now).toHaveLength(1)
    vi.advanceTimersByTime(200)
    expect(typists.now).toEqual([])
  })

  test('who has said it is not writing any more', () => {
    typists.arrived({ frame: writes(2) })
    const channel = new Channel(12)
    channel.post(2)
    typists.arrived({ frame: channel.events[0]! })
    expect(typists.now).toEqual([])
  })

  test('begins empty when another is opened', () => {
    typists.arrived({ frame: writes(2) })
    typists.show(13)
    expect(typists.now).toEqual([])
  })
})
