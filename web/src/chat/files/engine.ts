/** Brings chosen files to the server: two at a time, on after every break, and after a reload. Fetched when wanted. */
import * as api from '../../lib/api'
import { backoff } from '../../lib/backoff'
import { clientId } from '../../lib/clientid'
import { fileWords } from '../../words/files'
import { words } from '../../words/words.svelte'
import { mebibytes, nameOf } from './chosen'
import * as progress from './progress'
import type { Limits } from './progress'
import { Tabs } from './tabs'
import { carry, giveUp, passes, type Told } from './tus'
import type { SentFile } from './types'
import { type Upload, type Uploads, without } from './uploads'
import { type Kept, Vault } from './vault'

/** The server takes three; one is left for another window. */
const AT_ONCE = 2
/** So many times without a byte more, and the person is asked. */
const TRIES = 8
/** Refusals that another time may not meet: there is no room. */
const LATER = new Set(['file_space', 'file_quota'])
/** Drawn as pictures before they are sent: what every browser can. */
const PICTURES = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp'])

export interface Host {
  readonly account: number
  uploads(): Uploads
  change(next: Uploads): void
  /** Somebody who listens should hear this. */
  say(text: string): void
  /** Does a written message take it along? */
  carried(id: string): boolean
  ready(id: string, file: SentFile): void
  refused(id: string, problem: string): void
}

/** What the engine works with. */
export interface Means {
  carry: typeof carry
  giveUp: typeof giveUp
  vault: Pick<Vault, 'put' | 'note' | 'remove' | 'all' | 'close'>
  /** `holds` says which files this window sends. */
  tabs(holds: (ids: string[]) => string[]): Pick<Tabs, 'inTurn' | 'free' | 'close'>
}

export class Engine {
  private readonly blobs = new Map<string, Blob>()
  private readonly running = new Map<string, AbortController>()
  private readonly vault: Means['vault']
  private readonly tabs: ReturnType<Means['tabs']>
  private readonly wakers = new Set<() => void>()
  /** Waited for here, and sent by another window. */
  private readonly elsewhere = new Set<string>()
  private stopped = false

  constructor(
    private readonly host: Host,
    private readonly means: Means = meansOf(host.account),
  ) {
    this.vault = means.vault
    this.tabs = means.tabs((ids) => ids.filter((id) => this.blobs.has(id)))
    addEventListener('online', this.wake)
  }

  /** What an earlier page left behind, but for what another window sends. `wanted` are those that a message waits for:
   * one that is nowhere is told. */
  restore(wanted: readonly string[] = []): Promise<void> {
    return this.tabs.inTurn(async () => {
      const all = await this.vault.all()
      const free = await this.tabs.free([...new Set([...all.map(([one]) => one.id), ...wanted])])
      if (this.stopped) return
      for (const [one, blob] of all) if (free.has(one.id)) this.take(one, blob)
      for (const id of wanted) if (!this.blobs.has(id)) this.notHere(id, free)
      if (!all.length) void this.vault.remove([])
      this.flow()
    })
  }

  add(channel: number, files: readonly File[], already: number, limits: Limits): void {
    const t = fileWords()
    const { taken, turned } = progress.sorted(files, already, limits)
    for (const file of taken) {
      const one: Kept = { id: clientId(), channel, name: nameOf(file), size: file.size, media: file.type }
      this.take(one, file)
      void this.vault.put(one, file)
    }
    for (const { file, why } of turned) {
      const one: Kept = { id: clientId(), channel, name: nameOf(file), size: file.size, media: file.type }
      const problem = why === 'too_big' ? t.too_big(mebibytes(limits.max_bytes), mebibytes(file.size)) : t.too_many(words.n(limits.max_files))
      this.host.change(progress.withAdded(this.host.uploads(), [{ ...one, state: 'refused', sent: 0, problem }]))
      this.host.say(t.refused(file.name, problem))
    }
    this.flow()
  }

  /** Not wanted any more: gone here and, where the server knows of it, there. */
  cancel(ids: readonly string[]): void {
    for (const { id, key } of this.host.uploads()) if (ids.includes(id) && key) void this.means.giveUp(key)
    this.forget(ids)
  }

  /** Sent, or never wanted: nothing is kept here. */
  forget(ids: readonly string[]): void {
    const gone = new Set(ids)
    for (const one of this.host.uploads()) {
      if (!gone.has(one.id)) continue
      // What is being announced is let go when the server has said what it calls it.
      if (one.key) this.running.get(one.id)?.abort()
      this.blobs.delete(one.id)
      if (one.preview) URL.revokeObjectURL(one.preview)
    }
    this.host.change(without(this.host.uploads(), gone))
    void this.vault.remove(gone)
    this.flow()
  }

  again(id: string, afresh = false): void {
    if (!this.blobs.has(id)) return void this.seek([id], afresh)
    if (!this.running.has(id)) {
      const { later } = this.of(id) ?? {}
      this.host.change(progress.withAgain(this.host.uploads(), id, afresh))
      const one = this.of(id)
      if (one && later) void this.vault.note(keptOf(one))
    }
    this.flow()
  }

  /** There is a line again: nobody waits any longer, but for what there was no room for. */
  readonly wake = (): void => {
    for (const one of this.host.uploads()) if (one.state === 'failed' && !one.later) this.again(one.id)
    for (const waker of [...this.wakers]) waker()
    if (this.elsewhere.size) void this.seek([...this.elsewhere])
  }

