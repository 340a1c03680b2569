import { describe, expect, test } from 'vitest'

import { areaOf, lineOf, marksOf, spanOf, spanParts, stepsOf, ticksOf } from './curve'

test('the four times are counted from the start; one that was not reached is none', () => {
  expect(marksOf({ since: 1_000, quarters: [31_000, 91_000, 3_601_000, 0] })).toEqual([
    { share: 25, seconds: 30 },
    { share: 50, seconds: 90 },
    { share: 75, seconds: 3_600 },
    { share: 90, seconds: null },
  ])
  expect(marksOf({ since: 1_000, quarters: [] }).every((one) => one.seconds === null)).toBe(true)
})

test('a step is where more have answered than before', () => {
  expect(stepsOf({ step: 10_000, points: [0, 3, 3, 7] })).toEqual([[20, 3], [40, 7]])
  expect(stepsOf({ step: 10_000, points: [] })).toEqual([])
})

describe('the picture', () => {
  test('reaches to a line with a name, beyond the last answer', () => {
    expect(spanOf([[610, 3]], 0, 7)).toBe(720)
    expect(spanOf([], 0, 7)).toBe(60)
    expect(spanOf([[30, 1]], 99_999, 7)).toBe(600)
    expect(spanOf([[50 * 3_600, 1]], 0, 7) % (12 * 3_600)).toBe(0)
  })

  test('has no more lines than there is room for, the first at 0', () => {
    for (const span of [60, 720, 3_600, 86_400, 5 * 86_400, 1_000 * 86_400]) {
      for (const most of [4, 7]) {
        const ticks = ticksOf(span, most)
        expect(ticks[0]).toBe(0)
        expect(ticks.length).toBeGreaterThan(1)
        expect(ticks.length).toBeLessThanOrEqual(most + 1)
      }
    }
  })

  test('goes up in steps and stays where it is until now', () => {
    const size = { width: 100, height: 50 }
    const line = lineOf([[10, 1], [20, 4]], 4, 40, 30, size)
    expect(line).toBe('M0 50H25V37.5H50V0H75')
    expect(areaOf(line, size)).toBe('M0 50H25V37.5H50V0H75V50H0Z')
  })

  test('of nobody is a line on the ground', () => {
    expect(lineOf([], 0, 60, 60, { width: 10, height: 5 })).toBe('M0 5H10')
  })
})

test('a time is told in days, hours, minutes and seconds', () => {
  expect(spanParts(90_061.4)).toEqual({ days: 1, hours: 1, minutes: 1, seconds: 1 })
})
