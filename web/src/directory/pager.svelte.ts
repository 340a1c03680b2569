/** One list of people on the screen: asks for the pages that can be seen, and keeps them right. */
import { NoAnswer, Refused } from '../lib/socket'
import { problemText } from '../ui/said.svelte'
import * as listing from './listing'
import type { Change, Listing, Query, Told } from './listing'
import type { Row } from './types'

/** The old list stays while the new one is on its way; after this one sees that something is coming. */
const OLD_STAYS_MS = 200
/** Who draws the bar over ten thousand people asks for none of those that fly by. */
const REST_MS = 60
const AGAIN_AFTER_MS = 3_000

export interface PagerOptions {
  ask(query: Query, from: number, limit: number): Promise<Told>
  isOpen(): boolean
  inside(query: Query): (row: Row) => boolean
}

export class Pager {
  shown = $state.raw<Listing | null>(null)
  /** What was asked for last is not there yet. */
  waiting = $state(false)
  problem = $state('')

  private wanted: Query | null = null
  private seen: [number, number] = [0, 30]
  private readonly asking = new Set<number>()
  private asked = 0
  private timer: ReturnType<typeof setTimeout> | undefined
  private oldTimer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly options: PagerOptions) {}

  /** From now on this list. The latest wins, whichever answer comes first. */
  show(query: Query): void {
    if (this.wanted && listing.sameQuery(query, this.wanted) && !this.problem) return
    this.wanted = query
    this.problem = ''
    this.waiting = true
    this.seen = [0, this.seen[1] - this.seen[0]]
    clearTimeout(this.oldTimer)
    this.oldTimer = setTimeout(() => {
      if (this.waiting && !this.problem) this.shown = null
    }, OLD_STAYS_MS)
    void this.begin()
  }

  /** These rows are on the screen. */
  look(from: number, to: number): void {
    this.seen = [from, to]
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.fill(), REST_MS)
  }

  retry(): void {
    const query = this.wanted
    if (query) this.show(query)
  }

  changed(change: Change): void {
    if (!this.shown) return
    this.set(listing.withChange(this.shown, change, this.options.inside(this.shown.query)))
  }

  reload(): void {
    if (this.shown) this.set(listing.stale(this.shown))
  }

  /** There is a line (again). */
  opened(): void {
    this.asking.clear()
    if (this.waiting) void this.begin()
    else this.reload()
  }

  stop(): void {
    this.asked++
    clearTimeout(this.timer)
    clearTimeout(this.oldTimer)
  }

  private async begin(): Promise<void> {
    const query = this.wanted!
    const number = ++this.asked
    this.asking.clear()
    if (!this.options.isOpen()) return
    try {
      const told = await this.options.ask(query, 0, listing.pageSize(query))
      if (number !== this.asked) return
      this.waiting = false
      this.problem = ''
      this.shown = listing.withPage(listing.listingOf(query), told)
      this.fill()
    } catch (error) {
      if (number !== this.asked || (error instanceof NoAnswer && !this.options.isOpen())) return
      this.problem = problemText(error)
      this.shown = null
    }
  }

  private set(next: Listing): void {
    if (next === this.shown) return
    this.shown = next
    this.fill()
  }

  private fill(): void {
    if (!this.shown || this.waiting || !this.options.isOpen()) return
    for (const page of listing.missing(this.shown, ...this.seen)) if (!this.asking.has(page)) void this.page(page)
  }

  private async page(page: number): Promise<void> {
    const number = this.asked
    const { query } = this.shown!
    const size = listing.pageSize(query)
    this.asking.add(page)
    try {
      const told = await this.options.ask(query, page * size, size)
      if (number !== this.asked) return
      this.asking.delete(page)
      this.set(listing.withPage(this.shown!, told))
    } catch (error) {
      if (number !== this.asked) return
      this.asking.delete(page)
      const wait = (error instanceof Refused && error.retryMs) || AGAIN_AFTER_MS
      clearTimeout(this.timer)
      this.timer = setTimeout(() => this.fill(), wait)
    }
  }
}
