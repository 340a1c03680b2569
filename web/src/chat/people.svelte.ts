/** Looking for people while somebody types: one question at a time, the last one counts. */
import type { Person } from '../lib/wire'
import { problemText } from '../ui/said.svelte'
import type { Talk } from './talk.svelte'

const ASK_AFTER_MS = 150

export class PeopleSearch {
  found = $state.raw<readonly Person[] | null>(null)
  problem = $state('')
  private timer: ReturnType<typeof setTimeout> | undefined
  private asked = 0

  constructor(private readonly talk: Talk) {}

  find(text: string, at: 'once' | 'soon' = 'soon'): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => void this.ask(text.trim()), at === 'once' ? 0 : ASK_AFTER_MS)
  }

  private async ask(find: string): Promise<void> {
    const number = ++this.asked
    try {
      const { people } = await this.talk.ask({ do: 'people.find', find })
      if (number !== this.asked) return
      this.found = people
      this.problem = ''
    } catch (error) {
      if (number === this.asked) this.problem = problemText(error)
    }
  }
}
