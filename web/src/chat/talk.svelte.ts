/** Talk as the components see it: the state, and what a person can do. The rules are in the reducers. */
import * as api from '../lib/api'
import { clientId } from '../lib/clientid'
import { type Arrival, Line, type LineState, NoAnswer, Refused } from '../lib/socket'
import { type Answers, CloseCode, type Command, type Room } from '../lib/wire'
import { Attachments } from './files/attachments.svelte'
import { Marks } from './marks'
import type { Attached, Outbox } from './outbox'
import type { Photos } from './photos.svelte'
import { Presences } from './presence.svelte'
import { Reading } from './reads.svelte'
import * as rooms from './rooms'
import type { Rooms } from './rooms'
import { Sender } from './sender'
import { emptyState, forgotten, type State, withArrival, withTimeline } from './state'
import * as timeline from './timeline'
import { Typists } from './typing.svelte'

/** Timelines kept beside the open one, so that going back and forth asks nothing. */
const KEPT_TIMELINES = 6
const PAGE = 50
/** Fewer unread than this are on the newest page, with some context before them. */
const UNREAD_ON_NEWEST_PAGE = 40
const LATE_AFTER_MS = 2_000
const LIST_AT_MOST_EVERY_MS = 1_000

/** Something else that lives on the same line. */
export interface Guest {
  opened(): void
  arrived(arrival: Arrival): void
}

export type Problem = null | { kind: 'gone' | 'failed'; message: string }

export class Talk {
  // The parts of the state on their own: who reads one is not disturbed when another changes, and with hundreds
  // of rows on the screen that is most of the work.
  rooms = $state.raw<Rooms>(rooms.noRooms)
  timelines = $state.raw<State['timelines']>(new Map())
  outbox = $state.raw<Outbox>([])
  members = $state.raw<State['members']>(null)
  readonly failedIn = $derived(new Set(this.outbox.filter((item) => item.state === 'failed').map((item) => item.channel)))
  /** Whose page this is. */
  readonly self: number
  line = $state.raw<LineState>('connecting')
  /** There has been no line for so long that people should know. */
  late = $state.raw(false)
  /** Has the server told which rooms there are? */
  ready = $state.raw(false)
  me = $state.raw<api.CompanyMe>(null!)
  /** The room on the screen. */
  channel = $state.raw<number | null>(null)
  problem = $state.raw<Problem>(null)
  /** The first message that was unread when the room was opened; 0 when all were read. */
  unreadFrom = $state.raw(0)
  paging = $state.raw<'before' | 'after' | null>(null)
  textLimit = $state.raw(10_000)
  /** How many people may read the record of what is said; null until the server has told. */
  logReaders = $state.raw<number | null>(null)

  readonly presence: Presences
  readonly typists: Typists
  readonly reading: Reading
  readonly files: Attachments
  /** Fetched after the first drawing: until then, and where there is no directory, faces are letters. */
  photos = $state.raw<Photos>()

  private readonly guests = new Set<Guest>()
  private current: State
  private editMs = Number.POSITIVE_INFINITY
  /** The server's clock minus ours. */
  skew = 0
  private lateTimer: ReturnType<typeof setTimeout> | undefined
  private listTimer: ReturnType<typeof setTimeout> | undefined
  private readonly catching = new Set<number>()
  /** One's own read marks as the server told them when the line opened. */
  private serverRead = new Map<number, number>()
  /** Timelines that catch up after the line was lost. */
  private resumed = new Set<number>()
  private readonly net: Line
  private readonly sender: Sender
  private readonly marks = new Marks((channel, seq) => this.ask({ do: 'mark', channel, seq }))

