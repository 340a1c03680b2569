/** The person whose card is open. */
import { NoAnswer } from '../lib/socket'
import { problemText } from '../ui/said.svelte'
import type { Change } from './listing'
import type { Card } from './types'

const AGAIN_WITHIN_MS = 500

export interface CardOptions {
  ask(id: number): Promise<Card>
  isOpen(): boolean
}

export class CardWatch {
  person = $state.raw<Card | null>(null)
  problem = $state('')
  private id: number | null = null
  private asked = 0

  constructor(private readonly options: CardOptions) {}

  show(id: number | null): void {
    if (id === this.id && !this.problem) return
    this.id = id
    this.problem = ''
    this.person = null
    this.reload()
  }

  changed(change: Change): void {
    if (this.id === null) return
    if (change.gone?.includes(this.id)) return this.reload()
    const row = change.people?.find((one) => one.id === this.id)
    if (!row || (row.rev ?? change.rev) <= (this.person?.rev ?? 0)) return
    // What everybody may see of him has come; what oneself may see besides has to be asked for.
    setTimeout(() => this.reload(), Math.random() * AGAIN_WITHIN_MS)
  }

  reload(): void {
    if (this.id !== null && this.options.isOpen()) void this.ask(this.id)
  }

  private async ask(id: number): Promise<void> {
    const number = ++this.asked
    try {
      const person = await this.options.ask(id)
      if (number === this.asked) [this.person, this.problem] = [person, '']
    } catch (error) {
      if (number !== this.asked || id !== this.id) return
      // Without a line: the next one asks again.
      if (!(error instanceof NoAnswer)) [this.person, this.problem] = [null, problemText(error)]
    }
  }
}
