/** The badges of the people on the screen: asked for as they come, told as they change. */
import { onScreen } from '../lib/onscreen'
import { ASKED, type Badges, noBadges, withAnswer, withEvent } from './statuses'
import type { StatusRow } from './types'

const ASK_AFTER_MS = 100

export interface BadgesOptions {
  ask(people: number[]): Promise<{ rev: number; rows: StatusRow[] }>
  isOpen(): boolean
}

export class BadgeWatch {
  known = $state.raw<Badges>(noBadges)
  private readonly shown = new Map<number, number>()
  private readonly told = new Set<number>()
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly options: BadgesOptions) {}

  of(person: number): StatusRow | undefined {
    return this.known.byId.get(person)
  }

  /** For an element that shows this person: asked for when it comes into sight. */
  seen(element: Element, person: number): () => void {
    let leave: (() => void) | undefined
    const stop = onScreen(element, (seen) => {
      leave?.()
      leave = seen ? this.show(person) : undefined
    })
    return () => {
      stop()
      leave?.()
    }
  }

  event(from: number, rev: number, rows: readonly StatusRow[]): void {
    this.known = withEvent(this.known, from, rev, rows)
    if (this.known.stale) this.again()
  }

  /** Nothing that was told is sure any more: a new line. */
  again(): void {
    this.told.clear()
    this.askSoon()
  }

  /** This person is on the screen until the returned function is called. */
  show(person: number): () => void {
    this.shown.set(person, (this.shown.get(person) ?? 0) + 1)
    if (!this.told.has(person)) this.askSoon()
    return () => {
      const left = (this.shown.get(person) ?? 1) - 1
      if (left) this.shown.set(person, left)
      else this.shown.delete(person)
    }
  }

  private askSoon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      void this.ask()
    }, ASK_AFTER_MS)
  }

  private async ask(): Promise<void> {
    const people = [...this.shown.keys()].filter((id) => !this.told.has(id)).slice(0, ASKED)
    if (!people.length || !this.options.isOpen()) return
    for (const id of people) this.told.add(id)
    try {
      const { rev, rows } = await this.options.ask(people)
      this.known = withAnswer(this.known, people, rev, rows)
    } catch {
      // Asked again when they are next in sight, or with the next line.
      for (const id of people) this.told.delete(id)
    }
  }
}
