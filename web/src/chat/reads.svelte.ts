/** 既読 of the open room: asks for marks in a small room, for the counts on the screen in a large one. */
import type { Arrival } from '../lib/socket'
import type { Answers, Command, Message, Room } from '../lib/wire'
import * as reads from './reads'
import type { Reads } from './reads'

/** After scrolling: not for every line that passes. */
const COUNT_AFTER_MS = 400
const COUNT_AT_MOST_EVERY_MS = 5_000
const COUNT_AGAIN_AFTER_MS = 10_000
const MARKS_AGAIN_AFTER_MS = 1_000

export interface ReadingOptions {
  ask<C extends Command>(command: C): Promise<Answers[C['do']]>
  isOpen(): boolean
  room(id: number): Room | undefined
}

export class Reading {
  now = $state.raw<Reads>(reads.unknown(0))
  /** Own messages on the screen. */
  private onScreen: readonly number[] = []
  private timer: ReturnType<typeof setTimeout> | undefined
  private countedAt = Number.NEGATIVE_INFINITY
  private asking = false

  constructor(private readonly options: ReadingOptions) {}

  /** The room on the screen; 0: none. */
  show(channel: number): void {
    if (channel === this.now.channel) return
    clearTimeout(this.timer)
    this.timer = undefined
    this.now = reads.unknown(channel)
    this.onScreen = []
    this.countedAt = Number.NEGATIVE_INFINITY
    this.asking = false
    this.refresh()
  }

  of(message: Message): number {
    return reads.readers(this.now, message)
  }

  /** Own messages that can be seen now. */
  seen(seqs: readonly number[]): void {
    if (seqs.join() === this.onScreen.join()) return
    this.onScreen = seqs
    if (this.isLarge()) this.countIn(COUNT_AFTER_MS)
  }

  arrived({ frame }: Arrival): void {
    if (!('channel' in frame) || frame.channel !== this.now.channel) return
    switch (frame.is) {
      case 'read.marks':
        this.now = reads.withMarks(this.now, frame)
        break
      case 'read.counts':
        this.now = reads.withCounts(this.now, frame)
        break
      case 'read':
        this.now = reads.withRead(this.now, frame)
        break
      case 'message.posted':
        this.now = reads.withPosted(this.now, frame.message)
        break
      case 'member.left':
        this.now = reads.withoutMember(this.now, frame.member.id)
        break
      case 'member.joined':
      case 'changes':
      case 'reset':
        // Of whom came in meanwhile nothing is known yet.
        this.now = { ...this.now, stale: true }
    }
    if (this.now.stale) this.refreshIn(MARKS_AGAIN_AFTER_MS)
    // Grown beyond what marks are told of.
    if (this.now.marks && this.isLarge()) this.now = reads.unknown(this.now.channel)
  }

  opened(): void {
    this.asking = false
    this.refresh()
  }

  private isLarge(): boolean {
    return (this.options.room(this.now.channel)?.members ?? 0) > reads.SMALL_ROOM
  }

  private refresh(): void {
    if (!this.now.channel || !this.options.isOpen() || !this.options.room(this.now.channel)) return
    if (this.isLarge()) this.countIn(0)
    else void this.askMarks()
  }

  private refreshIn(ms: number): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      this.refresh()
    }, ms)
  }

  private async askMarks(): Promise<void> {
    const { channel } = this.now
    if (this.asking) return
    this.asking = true
    await this.options.ask({ do: 'read.marks', channel }).catch(() => {})
    if (channel === this.now.channel) this.asking = false
  }

  private countIn(ms: number): void {
    const wait = Math.max(ms, this.countedAt + COUNT_AT_MOST_EVERY_MS - Date.now())
    clearTimeout(this.timer)
    this.timer = setTimeout(() => void this.count(), wait)
  }

  private async count(): Promise<void> {
    const { channel } = this.now
    const members = this.options.room(channel)?.members ?? 0
    const seqs = reads.uncounted(this.now, this.onScreen, members).slice(-100)
    this.timer = undefined
    if (seqs.length && this.options.isOpen() && document.visibilityState === 'visible') {
      this.countedAt = Date.now()
      await this.options.ask({ do: 'read.counts', channel, seqs }).catch(() => {})
    }
    if (channel === this.now.channel && this.timer === undefined) this.countIn(COUNT_AGAIN_AFTER_MS)
  }
}
