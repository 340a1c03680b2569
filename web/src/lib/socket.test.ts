import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { type Arrival, Line, type LineState, NoAnswer, Refused } from './socket'
import type { Frame } from './wire'

/** The other end, in the hands of the test. */
class FakeSocket {
  static all: FakeSocket[] = []
  static get newest(): FakeSocket {
    return FakeSocket.all.at(-1)!
  }
  onopen: (() => void) | null = null
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null
  sent: any[] = []
  closed = false
  constructor(readonly url: string) {
    FakeSocket.all.push(this)
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text))
  }
  close(): void {
    this.closed = true
  }
  says(frame: Partial<Frame> & { is: Frame['is'] }): void {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }
  breaks(code = 1006): void {
    this.onclose?.({ code })
  }
  /** Opens and answers the greeting. */
  async welcomes(): Promise<void> {
    this.onopen?.()
    this.says({ is: 'welcome', ref: this.sent[0].ref, rooms: [] } as never)
    await vi.advanceTimersByTimeAsync(200)
  }
}

let line: Line
let batches: Arrival[][]
let states: LineState[]
const unreached = vi.fn()
const ended = vi.fn()

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', FakeSocket)
  FakeSocket.all = []
  batches = []
  states = []
  unreached.mockReset()
  ended.mockReset()
  line = new Line({
    url: 'ws://test/socket',
    hello: () => ({ have: { '12': 7 } }),
    apply: (arrivals) => batches.push([...arrivals]),
    changed: (state) => states.push(state),
    unreached,
    ended,
    random: () => 0.5,
  })
  line.start()
})

afterEach(() => {
  line.stop()
})

describe('greeting', () => {
  test('hello comes first and says what is held; the line is open when the welcome has been applied', async () => {
    await FakeSocket.newest.welcomes()
    expect(FakeSocket.newest.sent[0]).toMatchObject({ do: 'hello', have: { '12': 7 } })
    expect(batches[0]![0]!.frame.is).toBe('welcome')
    expect(states).toEqual(['connecting', 'open'])
  })

  test('after a loss it says by which code', async () => {
    await FakeSocket.newest.welcomes()
    FakeSocket.newest.breaks(4410)
    await vi.advanceTimersByTimeAsync(500)
    FakeSocket.newest.onopen?.()
    expect(FakeSocket.newest.sent[0]).toMatchObject({ do: 'hello', lost: 4410 })
  })
})

describe('frames', () => {
  test('that arrive together are applied together, in order, and before anybody hears his answer', async () => {
    await FakeSocket.newest.welcomes()
    const order: string[] = []
    batches.length = 0
    const asked = line.ask({ do: 'rooms' }).then(() => order.push(`answer after ${batches.length}`))
    const { ref } = FakeSocket.newest.sent.at(-1)
    FakeSocket.newest.says({ is: 'marked', channel: 1, seq: 1 } as never)
    FakeSocket.newest.says({ is: 'rooms', ref, rooms: [] } as never)
    FakeSocket.newest.says({ is: 'marked', channel: 1, seq: 2 } as never)
    expect(batches).toHaveLength(0)
    await vi.advanceTimersByTimeAsync(200)
    await asked
    expect(batches.map((batch) => batch.map(({ frame }) => frame.is))).toEqual([['marked', 'rooms', 'marked']])
    expect(batches[0]![1]!.command).toEqual({ do: 'rooms' })
    expect(order).toEqual(['answer after 1'])
  })

  test('are applied in a hidden tab too, where no animation frame comes', async () => {
    await FakeSocket.newest.welcomes()
    vi.stubGlobal('requestAnimationFrame', () => 0)
    batches.length = 0
    FakeSocket.newest.says({ is: 'marked', channel: 1, seq: 1 } as never)
    await vi.advanceTimersByTimeAsync(150)
    expect(batches).toHaveLength(1)
  })

  test('that are no JSON are passed over', async () => {
    await FakeSocket.newest.welcomes()
    FakeSocket.newest.onmessage?.({ data: '{' })
    expect(line.state).toBe('open')
  })
})

describe('answers', () => {
  test('an error is a refusal with its code and its sentence', async () => {
    await FakeSocket.newest.welcomes()
    const asked = line.ask({ do: 'mark', channel: 1, seq: 1 }).catch((error) => error)
    const { ref } = FakeSocket.newest.sent.at(-1)
    FakeSocket.newest.says({ is: 'error', ref, code: 'busy', message: '混み合っています。', retry_ms: 900 } as never)
    await vi.advanceTimersByTimeAsync(200)
    const refusal = await asked
    expect(refusal).toBeInstanceOf(Refused)
    expect(refusal).toMatchObject({ code: 'busy', message: '混み合っています。', retryMs: 900 })
  })

  test('without a line there is none, at once', async () => {
    await expect(line.ask({ do: 'rooms' })).rejects.toBeInstanceOf(NoAnswer)
  })

  test('none comes for what was on its way when the line broke', async () => {
    await FakeSocket.newest.welcomes()
    const asked = line.ask({ do: 'rooms' }).catch((error) => error)
    FakeSocket.newest.breaks()
    expect(await asked).toBeInstanceOf(NoAnswer)
  })

  test('none in time is told, and the line is doubted', async () => {
    await FakeSocket.newest.welcomes()
    const asked = line.ask({ do: 'rooms' }, 1_000).catch((error) => error)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(await asked).toBeInstanceOf(NoAnswer)
    expect(FakeSocket.newest.sent.at(-1).do).toBe('ping')
  })
})

