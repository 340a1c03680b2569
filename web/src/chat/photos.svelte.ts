/** The photos of the people who have been on the screen: asked of the directory, some together, each once. */
import { type Arrival, Refused } from '../lib/socket'
import type { Guest, Talk } from './talk.svelte'

const ASK_AFTER_MS = 150
/** As many as one question takes. */
const ASKED = 300
/** What a server says to a command that it does not know. */
const UNKNOWN = 'invalid'

export class Photos implements Guest {
  private known = $state.raw<ReadonlyMap<number, string>>(new Map())
  private readonly asked = new Set<number>()
  private wanted = new Set<number>()
  private timer: ReturnType<typeof setTimeout> | undefined
  /** Where there is no directory there are no photos. */
  private over = false

  constructor(private readonly talk: Pick<Talk, 'ask'>) {}

  /** The name of this person's photo, once it is known. The first time it is asked for. */
  of(person: number): string | undefined {
    if (!this.asked.has(person)) {
      this.asked.add(person)
      this.wanted.add(person)
      this.askSoon()
    }
    return this.known.get(person)
  }

  opened(): void {
    this.askSoon()
  }

  /** Changes come while the directory is open. */
  arrived({ frame }: Arrival): void {
    if (frame.is !== 'directory.changed' || !frame.people?.length) return
    this.hold(frame.people.filter((row) => this.asked.has(row.id)))
  }

  private askSoon(): void {
    if (!this.wanted.size || this.over) return
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      void this.ask()
    }, ASK_AFTER_MS)
  }

  private async ask(): Promise<void> {
    const people = [...this.wanted].slice(0, ASKED)
    for (const id of people) this.wanted.delete(id)
    try {
      this.hold((await this.talk.ask({ do: 'directory.photos', people })).photos)
    } catch (error) {
      this.over = error instanceof Refused && error.code === UNKNOWN
      // Asked again with whoever comes next, or with the next line.
      for (const id of people) this.wanted.add(id)
      return
    }
    this.askSoon()
  }

  private hold(rows: readonly { id: number; photo?: string }[]): void {
    const known = new Map(this.known)
    for (const { id, photo } of rows) known.set(id, photo ?? '')
    this.known = known
  }
}
