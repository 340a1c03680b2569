/** The departments as a tree. Pure: what is open and which one is chosen is the screen's. */
import type { Department } from './types'

export interface Tree {
  readonly byId: ReadonlyMap<number, Department>
  /** In their order; 0 stands for the top. */
  readonly below: ReadonlyMap<number, readonly Department[]>
}

/** A line of the tree as it is drawn. */
export interface Branch {
  readonly department: Department
  /** 1 at the top. */
  readonly level: number
  /** Null when nothing is below it. */
  readonly open: boolean | null
  readonly place: number
  readonly siblings: number
}

export const TOP = 0
export const noTree: Tree = { byId: new Map(), below: new Map() }

export function treeOf(departments: Iterable<Department>): Tree {
  const byId = new Map([...departments].map((one) => [one.id, one]))
  const below = new Map<number, Department[]>()
  for (const one of byId.values()) {
    const above = parentOf(byId, one)
    below.set(above, [...(below.get(above) ?? []), one])
  }
  for (const list of below.values()) list.sort(inOrder)
  return { byId, below }
}

/** The same tree with some departments new, changed or gone. */
export function withDepartments(tree: Tree, changed: readonly Department[], gone: readonly number[]): Tree {
  if (!changed.length && !gone.length) return tree
  const byId = new Map(tree.byId)
  for (const one of changed) byId.set(one.id, one)
  for (const id of gone) byId.delete(id)
  return treeOf(byId.values())
}

/** What can be seen when just these are open. */
export function branches(tree: Tree, open: ReadonlySet<number>): Branch[] {
  const shown: Branch[] = []
  const walk = (above: number, level: number) => {
    const list = tree.below.get(above) ?? []
    list.forEach((department, at) => {
      const parent = tree.below.has(department.id)
      const opened = parent && open.has(department.id)
      shown.push({ department, level, open: parent ? opened : null, place: at + 1, siblings: list.length })
      if (opened) walk(department.id, level + 1)
    })
  }
  walk(TOP, 1)
  return shown
}

/** From the top down to it, itself the last. */
export function pathTo(tree: Tree, id: number): Department[] {
  const path: Department[] = []
  for (let at = tree.byId.get(id); at && !path.includes(at); at = tree.byId.get(at.parent ?? TOP)) path.unshift(at)
  return path
}

/** The department and all under it. */
export function withAllBelow(tree: Tree, id: number): Set<number> {
  const found = new Set<number>([id])
  for (const one of found) for (const child of tree.below.get(one) ?? []) found.add(child.id)
  return found
}

/** Open enough that this one can be seen. */
export function openedTo(tree: Tree, open: ReadonlySet<number>, id: number): ReadonlySet<number> {
  const above = pathTo(tree, id).slice(0, -1)
  return above.every((one) => open.has(one.id)) ? open : new Set([...open, ...above.map((one) => one.id)])
}

/** Where a key leads in the tree: to another line, or to a line that opens or closes. */
export function pressed(shown: readonly Branch[], at: number, key: string): { to?: number; turn?: number } {
  const here = shown[at]
  if (!here) return {}
  switch (key) {
    case 'ArrowDown':
      return { to: Math.min(at + 1, shown.length - 1) }
    case 'ArrowUp':
      return { to: Math.max(at - 1, 0) }
    case 'Home':
      return { to: 0 }
    case 'End':
      return { to: shown.length - 1 }
    case 'ArrowRight':
      return here.open === false ? { turn: here.department.id } : here.open ? { to: at + 1 } : {}
    case 'ArrowLeft': {
      if (here.open) return { turn: here.department.id }
      const above = shown.findLastIndex((one, place) => place < at && one.level < here.level)
      return above < 0 ? {} : { to: above }
    }
    default:
      return {}
  }
}

/** One whose parent is not known, or who would hang under himself, stands at the top: nobody gets lost. */
function parentOf(byId: ReadonlyMap<number, Department>, one: Department): number {
  const met = new Set([one.id])
  for (let at = one.parent; at; at = byId.get(at)?.parent) {
    if (met.has(at) || !byId.has(at)) return at === one.parent || met.has(at) ? TOP : one.parent!
    met.add(at)
  }
  return one.parent ?? TOP
}

/** How many posts are held in a department and in all under it: who has two of them counts twice. */
export function heldBelow(tree: Tree, id: number): number {
  return [...withAllBelow(tree, id)].reduce((sum, one) => sum + (tree.byId.get(one)?.people ?? 0), 0)
}

/** As the server sorts: by code points, which are not the units of our strings. */
export function inOrder(a: { sort: string; id: number }, b: { sort: string; id: number }): number {
  const [left, right] = [[...a.sort], [...b.sort]]
  for (let at = 0; at < left.length && at < right.length; at++) {
    const difference = left[at]!.codePointAt(0)! - right[at]!.codePointAt(0)!
    if (difference) return difference
  }
  return left.length - right.length || a.id - b.id
}