describe('coming back', () => {
  test('waits longer and longer, half of 0.5, 1, 2 … s here, never more than 30', async () => {
    const waits: number[] = []
    for (let attempt = 0; attempt < 10; attempt++) {
      const before = FakeSocket.all.length
      FakeSocket.newest.breaks()
      const from = Date.now()
      while (FakeSocket.all.length === before) await vi.advanceTimersByTimeAsync(10)
      waits.push(Math.round((Date.now() - from) / 50) * 50)
    }
    expect(waits.slice(0, 4)).toEqual([250, 500, 1000, 2000])
    expect(Math.max(...waits)).toBe(15_000)
    expect(unreached).toHaveBeenCalledTimes(10)
  })

  test('the wait that the server asks for is kept', async () => {
    await FakeSocket.newest.welcomes()
    FakeSocket.newest.says({ is: 'bye', code: 1012, retry_ms: 7_000 })
    FakeSocket.newest.breaks(1012)
    await vi.advanceTimersByTimeAsync(6_900)
    expect(FakeSocket.all).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(200)
    expect(FakeSocket.all).toHaveLength(2)
  })

  test('a server that puts it off has spoken: nobody asks whether the session has ended', async () => {
    FakeSocket.newest.onopen?.()
    FakeSocket.newest.says({ is: 'bye', code: 1013, retry_ms: 4_000 })
    FakeSocket.newest.breaks(1013)
    expect(unreached).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(4_100)
    expect(FakeSocket.all).toHaveLength(2)
  })

  test('changed rights bring it back at once', async () => {
    await FakeSocket.newest.welcomes()
    await vi.advanceTimersByTimeAsync(1_000)
    FakeSocket.newest.breaks(4411)
    await vi.advanceTimersByTimeAsync(0)
    expect(FakeSocket.all).toHaveLength(2)
  })

  test.each([4400, 4401, 4407])('%i is final', async (code) => {
    await FakeSocket.newest.welcomes()
    FakeSocket.newest.breaks(code)
    await vi.advanceTimersByTimeAsync(120_000)
    expect(FakeSocket.all).toHaveLength(1)
    expect(ended).toHaveBeenCalledWith(code)
    expect(line.state).toBe('ended')
  })

  test('the network comes back: no waiting', async () => {
    FakeSocket.newest.breaks()
    dispatchEvent(new Event('online'))
    expect(FakeSocket.all).toHaveLength(2)
  })

  test('who looks at the tab again comes back at once, unless he was told when', async () => {
    FakeSocket.newest.breaks()
    document.dispatchEvent(new Event('visibilitychange'))
    expect(FakeSocket.all).toHaveLength(2)
    FakeSocket.newest.onopen?.()
    FakeSocket.newest.says({ is: 'bye', code: 1013, retry_ms: 4_000 })
    FakeSocket.newest.breaks(1013)
    document.dispatchEvent(new Event('visibilitychange'))
    expect(FakeSocket.all).toHaveLength(2)
  })

  test('a server that never speaks is given up and tried again', async () => {
    FakeSocket.newest.onopen?.()
    await vi.advanceTimersByTimeAsync(13_000)
    expect(FakeSocket.all.length).toBeGreaterThan(1)
    expect(FakeSocket.all[0]!.closed).toBe(true)
  })
})

describe('a sign of life', () => {
  test('is asked for every 25 s, and a line without one is given up after 10', async () => {
    await FakeSocket.newest.welcomes()
    const socket = FakeSocket.newest
    await vi.advanceTimersByTimeAsync(25_000)
    expect(socket.sent.at(-1).do).toBe('ping')
    socket.says({ is: 'pong', ref: socket.sent.at(-1).ref } as never)
    await vi.advanceTimersByTimeAsync(12_000)
    expect(socket.closed).toBe(false)

    await vi.advanceTimersByTimeAsync(13_000)
    expect(socket.sent.filter((command) => command.do === 'ping')).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(10_100)
    expect(socket.closed).toBe(true)
    expect(line.state).not.toBe('open')
  })

  test('any frame is one', async () => {
    await FakeSocket.newest.welcomes()
    const socket = FakeSocket.newest
    await vi.advanceTimersByTimeAsync(26_000)
    socket.says({ is: 'marked', channel: 1, seq: 1 } as never)
    await vi.advanceTimersByTimeAsync(10_500)
    expect(socket.closed).toBe(false)
  })
})
