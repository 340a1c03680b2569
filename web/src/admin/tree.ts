/** Departments as a tree: a flat list in, rows to draw out. */
import type { Department } from './shapes'

export interface Branch {
  department: Department
  depth: number
  /** How many are below it, at any depth. */
  below: number
  /** Who has a post in it or below. */
  people: number
}

/** Every department after the one above it, siblings as the server orders them. */
export function branches(departments: readonly Department[]): Branch[] {
  const children = byParent(departments)
  const found: Branch[] = []
  const walk = (parent: number | null, depth: number): { below: number; people: number } => {
    const sum = { below: 0, people: 0 }
    for (const department of children.get(parent) ?? []) {
      const branch = { department, depth, below: 0, people: 0 }
      found.push(branch)
      const under = walk(department.id, depth + 1)
      branch.below = under.below
      branch.people = under.people + (department.people ?? 0)
      sum.below += under.below + 1
      sum.people += branch.people
    }
    return sum
  }
  walk(null, 0)
  return found
}

/** The rows of which nothing above is shut. */
export function visible(all: readonly Branch[], open: ReadonlySet<number>): Branch[] {
  const shown: Branch[] = []
  let hiddenBelow = Number.POSITIVE_INFINITY
  for (const branch of all) {
    if (branch.depth > hiddenBelow) continue
    hiddenBelow = open.has(branch.department.id) ? Number.POSITIVE_INFINITY : branch.depth
    shown.push(branch)
  }
  return shown
}

/** The department itself and all below it: where it cannot be moved to. */
export function itselfAndBelow(departments: readonly Department[], id: number): Set<number> {
  const children = byParent(departments)
  const found = new Set([id])
  for (const one of found) for (const child of children.get(one) ?? []) found.add(child.id)
  return found
}

/** Where a department may go: under which others, and not where it already is last. */
export function mayMoveInto(departments: readonly Department[], id: number, parent: number | null): boolean {
  const moved = departments.find((one) => one.id === id)
  if (!moved || (moved.parent ?? null) === parent) return false
  return parent === null || !itselfAndBelow(departments, id).has(parent)
}

/** "本社 / 製造部 / 第一製造課" */
export function pathOf(departments: readonly Department[], id: number): string {
  const byId = new Map(departments.map((one) => [one.id, one]))
  const names: string[] = []
  for (let at = byId.get(id); at && names.length < 60; at = byId.get(at.parent ?? 0)) names.unshift(at.name)
  return names.join(' / ')
}

function byParent(departments: readonly Department[]): Map<number | null, Department[]> {
  const known = new Set(departments.map((one) => one.id))
  const children = new Map<number | null, Department[]>()
  for (const one of departments) {
    // One whose parent is not among them stands at the top: it must not vanish.
    const parent = one.parent && known.has(one.parent) ? one.parent : null
    children.set(parent, [...(children.get(parent) ?? []), one])
  }
  for (const siblings of children.values()) siblings.sort((a, b) => compared(a.sort, b.sort) || a.id - b.id)
  return children
}

/** By code points, as the server does; JavaScript itself compares halves of them. */
function compared(a: string, b: string): number {
  const [left, right] = [[...a], [...b]]
  const at = left.findIndex((one, index) => one !== right[index])
  if (at < 0) return left.length - right.length
  return at < right.length ? left[at]!.codePointAt(0)! - right[at]!.codePointAt(0)! : 1
}
