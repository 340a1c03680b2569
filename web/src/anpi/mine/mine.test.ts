import { beforeEach, describe, expect, test, vi } from 'vitest'

import { NoAnswer, Refused } from '../../lib/socket'
import { Mine } from './mine.svelte'

const KEY = 'renraku.answer.7.waiting'
const said = { self: 'safe' as const, work: 'cannot' as const }
let ask: ReturnType<typeof vi.fn>
let line: 'open' | 'waiting'
let skew: number

const made = () => new Mine({ ask, self: 7, skew, get line() { return line } } as never)
const sent = () => ask.mock.calls.map(([command]) => command).filter((one) => one.do === 'anpi.answer')
const settled = () => new Promise((resolve) => setTimeout(resolve))

beforeEach(() => {
  line = 'open'
  skew = 0
  ask = vi.fn(async () => ({ open: [] }))
})

/** One that was given without a line, by a page that lives no more or by this one. */
async function left(mine: Mine, incident = 3): Promise<void> {
  ask.mockReset().mockRejectedValue(new NoAnswer('no line'))
  line = 'waiting'
  await mine.answer(incident, said, 'directory')
  line = 'open'
}

describe('an answer', () => {
  test('goes out by the way it was given, once', async () => {
    const mine = made()
    expect(await mine.answer(3, said, 'talk')).toBe(true)
    expect(sent()).toMatchObject([{ incident: 3, channel: 'talk', answer: said }])
    expect(localStorage.getItem(KEY)).toBeNull()
  })

  test('without a line waits in this browser and goes out with the next one, under the same number', async () => {
    ask.mockRejectedValue(new NoAnswer('no line'))
    line = 'waiting'
    const mine = made()
    expect(await mine.answer(3, said, 'directory')).toBe(false)
    const first = sent()[0]
    expect(mine.waitingFor(3)).toBeTruthy()

    ask.mockReset().mockResolvedValue({ open: [] })
    const later = made()
    expect(later.waitingFor(3)?.client_id).toBe(first.client_id)
    later.opened()
    await settled()
    expect(sent()).toMatchObject([{ incident: 3, channel: 'queue', client_id: first.client_id, answer: said }])
    expect(localStorage.getItem(KEY)).toBeNull()
  })

  test('that the server will not have is told, and does not wait', async () => {
    ask.mockRejectedValue(new Refused('anpi_closed', 'この安否確認は終了しました。'))
    const mine = made()
    await expect(mine.answer(3, said, 'talk')).rejects.toBeInstanceOf(Refused)
    expect(mine.waiting).toEqual([])
  })

  test('takes the place of one that waits', async () => {
    ask.mockRejectedValue(new NoAnswer('no line'))
    line = 'waiting'
    const mine = made()
    await mine.answer(3, said, 'directory')
    ask.mockReset().mockResolvedValue({ open: [] })
    await mine.answer(3, { self: 'minor' }, 'directory')
    mine.opened()
    await settled()
    expect(sent().map((one) => one.answer.self)).toEqual(['minor'])
  })

  test('that waits stays when the server is busy, and goes when it is over', async () => {
    ask.mockRejectedValue(new NoAnswer('no line'))
    line = 'waiting'
    const mine = made()
    await mine.answer(3, said, 'directory')
    ask.mockReset().mockRejectedValue(new Refused('busy', '', 900))
    mine.opened()
    await settled()
    expect(mine.waiting).toHaveLength(1)
    ask.mockReset().mockRejectedValue(new Refused('anpi_closed', ''))
    mine.opened()
    await settled()
    expect(mine.waiting).toEqual([])
  })
})

describe('an answer that waits', () => {
  test.each(['unavailable', 'disk_full', 'too_fast'])('is kept at %s, and goes out by itself while the line is open', async (code) => {
    vi.useFakeTimers()
    const mine = made()
    await left(mine)
    ask.mockReset().mockRejectedValue(new Refused(code, ''))
    mine.opened()
    await vi.advanceTimersByTimeAsync(0)
    expect(mine.waiting).toHaveLength(1)

    ask.mockReset().mockResolvedValue({ open: [] })
    await vi.advanceTimersByTimeAsync(10_000)
    expect(sent()).toHaveLength(1)
    expect(mine.waiting).toEqual([])
  })

  test('because none came in time goes out though the line has held', async () => {
    vi.useFakeTimers()
    const mine = made()
    ask.mockReset().mockRejectedValue(new NoAnswer('no answer in time'))
    expect(await mine.answer(3, said, 'directory')).toBe(false)
    ask.mockReset().mockResolvedValue({ open: [] })
    await vi.advanceTimersByTimeAsync(10_000)
    expect(mine.waiting).toEqual([])
  })

  test('says when it was written, and not where one was hours ago', async () => {
    vi.useFakeTimers({ now: 1_000_000 })
    const mine = made()
    ask.mockReset().mockRejectedValue(new NoAnswer('no line'))
    line = 'waiting'
    const place = { lat: 35.68, lon: 139.76 }
    await mine.answer(3, { ...said, location: place }, 'directory')
    line = 'open'
    ask.mockReset().mockRejectedValue(new Refused('busy', '', 900_000_000))
    mine.opened()
    await vi.advanceTimersByTimeAsync(0)
    vi.setSystemTime(1_000_000 + 3 * 3_600_000)
    ask.mockReset().mockResolvedValue({ open: [] })
    mine.opened()
    await vi.advanceTimersByTimeAsync(0)
    expect(sent()).toMatchObject([{ at: 1_000_000, channel: 'queue', answer: said }])
    expect(sent()[0].answer.location).toBeUndefined()
  })

  test('says when it was written by the clock of the server', async () => {
    vi.useFakeTimers({ now: 1_000_000 })
    skew = 600_000
    const mine = made()
    await left(mine)
    ask.mockReset().mockResolvedValue({ open: [] })
    mine.opened()
    await vi.advanceTimersByTimeAsync(0)
    expect(sent()).toMatchObject([{ at: 1_600_000, channel: 'queue' }])
  })

  test('is not lost to another window of the same person', async () => {
    const [one, other] = [made(), made()]
    await left(one, 3)
    await left(other, 4)
    expect(made().waiting.map((waiting) => waiting.incident)).toEqual([3, 4])
  })
})

test('a server without the safety check is asked once', async () => {
  ask.mockRejectedValue(new Refused('invalid', ''))
  const mine = made()
  await settled()
  mine.opened()
  expect(ask).toHaveBeenCalledTimes(1)
})