  /** `signedOut`: the server has ended the session of this page. */
  constructor(me: api.CompanyMe, signedOut: () => void) {
    this.me = me
    this.self = me.id
    this.current = emptyState(me.id)
    this.net = new Line({
      url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/socket`,
      hello: () => ({ have: this.resuming() }),
      apply: (arrivals) => this.apply(arrivals),
      changed: (line) => this.lineChanged(line),
      unreached: () => void this.checkSession(),
      ended: (code) => (code === CloseCode.SIGNED_OUT ? signedOut() : undefined),
    })
    this.sender = new Sender({
      account: me.id,
      outbox: () => this.state.outbox,
      change: (outbox) => (this.state = { ...this.state, outbox }),
      ask: (post) => this.ask(post),
      isOpen: () => this.net.state === 'open',
      sent: (files) => this.files.sent(files),
      discarded: (files) => this.files.discarded(files),
      bring: (files, afresh) => files.forEach((one) => this.files.again(one.upload, afresh)),
    })
    this.sender.restore()
    const line = {
      self: me.id,
      ask: <C extends Command>(command: C) => this.ask(command),
      isOpen: () => this.net.state === 'open',
      room: (id: number) => this.room(id),
    }
    this.presence = new Presences(line)
    this.typists = new Typists(line)
    this.reading = new Reading(line)
    this.files = new Attachments({
      ...line,
      outbox: () => this.outbox,
      ready: (id, file) => this.sender.fileReady(id, file),
      refused: (id, problem) => this.sender.fileRefused(id, problem),
    })
  }

  private get state(): State {
    return this.current
  }

  private set state(next: State) {
    this.current = next
    // What is the same as before disturbs nobody.
    this.rooms = next.rooms
    this.timelines = next.timelines
    this.outbox = next.outbox
    this.members = next.members
  }

  start(): () => void {
    this.lineChanged('connecting')
    this.net.start()
    this.files.start()
    const ends = [this.sender.start(), this.presence.start(), this.typists.start(), () => this.net.stop(), () => this.files.stop()]
    return () => ends.forEach((end) => end())
  }

  /** Signing out: the server's closing must not lead anywhere else. */
  hangUp = () => {
    this.net.stop()
    this.files.stop()
  }

  ask<C extends Command>(command: C): Promise<Answers[C['do']]> {
    return this.net.ask(command)
  }

  /** Hears all that comes, until the returned function is called. */
  join(guest: Guest): () => void {
    this.guests.add(guest)
    return () => this.guests.delete(guest)
  }

  // ---------------------------------------------------------------- rooms

  room(id: number | null): Room | undefined {
    return id === null ? undefined : this.rooms.byId.get(id)
  }

  timelineOf(id: number | null): timeline.Timeline | undefined {
    return id === null ? undefined : this.timelines.get(id)
  }

  open(channel: number): void {
    if (this.channel === channel) return
    this.close()
    this.channel = channel
    this.enter()
  }

  close(): void {
    const held = this.timelineOf(this.channel)
    // Up in the past it is of little use later; at the end it is what one wants to see again.
    if (held) this.state = timeline.atEnd(held) ? atTheEnd(this.state, held.channel) : forgotten(this.state, held.channel)
    this.channel = null
    this.problem = null
    this.unreadFrom = 0
    this.typists.show(0)
    this.reading.show(0)
  }

  /** Creating, joining or finding a room: it is in the list when this resolves. */
  async enterBy(command: Extract<Command, { do: 'room.create' | 'room.direct' | 'room.join' }>): Promise<number> {
    return (await this.ask(command)).room.id
  }

  async leaveRoom(channel: number): Promise<void> {
    await this.ask({ do: 'room.leave', channel })
    const left = rooms.withoutRoom(this.state.rooms, channel)
    this.state = forgotten({ ...this.state, rooms: left }, channel)
  }

  // ---------------------------------------------------------------- the timeline

  async older(): Promise<void> {
    const held = this.timelineOf(this.channel)
    if (held?.before) await this.page('before', { before: timeline.first(held) })
  }

  async newer(): Promise<void> {
    const held = this.timelineOf(this.channel)
    if (held && !timeline.atEnd(held)) await this.page('after', { after: timeline.last(held) })
  }

  async toNewest(): Promise<void> {
    const held = this.timelineOf(this.channel)
    if (held && !timeline.atEnd(held)) await this.load(held.channel)
  }

  /** Where the reader is: a `seq`, or END. */
  placed(place: number): void {
    if (this.channel === null) return
    this.state = withTimeline(this.state, this.channel, (held) => timeline.withPlace(held, place))
  }

  /** The person has seen the messages of the open room up to `seq`. */
  seen(seq: number): void {
    const room = this.room(this.channel)
    if (!room || seq <= room.read) return
    this.state = { ...this.state, rooms: rooms.withMarked(this.state.rooms, { channel: room.id, seq }) }
    this.marks.report(room.id, seq)
  }

  again(): void {
    this.problem = null
    this.enter()
  }

  // ---------------------------------------------------------------- messages

  post(channel: number, text: string, files: readonly Attached[] = []): void {
    this.typists.sent()
    const carried = files.length ? { files } : {}
    this.sender.add({ client_id: clientId(), channel, text, at: Date.now() + this.skew, ...carried })
  }

  /** Once more; `without` leaves the files that may not travel behind, or all. */
  sendAgain = (id: string, without: 'refused' | 'all' | null = null) => this.sender.again(id, without)
  discard = (id: string) => this.sender.discard(id)

  async editMessage(seq: number, text: string): Promise<void> {
    await this.ask({ do: 'edit', channel: this.channel!, seq, text })
  }

  async deleteMessage(seq: number): Promise<void> {
    await this.ask({ do: 'delete', channel: this.channel!, seq })
  }

  mayEdit(message: { sender: number; at: number; deleted?: number }): boolean {
    if (message.sender !== this.self || message.deleted || !this.me.talk) return false
    return Date.now() + this.skew < message.at + this.editMs
  }

  // ---------------------------------------------------------------- the line

  private lineChanged(line: LineState): void {
    this.line = line
    if (line === 'open') return this.lineOpened()
    this.sender.lineLost()
    // Not at once: most lines are back before anybody would notice.
    if (!this.late) this.lateTimer ??= setTimeout(() => (this.late = true), LATE_AFTER_MS)
  }

  private lineOpened(): void {
    clearTimeout(this.lateTimer)
    this.lateTimer = undefined
    this.late = false
    this.catching.clear()
    this.marks.resume((channel) => this.serverRead.get(channel))
    this.sender.flush()
    this.settle()
    for (const part of [this.presence, this.typists, this.reading, this.files, ...this.guests]) part.opened()
    if (this.channel !== null && !this.timelineOf(this.channel)) this.enter()
  }

  private resuming(): Record<string, number> {
    const lists = [...this.state.timelines.values()].filter((one) => !this.state.reloading.has(one.channel))
    this.resumed = new Set(lists.map((one) => one.channel))
    return Object.fromEntries(lists.map((one) => [String(one.channel), one.rev]))
  }

  private apply(arrivals: readonly Arrival[]): void {
    let next = this.state
    for (const arrival of arrivals) {
      this.noticed(next, arrival)
      next = withArrival(next, arrival)
    }
    this.state = next
    for (const part of [this.presence, this.typists, this.reading, this.files, ...this.guests]) arrivals.forEach((arrival) => part.arrived(arrival))
    this.settle()
  }

  /** What is not in the state but follows from a frame. */
  private noticed(before: State, { frame }: Arrival): void {
    if (frame.is === 'welcome') {
      this.me = { ...this.me, ...frame.me }
      this.textLimit = frame.text_limit
      this.logReaders = frame.log_readers
      this.editMs = frame.edit_seconds * 1000
      this.skew = frame.now - Date.now()
      this.serverRead = new Map(frame.rooms.map((room) => [room.id, room.read]))
      this.ready = true
    }
    if (frame.is === 'talk.policy') this.logReaders = frame.log_readers
    if (frame.is === 'message.posted' && frame.channel === this.channel && !document.hasFocus()) {
      const read = before.rooms.byId.get(frame.channel)?.read
      // Nobody looks: the line will stand where the person stopped.
      if (frame.message.sender !== this.self && frame.message.seq === (read ?? 0) + 1) this.unreadFrom = frame.message.seq
    }
    if ((frame.is === 'changes' || frame.is === 'reset') && this.resumed.delete(frame.channel)) {
      const read = before.rooms.byId.get(frame.channel)?.read ?? 0
      const missed = frame.messages.some((message) => message.seq > read && message.sender !== this.self)
      if (missed && frame.channel === this.channel) this.unreadFrom = read + 1
    }
  }

  /** After a batch, and when the line opens: ask for what turned out to be missing. */
  private settle(): void {
    const open = this.channel
    if (open !== null && this.ready && !this.room(open)) this.problem = { kind: 'gone', message: '' }
    if (this.net.state !== 'open') return
    for (const held of this.state.timelines.values()) this.catchUp(held)
    for (const channel of this.state.reloading) void this.reload(channel)
    if (this.state.rooms.stale) this.listSoon()
    // Added again, or joined, while the page said that it is gone.
    if (open !== null && this.room(open) && this.problem?.kind === 'gone') this.again()
  }

  private catchUp(held: timeline.Timeline): void {
    const { channel } = held
    if (!timeline.hasGap(held) || this.catching.has(channel) || this.state.reloading.has(channel)) return
    this.catching.add(channel)
    this.ask({ do: 'since', channel, rev: held.rev })
      .catch(() => {})
      .finally(() => this.catching.delete(channel))
  }

  private async reload(channel: number): Promise<void> {
    const held = this.timelineOf(channel)
    if (!held || this.catching.has(channel)) return
    this.catching.add(channel)
    const around = held.place === timeline.END ? {} : { around: held.place }
    await this.ask({ do: 'history', channel, limit: 100, ...around }).catch(() => {})
    this.catching.delete(channel)
  }

  private listSoon(): void {
    this.listTimer ??= setTimeout(() => {
      this.listTimer = undefined
      this.state = { ...this.state, rooms: rooms.asking(this.state.rooms) }
      this.ask({ do: 'rooms' }).catch(() => {})
    }, LIST_AT_MOST_EVERY_MS)
  }

  /** An attempt that does not even begin may mean that the session is over; only HTTP can say so. */
  private async checkSession(): Promise<void> {
    if (!navigator.onLine) return
    await api.me().catch(api.mendedElsewhere)
  }

  // ---------------------------------------------------------------- opening

  private enter(): void {
    const channel = this.channel!
    const room = this.room(channel)
    if (!room) {
      if (this.ready) this.problem = { kind: 'gone', message: '' }
      return
    }
    this.problem = null
    this.typists.show(channel)
    this.reading.show(channel)
    this.unreadFrom = rooms.unread(room) ? room.read + 1 : 0
    const held = this.timelineOf(channel)
    if (held && timeline.atEnd(held) && (!this.unreadFrom || timeline.first(held) <= this.unreadFrom)) return
    this.state = forgotten(this.state, channel)
    void this.load(channel, rooms.unread(room) > UNREAD_ON_NEWEST_PAGE ? this.unreadFrom : undefined)
  }

  private async load(channel: number, around?: number): Promise<void> {
    try {
      await this.ask({ do: 'history', channel, limit: PAGE, ...(around ? { around } : {}) })
      this.keepFew(channel)
    } catch (error) {
      if (channel !== this.channel || this.timelineOf(channel)) return
      // Without a line: the next welcome asks again.
      if (error instanceof NoAnswer && this.net.state !== 'open') return
      this.problem = { kind: 'failed', message: error instanceof Refused ? error.message : '' }
    }
  }

  private async page(side: 'before' | 'after', ask: { before: number } | { after: number }): Promise<void> {
    if (this.paging || this.channel === null) return
    this.paging = side
    await this.ask({ do: 'history', channel: this.channel, limit: PAGE, ...ask }).catch(() => {})
    this.paging = null
  }

  private keepFew(newest: number): void {
    // A Map keeps the order of insertion: the open one goes to the end, the longest unused stands first.
    const order = [...this.state.timelines.keys()].filter((id) => id !== newest && id !== this.channel)
    for (const id of order.slice(0, Math.max(0, order.length - KEPT_TIMELINES))) this.state = forgotten(this.state, id)
  }
}

function atTheEnd(state: State, channel: number): State {
  return withTimeline(state, channel, (held) => timeline.withPlace(held, timeline.END))
}
