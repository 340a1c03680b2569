/** What was begun in each room and not sent yet; kept in this browser, per account. */
import { drop, keep, kept, keptNames } from '../lib/keep'

const STORE_AFTER_MS = 400

export class Drafts {
  private texts = $state.raw<ReadonlyMap<number, string>>(new Map())
  private forgotten = false
  private readonly timers = new Map<number, ReturnType<typeof setTimeout>>()

  constructor(private readonly account: number) {
    const names = keptNames(`draft.${account}.`)
    const texts = names.map((name) => [Number(name), kept<string>(`draft.${account}.${name}`) ?? ''] as const)
    this.texts = new Map(texts.filter(([, text]) => text))
    addEventListener('pagehide', () => this.storeAll())
  }

  of(channel: number): string {
    return this.texts.get(channel) ?? ''
  }

  has(channel: number): boolean {
    return this.of(channel).trim() !== ''
  }

  set(channel: number, text: string): void {
    const texts = new Map(this.texts)
    if (text) texts.set(channel, text)
    else texts.delete(channel)
    this.texts = texts
    // Not at every key: storage writes to disk.
    clearTimeout(this.timers.get(channel))
    this.timers.set(channel, setTimeout(() => this.store(channel), STORE_AFTER_MS))
  }

  /** Nothing is kept any more, neither what was begun nor what is typed until the page is gone. */
  forget(): void {
    this.forgotten = true
    this.texts = new Map()
  }

  private storeAll(): void {
    for (const channel of [...this.timers.keys()]) this.store(channel)
  }

  private store(channel: number): void {
    clearTimeout(this.timers.get(channel))
    this.timers.delete(channel)
    if (this.forgotten) return
    const key = `draft.${this.account}.${channel}`
    const text = this.of(channel)
    if (text) keep(key, text)
    else drop(key)
  }
}
