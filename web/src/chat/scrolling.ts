/** Where a reader is in a scrolled list of messages, measured on the elements. */

export interface Anchor {
  seq: number
  top: number
}

/** The rows that are messages, from top to bottom. */
function messageRows(list: HTMLElement): HTMLCollectionOf<HTMLElement> {
  return list.getElementsByClassName('message') as HTMLCollectionOf<HTMLElement>
}

/** The index of the first row whose lower edge is below `y`; rows stand in order, so half of them are skipped at a time. */
function firstBelow(rows: HTMLCollectionOf<HTMLElement>, y: number): number {
  let [low, high] = [0, rows.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (rows[middle]!.getBoundingClientRect().bottom > y) high = middle
    else low = middle + 1
  }
  return low
}

/** The first message that can be seen, and where. */
export function anchorOf(box: HTMLElement, list: HTMLElement): Anchor | null {
  const rows = messageRows(list)
  const row = rows[firstBelow(rows, box.getBoundingClientRect().top + 1)]
  return row ? { seq: Number(row.dataset.seq), top: row.getBoundingClientRect().top } : null
}

/** Scrolls so that the anchored message stands where it stood. */
export function hold(box: HTMLElement, list: HTMLElement, anchor: Anchor): void {
  const row = list.querySelector(`[data-seq="${anchor.seq}"]`)
  if (row) box.scrollTop += row.getBoundingClientRect().top - anchor.top
}

/** The newest message that can be seen whole, or of which the end can be seen; 0 when there is none. */
export function newestSeen(box: HTMLElement, list: HTMLElement): number {
  const rows = messageRows(list)
  const below = firstBelow(rows, box.getBoundingClientRect().bottom + 1)
  return Number(rows[below - 1]?.dataset.seq ?? 0)
}

/** Own messages of which something can be seen, from top to bottom. */
export function ownSeen(box: HTMLElement, list: HTMLElement): number[] {
  const rows = messageRows(list)
  const { top, bottom } = box.getBoundingClientRect()
  const seen: number[] = []
  for (let at = firstBelow(rows, top); rows[at] && rows[at]!.getBoundingClientRect().top < bottom; at++) {
    if (rows[at]!.classList.contains('own')) seen.push(Number(rows[at]!.dataset.seq))
  }
  return seen
}

/** The message in the middle of what can be seen. */
export function middleOf(box: HTMLElement, list: HTMLElement): number | null {
  const rows = messageRows(list)
  const { top, height } = box.getBoundingClientRect()
  const row = rows[firstBelow(rows, top + height / 2)] ?? rows[rows.length - 1]
  return row ? Number(row.dataset.seq) : null
}

export function distanceToEnd(box: HTMLElement): number {
  return box.scrollHeight - box.clientHeight - box.scrollTop
}
