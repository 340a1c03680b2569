/** The list of S21, page after page, kept right while answers come in. */
import type { Board } from '../shapes'
import * as api from './api'
import { type Chosen, conditionsOf, NOTHING } from './conditions'
import type { AskedPerson } from './shapes'

/** What is told of deliveries is numbers: who they are is asked, and not more often than this. */
const AGAIN_AFTER_MS = 2_000
/** All who look are told in the same moment. */
const WITHIN_MS = 1_000
/** So many are read anew; who stands further down has his answer by the frames. */
const AGAIN_AT_MOST = 300

type Row = NonNullable<Board['rows']>[number]

export class AskedPeople {
  /** Null: not known yet. */
  people = $state.raw<readonly AskedPerson[] | null>(null)
  total = $state(0)
  more = $state(false)
  problem = $state.raw<unknown>(null)
  /** What the list answers. */
  asked = $state.raw<Chosen>(NOTHING)

  private turn = 0
  private paging = false
  private sending = ''
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly incident: number) {}

  async ask(chosen: Chosen): Promise<void> {
    this.asked = chosen
    this.people = null
    await this.read()
  }

  /** The end of the list has come near. */
  async next(): Promise<void> {
    const last = this.people?.at(-1)
    if (!this.more || this.paging || !last) return
    this.paging = true
    const turn = this.turn
    try {
      const page = await api.people(this.incident, conditionsOf(this.asked), last.id)
      if (turn === this.turn) [this.people, this.more] = [[...(this.people ?? []), ...page.people], page.more ?? false]
    } catch {
      // Asked again with the next look.
    }
    this.paging = false
  }

  /** Answers are put over the rows; who has got what is asked again, a moment later. */
  heard(frame: Board): void {
    if (frame.rows?.length) this.people = withRows(this.people, frame.rows)
    const sending = JSON.stringify([frame.sending, frame.state, frame.totals.asked])
    if (sending !== this.sending && this.sending) this.soon()
    this.sending = sending
    if (frame.more) this.soon()
  }

  /** The same question once more; what is on the screen stays until the answer. */
  soon(wait = AGAIN_AFTER_MS + Math.random() * WITHIN_MS): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      void this.read()
    }, wait)
  }

  stop(): void {
    clearTimeout(this.timer)
    this.turn++
  }

  /** As many pages as there were, within bounds. */
  private async read(): Promise<void> {
    const turn = ++this.turn
    const held = this.people ?? []
    const wanted = Math.min(held.length, AGAIN_AT_MOST)
    try {
      const first = await api.people(this.incident, conditionsOf(this.asked))
      const people = [...first.people]
      let more = first.more ?? false
      while (more && people.length < wanted && turn === this.turn) {
        const page = await api.people(this.incident, conditionsOf(this.asked), people.at(-1)!.id)
        people.push(...page.people)
        more = page.more ?? false
      }
      if (turn !== this.turn) return
      const rest = more ? withoutThese(held.slice(people.length), people) : []
      ;[this.people, this.total, this.problem] = [[...people, ...rest], first.total, null]
      if (!rest.length) this.more = more
    } catch (error) {
      if (turn === this.turn && this.people === null) this.problem = error
    }
  }
}

function withoutThese(people: readonly AskedPerson[], these: readonly AskedPerson[]): AskedPerson[] {
  const ids = new Set(these.map((one) => one.id))
  return people.filter((one) => !ids.has(one.id))
}

/** The newest answer of each over what the list shows. */
export function withRows(people: readonly AskedPerson[] | null, rows: readonly Row[]): readonly AskedPerson[] | null {
  if (!people) return people
  const newest = new Map(rows.map((row) => [row.id, row]))
  return people.map((one) => {
    const row = newest.get(one.id)
    if (!row) return one
    const { self = '', help = false, work = '', at = 0, doubtful = false } = row
    return { ...one, self, help, work, doubtful, answered_at: at, sent: one.sent || 'waiting' }
  })
}
