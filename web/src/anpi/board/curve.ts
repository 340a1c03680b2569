/** The response curve: which share of those asked had answered when. Pure; the picture is in `Curve.svelte`. */

import type { Curve } from './shapes'

/** After so many seconds so many had answered. */
export type Step = readonly [seconds: number, answered: number]

export const SHARES = [25, 50, 75, 90] as const

export interface Mark {
  readonly share: number
  /** Null: not yet. */
  readonly seconds: number | null
}

export interface Size {
  readonly width: number
  readonly height: number
}

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** The distances between two lines below the curve, as people divide time. */
const DISTANCES = [1, 2, 5, 10, 15, 30].map((n) => n * MINUTE).concat([1, 2, 3, 6, 12].map((n) => n * HOUR), [1, 2, 5, 10, 30, 90].map((n) => n * DAY))

/** The steps of what the server tells: after each `step` milliseconds so many; only what grows is one. */
export function stepsOf({ step, points }: Pick<Curve, 'step' | 'points'>): Step[] {
  const steps: Step[] = []
  points.forEach((answered, at) => {
    if (answered > (steps.at(-1)?.[1] ?? 0)) steps.push([((at + 1) * step) / 1000, answered])
  })
  return steps
}

/** When each share of those asked had answered; 0 is not yet. */
export function marksOf({ since, quarters }: Pick<Curve, 'since' | 'quarters'>): Mark[] {
  return SHARES.map((share, at) => ({ share, seconds: quarters[at] ? Math.max(0, (quarters[at] - since) / 1000) : null }))
}

/** How far the picture reaches: a little beyond the last answer, to a line that has a name. */
export function spanOf(steps: readonly Step[], now: number, most: number): number {
  const last = Math.max(steps.at(-1)?.[0] ?? 0, Math.min(now, 10 * MINUTE))
  const distance = distanceFor(last, most)
  return Math.max(distance, Math.ceil(last / distance) * distance)
}

/** The lines below the curve, at most so many after the first. */
export function ticksOf(span: number, most: number): number[] {
  const distance = distanceFor(span, most)
  return Array.from({ length: Math.floor(span / distance) + 1 }, (_, at) => at * distance)
}

function distanceFor(span: number, most: number): number {
  return DISTANCES.find((one) => span / one <= most) ?? Math.ceil(span / most / DAY) * DAY
}

/** A line of steps: between two answers nothing happens. It goes on to `until` where it ended. */
export function lineOf(steps: readonly Step[], people: number, span: number, until: number, { width, height }: Size): string {
  const x = (seconds: number) => round((Math.min(seconds, span) / span) * width)
  const y = (answered: number) => round(height - (people ? Math.min(answered / people, 1) : 0) * height)
  const parts = [`M0 ${y(0)}`]
  for (const [seconds, answered] of steps) parts.push(`H${x(seconds)}V${y(answered)}`)
  parts.push(`H${x(Math.max(until, steps.at(-1)?.[0] ?? 0))}`)
  return parts.join('')
}

/** What lies under the line. */
export function areaOf(line: string, { height }: Size): string {
  return `${line}V${height}H0Z`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

export interface Span {
  readonly days: number
  readonly hours: number
  readonly minutes: number
  readonly seconds: number
}

export function spanParts(seconds: number): Span {
  const whole = Math.max(0, Math.round(seconds))
  return {
    days: Math.floor(whole / DAY),
    hours: Math.floor((whole % DAY) / HOUR),
    minutes: Math.floor((whole % HOUR) / MINUTE),
    seconds: whole % MINUTE,
  }
}
