/** Says which room is on the screen and that one is writing there; hears who else is. */
import type { Arrival } from '../lib/socket'
import type { Command } from '../lib/wire'
import { nextEnd, nobody, still, type Typing, withTyping, without } from './typing'

const TELL_AT_MOST_EVERY_MS = 3_000

export interface TypingOptions {
  self: number
  ask(command: Command): Promise<unknown>
  isOpen(): boolean
}

export class Typists {
  now = $state.raw<Typing>(nobody)
  private channel = 0
  /** What the server holds for the channel on this screen. */
  private viewed = 0
  private toldAt = Number.NEGATIVE_INFINITY
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly options: TypingOptions) {}

  start(): () => void {
    const looked = () => this.view()
    document.addEventListener('visibilitychange', looked)
    return () => document.removeEventListener('visibilitychange', looked)
  }

  /** The room on the screen; 0: none. */
  show(channel: number): void {
    if (channel === this.channel) return
    this.channel = channel
    this.set(nobody)
    this.toldAt = Number.NEGATIVE_INFINITY
    this.view()
  }

  /** The text grew in the open room's field. */
  wrote(): void {
    const now = Date.now()
    if (!this.channel || now - this.toldAt < TELL_AT_MOST_EVERY_MS || !this.options.isOpen()) return
    this.toldAt = now
    this.options.ask({ do: 'typing', channel: this.channel }).catch(() => {})
  }

  /** What one wrote is sent: the next text is told of at once. */
  sent(): void {
    this.toldAt = Number.NEGATIVE_INFINITY
  }

  arrived({ frame }: Arrival): void {
    if (!('channel' in frame) || frame.channel !== this.channel) return
    if (frame.is === 'typing' && frame.person !== this.options.self) this.set(withTyping(this.now, frame, Date.now()))
    if (frame.is === 'message.posted') this.set(without(this.now, frame.message.sender))
    if (frame.is === 'member.left') this.set(without(this.now, frame.member.id))
  }

  opened(): void {
    this.viewed = 0
    this.view()
  }

  private view(): void {
    const channel = document.visibilityState === 'visible' ? this.channel : 0
    if (channel === this.viewed || !this.options.isOpen()) return
    this.viewed = channel
    this.options.ask({ do: 'view', channel }).catch(() => {})
  }

  private set(typing: Typing): void {
    this.now = typing
    clearTimeout(this.timer)
    if (!typing.length) return
    this.timer = setTimeout(() => this.set(still(this.now, Date.now())), Math.max(0, nextEnd(typing) - Date.now()) + 20)
  }
}
