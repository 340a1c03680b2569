/** Presence of the people on the screen: asked for as they come and go, and what one says of oneself. */
import { Idleness } from '../lib/idle'
import type { Command, Presence } from '../lib/wire'
import type { Arrival } from '../lib/socket'
import { asSeen, type Choice, type Known, shownAs, watched, withList, withSeen } from './presence'

const WATCH_AFTER_MS = 300

export interface PresenceOptions {
  self: number
  ask(command: Command): Promise<unknown>
  isOpen(): boolean
}

export class Presences {
  known = $state.raw<Known>(new Map())
  choice = $state.raw<Choice>(asSeen)
  idle = $state.raw(false)
  /** One's own, as others see it. */
  readonly mine = $derived.by(() => this.known.get(this.self) ?? { id: this.self, ...shownAs(this.choice, this.idle) })

  /** How many places of the screen show each person. */
  private readonly shown = new Map<number, number>()
  private told = ''
  private timer: ReturnType<typeof setTimeout> | undefined
  private choosing = 0
  private readonly self: number
  private readonly idleness = new Idleness((idle) => this.idled(idle))

  constructor(private readonly options: PresenceOptions) {
    this.self = options.self
  }

  start(): () => void {
    return this.idleness.start()
  }

  of(person: number): Presence | undefined {
    return this.known.get(person)
  }

  /** This person is on the screen until the returned function is called. */
  show(person: number): () => void {
    this.shown.set(person, (this.shown.get(person) ?? 0) + 1)
    this.watchSoon()
    return () => {
      const left = (this.shown.get(person) ?? 1) - 1
      if (left) this.shown.set(person, left)
      else this.shown.delete(person)
      this.watchSoon()
    }
  }

  async choose(choice: Choice): Promise<void> {
    this.choosing++
    try {
      await this.options.ask({ do: 'presence.choose', ...choice })
      this.choice = choice
      // Others are told within a second; oneself wants to see it at once.
      this.known = new Map(this.known).set(this.self, { id: this.self, ...shownAs(choice, this.idle) })
    } finally {
      this.choosing--
    }
  }

  arrived({ frame }: Arrival): void {
    if (frame.is === 'welcome') this.choice = frame.presence
    if (frame.is !== 'presence') return
    this.known = withList(this.known, frame)
    const seen = frame.people.find((one) => one.id === this.self)
    if (seen && !this.choosing) this.choice = withSeen(this.choice, seen)
  }

  /** A new line: the server knows nothing of what was watched on the old one. */
  opened(): void {
    this.told = ''
    this.watchSoon()
    if (this.idle) this.tell({ do: 'presence.idle', idle: true })
  }

  private idled(idle: boolean): void {
    this.idle = idle
    this.tell({ do: 'presence.idle', idle })
  }

  private watchSoon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      this.watch()
    }, WATCH_AFTER_MS)
  }

  private watch(): void {
    const people = watched(this.shown.keys())
    const list = people.join()
    if (list === this.told || !this.options.isOpen()) return
    this.told = list
    // Told anew with the next change or line; until then the old list serves.
    this.options.ask({ do: 'presence.watch', people }).catch(() => (this.told = ''))
  }

  private tell(command: Command): void {
    if (this.options.isOpen()) this.options.ask(command).catch(() => {})
  }
}
