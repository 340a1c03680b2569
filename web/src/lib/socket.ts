/**
 * The one line to the server. It comes back by itself after every loss, notices when the other end is dead, and
 * hands over what arrives once per animation frame: applying frames one by one costs five times the script time.
 */
import { backoff } from './backoff'
import { isFinal } from './frames'
import { type Answers, CloseCode, type Command, type Frame, type Hello } from './wire'

export type LineState = 'connecting' | 'open' | 'waiting' | 'ended'

/** A frame, and the command it answers. */
export interface Arrival {
  frame: Frame
  command?: Command
}

/** The server said no: nothing has changed. `message` is in the person's language. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly retryMs?: number,
    /** What it is about, where the server says so. */
    readonly field = '',
  ) {
    super(message)
  }
}

/** No answer, because the line was lost or none came in time: the command may or may not have been done. */
export class NoAnswer extends Error {}

export interface LineOptions {
  url: string
  /** What the first frame says: the state to resume from. */
  hello(): Omit<Hello, 'do' | 'lost'>
  /** Everything that arrived since the last call, in order. */
  apply(arrivals: readonly Arrival[]): void
  changed(state: LineState): void
  /** An attempt ended before the server spoke: has the session ended, perhaps? */
  unreached(): void
  /** The server closed for good. */
  ended(code: number): void
  random?: () => number
}

interface Pending {
  command: Command
  resolve(frame: Frame): void
  reject(reason: Error): void
  timer: ReturnType<typeof setTimeout>
}

const PING_EVERY_MS = 25_000
const PONG_WITHIN_MS = 10_000
const CONNECT_WITHIN_MS = 12_000
const ANSWER_WITHIN_MS = 15_000
/** A line that held this long is a good one: the next loss begins with short waits again. */
const GOOD_AFTER_MS = 5_000
/** When no animation frame comes (a hidden tab, a covered window), frames are applied after this. */
const FRAME_FALLBACK_MS = 120

export class Line {
  state: LineState = 'waiting'
  private socket: WebSocket | null = null
  private refs = 0
  private attempt = 0
  private lost = 0
  private openedAt = 0
  private retryMs: number | null = null
  private readonly pending = new Map<number, Pending>()
  private arrivals: Arrival[] = []
  private answers: (() => void)[] = []
  private frame = 0
  private frameTimer: ReturnType<typeof setTimeout> | undefined
  private retryTimer: ReturnType<typeof setTimeout> | undefined
  private connectTimer: ReturnType<typeof setTimeout> | undefined
  private pingTimer: ReturnType<typeof setTimeout> | undefined
  private deadTimer: ReturnType<typeof setTimeout> | undefined
  private readonly random: () => number

  constructor(private readonly options: LineOptions) {
    this.random = options.random ?? Math.random
  }

  start(): void {
    addEventListener('online', this.wake)
    addEventListener('offline', this.doubt)
    addEventListener('pageshow', this.wake)
    document.addEventListener('visibilitychange', this.looked)
    this.connect()
  }

  stop(): void {
    removeEventListener('online', this.wake)
    removeEventListener('offline', this.doubt)
    removeEventListener('pageshow', this.wake)
    document.removeEventListener('visibilitychange', this.looked)
    clearTimeout(this.retryTimer)
    this.abandon(1000)
    this.set('ended')
  }

  /** Asks the server; rejects with `Refused` or `NoAnswer`. */
  ask<C extends Command>(command: C, within = ANSWER_WITHIN_MS): Promise<Answers[C['do']]> {
    return new Promise((resolve, reject) => {
      if (this.state !== 'open') return reject(new NoAnswer('no line'))
      const ref = ++this.refs
      const timer = setTimeout(() => {
        this.pending.delete(ref)
        reject(new NoAnswer('no answer in time'))
        this.check()
      }, within)
      this.pending.set(ref, { command, resolve: resolve as (frame: Frame) => void, reject, timer })
      this.send(command, ref)
    })
  }

  // ---------------------------------------------------------------- coming and going

  private connect(): void {
    clearTimeout(this.retryTimer)
    this.set('connecting')
    this.retryMs = null
    const socket = new WebSocket(this.options.url)
    this.socket = socket
    this.connectTimer = setTimeout(() => this.closed(socket, 1006), CONNECT_WITHIN_MS)
    socket.onopen = () => this.greet()
    socket.onmessage = (event) => this.received(socket, event.data)
    socket.onclose = (event) => this.closed(socket, event.code)
  }

  private greet(): void {
    const ref = ++this.refs
    const command: Command = { do: 'hello', ...this.options.hello(), ...(this.lost ? { lost: this.lost } : {}) }
    this.pending.set(ref, {
      command,
      resolve: () => this.welcomed(),
      reject: () => {},
      // The server closes by itself when it does not like the greeting; the connect timer covers the rest.
      timer: setTimeout(() => {}, 0),
    })
    this.send(command, ref)
  }

