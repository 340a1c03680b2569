/** Counts of an incident as bars, trees and shades of a map. Pure. */
import type { DepartmentCounts, Told } from './shapes'

export type Counts = Required<Told>

export const STATES = ['safe', 'minor', 'major', 'other'] as const
export type State = (typeof STATES)[number]

const NOTHING: Counts = {
  asked: 0,
  unanswered: 0,
  safe: 0,
  minor: 0,
  major: 0,
  other: 0,
  help: 0,
  can: 0,
  home: 0,
  cannot: 0,
  unknown: 0,
  doubtful: 0,
}

/** What the server leaves out is 0. */
export function counts(told: Told | undefined): Counts {
  return { ...NOTHING, ...told }
}

export function answered(told: Told): number {
  return Math.max(0, (told.asked ?? 0) - (told.unanswered ?? 0))
}

/** In whole percent; 100 only when really all have answered, 0 only when nobody has. */
export function percent(told: Told): number {
  const share = told.asked ? (answered(told) / told.asked) * 100 : 0
  return share >= 100 ? 100 : share > 0 ? Math.min(99, Math.max(1, Math.round(share))) : 0
}

/** A part of a bar, in percent of its length. */
export interface Part {
  readonly state: State | 'unanswered'
  readonly count: number
  readonly from: number
  readonly share: number
}

export function partsOf(told: Told): Part[] {
  const parts: Part[] = []
  let from = 0
  for (const state of [...STATES, 'unanswered'] as const) {
    const count = told[state] ?? 0
    const share = told.asked ? (count / told.asked) * 100 : 0
    if (count) parts.push({ state, count, from, share })
    from += share
  }
  return parts
}

/** A line of the tree of departments as it is drawn. */
export interface Line {
  readonly id: number
  readonly name: string
  /** 1 at the top. */
  readonly level: number
  /** Null when nothing is below it. */
  readonly open: boolean | null
  readonly all: Counts
}

/** What can be seen when just these are open; they come in their order, those above before those below. */
export function linesOf(departments: readonly DepartmentCounts[], open: ReadonlySet<number>): Line[] {
  const known = new Set(departments.map((one) => one.id))
  const below = new Map<number, DepartmentCounts[]>()
  for (const one of departments) {
    const above = one.id && one.parent && known.has(one.parent) && one.parent !== one.id ? one.parent : -1
    below.set(above, [...(below.get(above) ?? []), one])
  }
  const lines: Line[] = []
  const walk = (above: number, level: number) => {
    for (const one of below.get(above) ?? []) {
      const opened = below.has(one.id) && one.id ? open.has(one.id) : null
      lines.push({ id: one.id, name: one.name, level, open: opened, all: counts(one.all) })
      if (opened) walk(one.id, level + 1)
    }
  }
  walk(-1, 1)
  return lines
}

/** A tree with one department on top shows what is below it. */
export function openAtFirst(departments: readonly DepartmentCounts[]): Set<number> {
  const tops = linesOf(departments, new Set()).filter((one) => one.open !== null)
  return new Set(tops.length === 1 ? [tops[0]!.id] : [])
}

/** How a prefecture is painted: nobody asked, then six steps of who has answered. */
export const STEPS = [0, 1, 25, 50, 75, 100] as const
export type Shade = 'nobody' | 0 | 1 | 2 | 3 | 4 | 5

export function shadeOf(told: Told | undefined): Shade {
  if (!told?.asked) return 'nobody'
  const share = percent(told)
  return STEPS.findLastIndex((step) => share >= step) as Shade
}

/** Its colour, from the palette. */
export function shadeColour(told: Told | undefined): string {
  const shade = shadeOf(told)
  return shade === 'nobody' ? 'transparent' : `var(--shade-${shade})`
}

/** Somebody there is badly hurt, wrote something else, or calls for help: that is seen whatever the shade is. */
export function urgent(told: Told | undefined): number {
  return Math.max((told?.major ?? 0) + (told?.other ?? 0), told?.help ?? 0)
}
