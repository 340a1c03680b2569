/** A list of people that is read page by page and kept right while others change it. */
import { withPage } from './rows'

/** Others answer all the time: lists are read anew this often at most. */
const AGAIN_AFTER_MS = 4_000

interface Page<T> {
  total: number
  after: number
  people: T[]
}

type Ask<P> = (after: number, limit: number) => Promise<P>

const PAGE = 100
/** What the server gives at once. */
const MOST = 200

export class People<T extends { id: number }, P extends Page<T>> {
  people = $state.raw<readonly T[] | null>(null)
  /** The newest answer without its people: how many there are, and whatever else it says of them. */
  told = $state.raw<Omit<P, 'people'> | null>(null)
  problem = $state.raw<unknown>(null)
  busy = $state(false)

  private question: Ask<P> | null = null
  private turn = 0
  private timer: ReturnType<typeof setTimeout> | undefined

  get more(): boolean {
    return !!this.told?.after
  }

  /** Another question: what is held is for the one before, and stays until the answer. */
  async ask(question: Ask<P>): Promise<void> {
    this.question = question
    await this.read(PAGE)
  }

  /** The same question once more, soon. */
  againSoon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      // Who has read further than one answer holds keeps his place; what changed there is put over it.
      if ((this.people?.length ?? 0) <= MOST) void this.read(Math.min(MOST, Math.max(PAGE, this.people?.length ?? 0)))
      else void this.count()
    }, AGAIN_AFTER_MS)
  }

  again(): Promise<void> {
    return this.read(PAGE)
  }

  async next(): Promise<void> {
    if (!this.more || this.busy || !this.question) return
    const turn = this.turn
    this.busy = true
    try {
      const page = await this.question(this.told!.after, PAGE)
      if (turn === this.turn) this.hold(withPage(this.people ?? [], page.people), page)
    } catch (error) {
      if (turn === this.turn) this.problem = error
    }
    this.busy = false
  }

  change(changed: (people: readonly T[]) => readonly T[]): void {
    if (this.people) this.people = changed(this.people)
  }

  stop(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    this.turn++
  }

  private async read(limit: number): Promise<void> {
    if (!this.question) return
    const turn = ++this.turn
    try {
      const page = await this.question(0, limit)
      if (turn === this.turn) this.hold(page.people, page)
    } catch (error) {
      if (turn === this.turn) this.problem = error
    }
  }

  /** How many there are by now, and whatever else is said of them all. */
  private async count(): Promise<void> {
    const turn = this.turn
    try {
      const { people: _, ...told } = await this.question!(0, 1)
      if (turn === this.turn && this.told) this.told = { ...told, after: this.told.after }
    } catch {
      // What is shown stays, and is asked for again when something changes.
    }
  }

  private hold(people: readonly T[], { people: _, ...told }: P): void {
    this.people = people
    this.told = told
    this.problem = null
  }
}
