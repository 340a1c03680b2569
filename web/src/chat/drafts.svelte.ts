/** What was begun in each room and not sent yet; kept in this browser, per account. */
import { SvelteMap } from 'svelte/reactivity'

import { drop, keep, kept, keptNames } from '../lib/keep'

const STORE_AFTER_MS = 400

export class Drafts {
  private readonly texts = new SvelteMap<number, string>()
  private readonly timers = new Map<number, ReturnType<typeof setTimeout>>()

  constructor(private readonly account: number) {
    for (const name of keptNames(`draft.${account}.`)) {
      const text = kept<string>(`draft.${account}.${name}`)
      if (text) this.texts.set(Number(name), text)
    }
    addEventListener('pagehide', () => this.storeAll())
  }

  of(channel: number): string {
    return this.texts.get(channel) ?? ''
  }

  has(channel: number): boolean {
    return this.of(channel).trim() !== ''
  }

  set(channel: number, text: string): void {
    if (text) this.texts.set(channel, text)
    else this.texts.delete(channel)
    // Not at every key: storage writes to disk.
    clearTimeout(this.timers.get(channel))
    this.timers.set(channel, setTimeout(() => this.store(channel), STORE_AFTER_MS))
  }

  private storeAll(): void {
    for (const channel of [...this.timers.keys()]) this.store(channel)
  }

  private store(channel: number): void {
    clearTimeout(this.timers.get(channel))
    this.timers.delete(channel)
    const key = `draft.${this.account}.${channel}`
    const text = this.of(channel)
    if (text) keep(key, text)
    else drop(key)
  }
}
