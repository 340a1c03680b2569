/** A list of people of any length, of which the pages are fetched that come into sight. */
import * as api from './api'
import type { PersonRow } from './shapes'

const PAGE = 100

export interface Asked {
  text: string
  department: number | null
  state: string
  /** on, off, log; none: whoever it is. */
  talk?: string
}

export class Listing {
  /** One place for each person there is, empty while the page is on its way; null: not known yet. */
  people = $state.raw<readonly (PersonRow | undefined)[] | null>(null)
  problem = $state.raw<unknown>(null)
  private asked: Asked = { text: '', department: null, state: '' }
  private pages = new Set<number>()
  private seen: [number, number] = [0, 1]
  /** Another question was asked: what is held answers an older one. */
  private old = true
  /** Answers to an older question are dropped. */
  private turn = 0

  ask(asked: Asked): void {
    this.asked = { ...asked, text: asked.text.trim() }
    this.old = true
    this.begin()
  }

  /** The same question once more: others have changed something. What is on the screen stays until the answer. */
  again(): void {
    this.begin()
    void this.fetch(Math.floor(this.seen[0] / PAGE))
    this.look(...this.seen)
  }

  private begin(): void {
    this.turn++
    this.pages = new Set()
    if (this.old) void this.fetch(0)
  }

  /** Somebody has been changed from here. */
  put(person: PersonRow): void {
    this.people = this.people?.map((one) => (one?.id === person.id ? person : one)) ?? null
  }

  /** These places have come into sight. */
  look(from: number, to: number): void {
    this.seen = [from, to]
    const last = Math.min(to, this.people?.length ?? 0) - 1
    for (let page = Math.floor(from / PAGE); page * PAGE <= last; page++) void this.fetch(page)
  }

  /** Everybody who was asked for, page by page; at most `limit`. */
  async everyId(asked: Asked, limit: number): Promise<number[]> {
    const found: number[] = []
    for (let from = 0; from < limit; from += PAGE) {
      const page = await api.people({ ...asked, text: asked.text.trim(), from, limit: PAGE })
      found.push(...(page.people ?? []).map((one) => one.id))
      if (found.length >= page.total) break
    }
    return found.slice(0, limit)
  }

  private async fetch(page: number): Promise<void> {
    if (this.pages.has(page)) return
    this.pages.add(page)
    const turn = this.turn
    try {
      const answer = await api.people({ ...this.asked, from: page * PAGE, limit: PAGE })
      if (turn !== this.turn) return
      const held = this.old ? [] : (this.people ?? [])
      this.old = false
      this.people = Array.from({ length: answer.total }, (_, at) => answer.people?.[at - page * PAGE] ?? held[at])
      this.problem = null
    } catch (error) {
      if (turn !== this.turn) return
      this.pages.delete(page)
      if (this.old) this.problem = error
    }
  }
}