  private welcomed(): void {
    clearTimeout(this.connectTimer)
    this.openedAt = Date.now()
    this.set('open')
    this.pingLater()
  }

  private closed(socket: WebSocket, code: number): void {
    if (socket !== this.socket) return
    const reached = this.state === 'open'
    // Whatever the server still said before it closed counts.
    this.flush()
    this.abandon()
    this.lost = code >= 0 && code < 5000 ? code : 0
    if (isFinal(code)) {
      this.set('ended')
      return this.options.ended(code)
    }
    this.set('waiting')
    this.retryTimer = setTimeout(() => this.connect(), this.delay(code, reached))
    if (!reached && this.retryMs === null) this.options.unreached()
  }

  private delay(code: number, reached: boolean): number {
    const held = reached ? Date.now() - this.openedAt : 0
    if (held >= GOOD_AFTER_MS) this.attempt = 0
    if (this.retryMs !== null) return this.retryMs
    // Told to come back at once; but not in a circle.
    if (code === CloseCode.RIGHTS_CHANGED && held > 500) return 0
    return backoff(this.attempt++, this.random)
  }

  /** Lets go of the socket and of everything that waits for it. */
  private abandon(code?: number): void {
    const socket = this.socket
    this.socket = null
    for (const timer of [this.connectTimer, this.pingTimer, this.deadTimer]) clearTimeout(timer)
    this.deadTimer = undefined
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null
      socket.close(code)
    }
    const waiting = [...this.pending.values()]
    this.pending.clear()
    for (const one of waiting) {
      clearTimeout(one.timer)
      one.reject(new NoAnswer('line lost'))
    }
  }

  private set(state: LineState): void {
    if (state === this.state) return
    this.state = state
    this.options.changed(state)
  }

  // ---------------------------------------------------------------- is it alive?

  private pingLater(): void {
    clearTimeout(this.pingTimer)
    this.pingTimer = setTimeout(() => this.check(), PING_EVERY_MS)
  }

  /** Asks for a sign of life, and gives the line up when none comes. */
  private check(within = PONG_WITHIN_MS): void {
    if (this.state !== 'open' || this.deadTimer !== undefined) return
    const socket = this.socket!
    this.send({ do: 'ping' }, ++this.refs)
    this.deadTimer = setTimeout(() => this.closed(socket, 1006), within)
    this.pingLater()
  }

  private readonly wake = () => {
    if (this.state === 'waiting') this.connect()
    else this.check(PONG_WITHIN_MS / 2)
  }

  private readonly doubt = () => this.check(PONG_WITHIN_MS / 2)

  private readonly looked = () => {
    if (document.visibilityState !== 'visible') return
    // Whoever was told when to return keeps to it: thousands look at once when a server comes back.
    if (this.state !== 'waiting' || this.retryMs === null) this.wake()
  }

  // ---------------------------------------------------------------- frames

  private send(command: Command, ref: number): void {
    this.socket?.send(JSON.stringify({ ...command, ref }))
  }

  private received(socket: WebSocket, data: unknown): void {
    if (socket !== this.socket || typeof data !== 'string') return
    clearTimeout(this.deadTimer)
    this.deadTimer = undefined
    const frame = parsed(data)
    if (!frame || frame.is === 'pong') return
    if (frame.is === 'bye') this.retryMs = frame.retry_ms ?? null
    const ref = 'ref' in frame ? (frame.ref ?? 0) : 0
    const pending = this.pending.get(ref)
    if (pending) {
      clearTimeout(pending.timer)
      this.pending.delete(ref)
      this.answers.push(() => settle(pending, frame))
    }
    this.arrivals.push(pending ? { frame, command: pending.command } : { frame })
    this.flushSoon()
  }

  private flushSoon(): void {
    if (this.frameTimer !== undefined) return
    this.frameTimer = setTimeout(this.flush, FRAME_FALLBACK_MS)
    if (document.visibilityState === 'visible') this.frame = requestAnimationFrame(this.flush)
  }

  private readonly flush = () => {
    clearTimeout(this.frameTimer)
    cancelAnimationFrame(this.frame)
    this.frameTimer = undefined
    if (!this.arrivals.length) return
    const [arrivals, answers] = [this.arrivals, this.answers]
    this.arrivals = []
    this.answers = []
    // State first: whoever waited for an answer finds it already applied.
    this.options.apply(arrivals)
    for (const answer of answers) answer()
  }
}

function settle(pending: Pending, frame: Frame): void {
  if (frame.is === 'error') pending.reject(new Refused(frame.code, frame.message, frame.retry_ms, frame.field))
  else pending.resolve(frame)
}

function parsed(data: string): Frame | null {
  try {
    return JSON.parse(data) as Frame
  } catch {
    return null
  }
}
