/** One's own safety checks as the elements see them: what is open, what one has answered, and what waits for a line. */
import type { Guest, Talk } from '../../chat/talk.svelte'
import { clientId } from '../../lib/clientid'
import { drop, keep, kept } from '../../lib/keep'
import { type Arrival, NoAnswer, Refused } from '../../lib/socket'
import { sayProblem } from '../../ui/said.svelte'
import { asking, inOrder } from './checks'
import type { Check, MyChecks, Said } from './shapes'
import { merged, restored, sayable, type Waiting, without, withWaiting } from './waiting'

/** What a server says to a command that it does not know. */
const UNKNOWN = 'invalid'
/** These refusals do not pass: the answer waits no longer. Any other is the server's trouble, and it is asked again. */
const FINAL = new Set(['anpi_closed', 'anpi_not_asked', UNKNOWN])
const AGAIN_AFTER_MS = 3_000
const AGAIN_AT_MOST_MS = 60_000

export type Way = 'directory' | 'talk' | 'push'

export class Mine implements Guest {
  /** Null: the server has not told yet. */
  open = $state.raw<readonly Check[] | null>(null)
  emergency = $state.raw('')
  waiting = $state.raw<readonly Waiting[]>([])
  /** Those for which an answer is wanted, the most important first. */
  readonly asking = $derived(asking(this.open ?? [], new Set(this.waiting.map((one) => one.incident))))
  /** A server without the safety check. */
  over = $state(false)

  private readonly key: string
  private flushing = false
  private timer: ReturnType<typeof setTimeout> | undefined
  /** Tries in a row that came to nothing. */
  private tries = 0

  constructor(private readonly talk: Pick<Talk, 'ask' | 'self' | 'line' | 'skew'>) {
    this.key = `answer.${talk.self}.waiting`
    this.waiting = restored(kept(this.key), Date.now())
    if (talk.line === 'open') this.opened()
  }

  check(incident: number): Check | undefined {
    return this.open?.find((one) => one.id === incident)
  }

  waitingFor(incident: number): Waiting | undefined {
    return this.waiting.find((one) => one.incident === incident)
  }

  /** Resolves when the server has the answer (true), or when it is kept until there is a line (false). */
  async answer(incident: number, said: Said, channel: Way): Promise<boolean> {
    const one: Waiting = { incident, client_id: clientId(), at: Date.now(), said }
    try {
      await this.send(one, channel)
      // An older one that still waits has nothing more to say.
      this.change((waiting) => waiting.filter((other) => other.incident !== incident || other.at > one.at))
      return true
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error
      this.change((waiting) => withWaiting(waiting, one))
      this.againIn(AGAIN_AFTER_MS)
      return false
    }
  }

  /** A check that is perhaps over: asked of the server, with whether it was one's own. */
  async closed(incident: number): Promise<Check | null> {
    return (await this.talk.ask({ do: 'anpi.mine', incident })).closed ?? null
  }

  // ---------------------------------------------------------------- the line

  opened(): void {
    if (this.over) return
    this.talk.ask({ do: 'anpi.mine' }).catch((error) => {
      if (error instanceof Refused && error.code === UNKNOWN) this.over = true
    })
    void this.flush()
  }

  arrived({ frame }: Arrival): void {
    if (frame.is === 'anpi.mine') this.told(frame)
  }

  private told(checks: MyChecks): void {
    this.open = checks.open.toSorted(inOrder)
    this.emergency = checks.emergency ?? ''
  }

  private send(one: Waiting, channel: Way | 'queue'): Promise<unknown> {
    const { incident, client_id, at } = one
    // By the server's clock: one that is wrong here must not make the answer older than what was said before it.
    const waited = channel === 'queue' ? { at: Math.max(0, at + this.talk.skew) } : {}
    return this.talk.ask({ do: 'anpi.answer', incident, client_id, channel, ...waited, answer: sayable(one, Date.now()) })
  }

  /** One after the other; what is refused for good (it is over by now) waits no longer, and that is said. */
  private async flush(): Promise<void> {
    if (this.flushing) return
    this.flushing = true
    clearTimeout(this.timer)
    this.change((waiting) => waiting)
    while (this.waiting[0]) {
      const one = this.waiting[0]
      try {
        await this.send(one, 'queue')
      } catch (error) {
        if (!(error instanceof Refused && FINAL.has(error.code))) {
          this.againIn((error instanceof Refused && error.retryMs) || Math.min(AGAIN_AFTER_MS * 2 ** this.tries++, AGAIN_AT_MOST_MS))
          break
        }
        sayProblem(error)
      }
      this.tries = 0
      this.change((waiting) => without(waiting, one.client_id))
    }
    this.flushing = false
  }

  /** Without a line the next one does it. */
  private againIn(ms: number): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => {
      if (this.talk.line === 'open' && !this.over) void this.flush()
    }, ms)
  }

  /** Other windows of this person keep theirs in the same place: theirs stay, and are sent by whoever is first. */
  private change(changed: (waiting: readonly Waiting[]) => readonly Waiting[]): void {
    const waiting = changed(merged(this.waiting, restored(kept(this.key), Date.now())))
    this.waiting = waiting
    if (waiting.length) keep(this.key, waiting)
    else drop(this.key)
  }
}

const made = new WeakMap<object, Mine>()

/** One for each page that lives. */
export function mineOf(talk: Talk): Mine {
  let known = made.get(talk)
  if (!known) {
    known = new Mine(talk)
    talk.join(known)
    made.set(talk, known)
  }
  return known
}
