/** The rules of one's own groups that the screen knows too; the server has the last word. Pure. */
export const GROUPS_AT_MOST = 10
export const NAME_AT_MOST = 50

/** The ids in their new order, one of them a step up (-1) or down (1). */
export function moved(order: readonly number[], id: number, step: -1 | 1): number[] {
  const at = order.indexOf(id)
  const to = at + step
  if (at < 0 || to < 0 || to >= order.length) return [...order]
  const next = order.toSpliced(at, 1)
  next.splice(to, 0, id)
  return next
}
