/** The safety check on the screen as the server tells it, once for all who look: a page, its head, its board. */
import type { Talk } from '../chat/talk.svelte'
import type { Arrival } from '../lib/socket'
import type { Board } from './shapes'

type Heard = (frame: Board) => void

export class IncidentLive {
  /** All of it, as of the newest frame; null before the first. */
  board = $state.raw<Board | null>(null)
  /** One may not see it any more. */
  gone = $state(false)

  private incident = 0
  private inside = 0
  /** As of when the newest frame of this line is. */
  private rev = -1
  /** As of when what was heard before the line was lost is. */
  private before = -1
  private readonly listeners = new Set<Heard>()

  constructor(private readonly talk: Talk) {
    talk.join({ opened: () => this.ask(), arrived: (arrival) => this.arrived(arrival) })
  }

  /** On the screen until the returned function is called. Another incident takes the place of the one before. */
  watch(incident: number, heard?: Heard): () => void {
    if (heard) this.listeners.add(heard)
    this.inside++
    if (incident !== this.incident) {
      this.incident = incident
      this.board = null
      this.gone = false
      this.rev = -1
      this.before = -1
      this.ask()
    }
    return () => {
      if (heard) this.listeners.delete(heard)
      this.inside--
      if (!this.inside && this.incident === incident) this.leave()
    }
  }

  private leave(): void {
    this.incident = 0
    this.board = null
    if (this.talk.line === 'open') this.talk.ask({ do: 'anpi.unwatch' }).catch(() => {})
  }

  /** Without a line nothing is lost: the next one asks again. */
  private ask(): void {
    if (this.rev >= 0) this.before = this.rev
    this.rev = -1
    if (!this.incident || this.talk.line !== 'open') return
    this.talk.ask({ do: 'anpi.watch', incident: this.incident }).catch(() => {})
  }

  private arrived({ frame }: Arrival): void {
    if (frame.is === 'anpi.board_gone' && frame.incident === this.incident) this.gone = true
    if (frame.is !== 'anpi.board' || frame.incident !== this.incident) return
    // An answer may have been counted before what was told while it was on its way: only its people are news.
    const older = frame.rev < this.rev && this.board
    // Who has changed while there was no line is not told: lists are to be read anew.
    const missed = this.rev < 0 && this.before >= 0 && frame.rev !== this.before
    if (!older) [this.rev, this.board] = [frame.rev, frame]
    const told = older ? { ...older, rows: frame.rows, more: frame.more } : missed ? { ...frame, more: true } : frame
    for (const heard of this.listeners) heard(told)
  }
}

const made = new WeakMap<Talk, IncidentLive>()

/** One for each page that lives, made when it is first looked at. */
export function liveOf(talk: Talk): IncidentLive {
  const known = made.get(talk) ?? new IncidentLive(talk)
  made.set(talk, known)
  return known
}