  stop(): void {
    this.stopped = true
    removeEventListener('online', this.wake)
    for (const one of this.running.values()) one.abort()
    this.vault.close()
    this.tabs.close()
  }

  private take(one: Kept, blob: Blob): void {
    this.blobs.set(one.id, blob)
    this.elsewhere.delete(one.id)
    const preview = PICTURES.has(one.media) ? { preview: URL.createObjectURL(blob) } : {}
    const state = one.later ? 'failed' : 'waiting'
    this.host.change(progress.withAdded(this.host.uploads(), [{ ...one, ...preview, state, sent: 0 }]))
  }

  /** A message waits for these, and this window has not got their bytes: perhaps they are kept, perhaps another has. */
  private seek(ids: readonly string[], afresh = false): Promise<void> {
    return this.tabs.inTurn(async () => {
      const all = new Map((await this.vault.all()).map(([one, blob]) => [one.id, { one, blob }]))
      const free = await this.tabs.free([...ids])
      if (this.stopped) return
      for (const id of ids) {
        const found = all.get(id)
        if (this.blobs.has(id)) continue
        if (!found || !free.has(id)) this.notHere(id, free)
        else this.take(afresh ? withoutKey(found.one) : found.one, found.blob)
      }
      this.flow()
    })
  }

  /** Another window sends it, or it is lost: then its message says so. */
  private notHere(id: string, free: ReadonlySet<string>): void {
    if (!free.has(id)) return void this.elsewhere.add(id)
    this.elsewhere.delete(id)
    this.host.refused(id, words.t.file.lost)
  }

  private flow(): void {
    if (this.stopped) return
    for (const one of progress.next(this.host.uploads(), AT_ONCE)) void this.run(one)
  }

  private async run({ id, name }: Upload): Promise<void> {
    const cancelled = new AbortController()
    this.running.set(id, cancelled)
    this.host.change(progress.withSending(this.host.uploads(), id))
    try {
      const told = await this.untilThere(id, cancelled.signal)
      if (!told) return
      // A page that ended in the moment of the answer has left it behind.
      if (told.state === 'sent' && !this.host.carried(id)) return this.forget([id])
      const { file } = told
      this.host.change(progress.withReady(this.host.uploads(), id, file))
      this.host.say(fileWords().done(name))
      this.host.ready(id, file)
    } catch (error) {
      this.ended(id, error, cancelled.signal)
    } finally {
      this.running.delete(id)
      this.flow()
    }
  }

  /** As often as it takes; null: cancelled. */
  private async untilThere(id: string, signal: AbortSignal): Promise<Told | null> {
    for (let tries = 0; ; tries++) {
      const one = this.of(id)
      const blob = this.blobs.get(id)
      if (!one || !blob || signal.aborted) return null
      const before = one.sent
      try {
        return await this.means.carry({ ...one, blob }, this.hears(id), signal)
      } catch (error) {
        if (signal.aborted) return null
        if ((this.of(id)?.sent ?? 0) > before) tries = 0
        if (!passes(error) || (tries >= TRIES && navigator.onLine)) throw error
        this.host.change(progress.withBroken(this.host.uploads(), id))
        await this.pause(500 + backoff(tries, Math.random), signal)
      }
    }
  }

  private hears(id: string) {
    return {
      created: (key: string) => {
        if (!this.blobs.has(id)) {
          // Let go while it was announced: the server need not hold its room.
          this.running.get(id)?.abort()
          return void this.means.giveUp(key)
        }
        this.host.change(progress.withKey(this.host.uploads(), id, key, 0))
        const one = this.of(id)
        if (one) void this.vault.note(keptOf(one))
      },
      progress: (sent: number) => this.host.change(progress.withProgress(this.host.uploads(), id, sent)),
    }
  }

  private ended(id: string, error: unknown, signal: AbortSignal): void {
    const one = this.of(id)
    if (signal.aborted || !one || api.mendedElsewhere(error)) return
    const t = fileWords()
    const refused = error instanceof api.ApiError && error.code.startsWith('file_') && !LATER.has(error.code)
    const problem = (error instanceof api.ApiError && error.message) || t.failed
    const later = error instanceof api.ApiError && LATER.has(error.code)
    const now = this.host.uploads()
    this.host.change(refused ? progress.withRefused(now, id, problem) : progress.withFailed(now, id, problem, later))
    this.host.say(t.refused(one.name, problem))
    if (later) void this.vault.note(keptOf({ ...one, problem, later }))
    if (!refused) return
    // What may not travel need not be kept either.
    this.blobs.delete(id)
    void this.vault.remove([id])
    this.host.refused(id, problem)
  }

  private of(id: string): Upload | undefined {
    return this.host.uploads().find((one) => one.id === id)
  }

  private pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.wakers.delete(done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.wakers.add(done)
      signal.addEventListener('abort', done, { once: true })
    })
  }
}

function meansOf(account: number): Means {
  return { carry, giveUp, vault: new Vault(account), tabs: (holds) => new Tabs(account, holds) }
}

function keptOf({ id, channel, name, size, media, key, later, problem }: Upload): Kept {
  return { id, channel, name, size, media, ...(key ? { key } : {}), ...(later ? { later, problem: problem ?? '' } : {}) }
}

function withoutKey({ key: _, ...one }: Kept): Kept {
  return one
}
