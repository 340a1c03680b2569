/** Sends what is in the outbox, and sends it again until the server has it; keeps it over a reload. */
import { drop, keep, kept, keptNames, onDropped } from '../lib/keep'
import { NoAnswer, Refused } from '../lib/socket'
import type { Ack, Post } from '../lib/wire'
import * as outbox from './outbox'
import type { SentFile } from './files/types'
import type { Attached, Item, Outbox } from './outbox'

/** These refusals pass by themselves: the message is sent again without asking the person. */
const PASSING = new Set(['busy', 'unavailable', 'too_fast'])
const AGAIN_AFTER_MS = 3_000
const GIVE_UP_AFTER_MS = 60_000
/** What was written longer ago than this is not sent behind the person's back. */
const TOO_OLD_MS = 12 * 3_600_000

export interface SenderOptions {
  account: number
  outbox(): Outbox
  change(next: Outbox): void
  ask(post: Post): Promise<Ack>
  isOpen(): boolean
  /** What was sent with a message is the server's now; `discarded` is nobody's. */
  sent(files: readonly Attached[]): void
  discarded(files: readonly Attached[]): void
  /** They are to be brought once more; `afresh` because the server has let them go. */
  bring(files: readonly Attached[], afresh: boolean): void
}

export class Sender {
  private timer: ReturnType<typeof setTimeout> | undefined
  private readonly firstTry = new Map<string, number>()
  /** Messages with files that the server had let go. */
  private readonly unknown = new Set<string>()

  constructor(private readonly options: SenderOptions) {}

  /** What an earlier page of this account left behind. */
  restore(): void {
    let next = this.options.outbox()
    for (const id of keptNames(this.key(''))) {
      const item = kept<Item>(this.key(id))
      if (!item?.client_id || typeof item.text !== 'string') continue
      const files = Array.isArray(item.files) && item.files.length ? { files: item.files } : {}
      next = outbox.withItem(next, { client_id: id, channel: item.channel, text: item.text, at: item.at, ...files })
      const old = Date.now() - item.at > TOO_OLD_MS
      if (item.state === 'failed' || old) next = outbox.withFailed(next, id, item.reason ?? '')
    }
    this.options.change(next)
  }

  /** Two windows may hold one message: what the one has sent or thrown away, the other does not send. */
  start(): () => void {
    return onDropped(this.key(''), (id) => {
      const item = this.of(id)
      if (!item || item.state === 'sending' || item.state === 'sent') return
      this.options.discarded(item.files ?? [])
      this.options.change(outbox.without(this.options.outbox(), id))
    })
  }

  add(item: Omit<Item, 'state'>): void {
    this.options.change(outbox.withItem(this.options.outbox(), item))
    this.store(item.client_id)
    this.flush()
  }

  /** Once more; `files` says which of its files go too. */
  again(clientId: string, files: 'refused' | 'all' | null = null): void {
    this.firstTry.delete(clientId)
    const before = this.of(clientId)?.files ?? []
    let next = outbox.withWaiting(this.options.outbox(), clientId)
    if (files) next = outbox.withoutFiles(next, clientId, files)
    const afresh = this.unknown.delete(clientId)
    if (afresh) next = outbox.withFilesAfresh(next, clientId)
    this.options.change(next)
    const left = this.of(clientId)?.files ?? []
    this.options.discarded(before.filter((one) => !left.some((other) => other.upload === one.upload)))
    this.options.bring(left.filter((one) => !one.file), afresh)
    this.store(clientId)
    this.flush()
  }

  discard(clientId: string): void {
    this.options.discarded(this.of(clientId)?.files ?? [])
    this.forget(clientId)
    this.options.change(outbox.without(this.options.outbox(), clientId))
  }

  /** A file has arrived; the message that waited for it may go. */
  fileReady(upload: string, file: SentFile): void {
    this.aboutFile(upload, (all) => outbox.withFile(all, upload, file))
    this.flush()
  }

  fileRefused(upload: string, problem: string): void {
    this.aboutFile(upload, (all) => outbox.withFileRefused(all, upload, problem))
  }

  flush(): void {
    if (!this.options.isOpen()) return
    for (const item of outbox.waiting(this.options.outbox())) void this.send(item)
  }

  lineLost(): void {
    this.options.change(outbox.withLineLost(this.options.outbox()))
  }

  private async send(item: Item): Promise<void> {
    const { client_id, channel, text, files = [] } = item
    const ids = files.map((one) => one.file!.id)
    const tried = this.firstTry.get(client_id) ?? Date.now()
    this.firstTry.set(client_id, tried)
    this.options.change(outbox.withSending(this.options.outbox(), client_id))
    try {
      await this.options.ask({ do: 'post', channel, client_id, text, ...(ids.length ? { files: ids } : {}) })
      // The answer itself has changed the outbox; what is durable need not be kept here.
      this.forget(client_id)
      this.options.sent(files)
    } catch (error) {
      this.failed(client_id, error, Date.now() - tried)
    }
  }

  private failed(clientId: string, error: unknown, after: number): void {
    const passing = error instanceof NoAnswer || (error instanceof Refused && PASSING.has(error.code))
    // Without a line there is no hurry and no end: it goes when the line is back.
    if (passing && (after < GIVE_UP_AFTER_MS || !this.options.isOpen())) {
      this.options.change(outbox.withWaiting(this.options.outbox(), clientId))
      clearTimeout(this.timer)
      const wait = (error instanceof Refused && error.retryMs) || AGAIN_AFTER_MS
      this.timer = setTimeout(() => this.flush(), wait)
      return
    }
    if (error instanceof Refused && this.notAllSent(clientId, error)) return
    const reason = error instanceof Refused ? error.message : ''
    if (error instanceof Refused && error.code === 'file_unknown') this.unknown.add(clientId)
    this.options.change(outbox.withFailed(this.options.outbox(), clientId, reason))
    this.store(clientId)
  }

  /** A file that was let through when it was brought may not travel any more: it says so, and the rest may go. */
  private notAllSent(clientId: string, { code, field, message }: Refused): boolean {
    const key = field.startsWith('files.') ? field.slice('files.'.length) : ''
    const files = (this.of(clientId)?.files ?? []).filter((one) => one.file && key)
    // Where nothing travels, none of them does.
    const bad = code === 'file_disabled' ? files : files.filter((one) => one.file!.id === key)
    bad.forEach((one) => this.fileRefused(one.upload, message))
    return bad.length > 0
  }

  private of(clientId: string): Item | undefined {
    return this.options.outbox().find((one) => one.client_id === clientId)
  }

  private aboutFile(upload: string, change: (all: Outbox) => Outbox): void {
    const item = outbox.carrierOf(this.options.outbox(), upload)
    if (!item) return
    this.options.change(change(this.options.outbox()))
    this.store(item.client_id)
  }

  private store(clientId: string): void {
    const item = this.of(clientId)
    if (item) keep(this.key(clientId), item)
  }

  private forget(clientId: string): void {
    this.firstTry.delete(clientId)
    drop(this.key(clientId))
  }

  // One entry an item: two tabs of one account never write over each other.
  private key(clientId: string): string {
    return `outbox.${this.options.account}.${clientId}`
  }
}
