/** What lies beside each room's field, or is on its way with a message. The work is in a part that is fetched later. */
import type { Arrival } from '../../lib/socket'
import { kept } from '../../lib/keep'
import type { Command } from '../../lib/wire'
import { say } from '../../ui/said.svelte'
import { words } from '../../words/words.svelte'
import type { Attached, Outbox } from '../outbox'
import type { Engine } from './engine'
import { MARK } from './forgetting'
import type { SentFile, TalkPolicy } from './types'
import { goes, loose, MOST_FILES, noUploads, type Upload, type Uploads, without } from './uploads'

export interface AttachmentsOptions {
  self: number
  outbox(): Outbox
  ask(command: Command): Promise<unknown>
  isOpen(): boolean
  /** The server has it, and it may travel. */
  ready(id: string, file: SentFile): void
  /** It may not, or it is not to be found any more. */
  refused(id: string, problem: string): void
}

export class Attachments {
  list = $state.raw<Uploads>(noUploads)
  /** For who listens instead of looking: what became of a file. */
  said = $state.raw('')
  /** What the company lets travel; null until the server has said it. */
  policy = $state.raw<TalkPolicy | null>(null)

  /** What a message took along on this page: it never lies beside the field again, also not in the moment in which
   * the message is seen and the answer to its sending has not come. */
  private taken = $state.raw<readonly string[]>([])
  private readonly carried = $derived.by(
    () => new Set([...this.taken, ...this.options.outbox().flatMap((item) => (item.files ?? []).map((file) => file.upload))]),
  )
  private engine: Promise<Engine> | undefined
  private wanted = false
  private asked = false
  private started = false
  private stopped = false

  constructor(private readonly options: AttachmentsOptions) {}

  /** Takes up what an earlier page left behind. */
  start(): void {
    this.taken = [...this.carried]
    this.started = true
    const lost = this.unbrought()
    if (kept(MARK + this.options.self)) void this.run((engine) => engine.restore(lost))
    else lost.forEach((id) => this.options.refused(id, words.t.file.lost))
  }

  stop(): void {
    this.stopped = true
    void this.engine?.then((engine) => engine.stop()).catch(() => {})
  }

  // ---------------------------------------------------------------- what a person does

  /** What lies beside the field of this room. */
  of(channel: number): Uploads {
    return loose(this.list, channel, this.carried)
  }

  upload(id: string): Upload | undefined {
    return this.list.find((one) => one.id === id)
  }

  add(channel: number, files: readonly File[]): void {
    if (!files.length) return
    if (this.policy?.mode === 'off') return say(words.t.file.disabled)
    const { max_bytes = Infinity, max_files = MOST_FILES } = this.policy ?? {}
    // What failed counts: it may be tried again.
    const lying = () => this.of(channel).filter((one) => one.state !== 'refused').length
    void this.run((engine) => engine.add(channel, files, lying(), { max_bytes, max_files }))
  }

  remove(id: string): void {
    if (this.engine) void this.run((engine) => engine.cancel([id]))
    else this.list = without(this.list, new Set([id]))
  }

  again(id: string, afresh = false): void {
    void this.run((engine) => engine.again(id, afresh))
  }

  /** What goes with a message that is written now; the rest stays where it lies. */
  take(channel: number): Attached[] {
    const going = this.of(channel).filter(goes).slice(0, this.policy?.max_files ?? MOST_FILES)
    this.taken = [...this.taken, ...going.map((one) => one.id)]
    return going.map(({ id, name, size, media, file }) => ({ upload: id, name, size, media, ...(file ? { file } : {}) }))
  }

  /** The message is durable: they are the server's. */
  sent(files: readonly Attached[]): void {
    if (files.length) void this.run((engine) => engine.forget(files.map((file) => file.upload)))
  }

  discarded(files: readonly Attached[]): void {
    if (files.length) void this.run((engine) => engine.cancel(files.map((file) => file.upload)))
  }

  // ---------------------------------------------------------------- the line

  /** A field is on the screen: it should know what may travel. */
  want(): void {
    this.wanted = true
    if (this.asked || !this.options.isOpen()) return
    this.asked = true
    this.options.ask({ do: 'talk.policy' }).catch(() => (this.asked = false))
  }

  opened(): void {
    this.asked = false
    if (this.wanted) this.want()
    if (this.engine) void this.engine.then((engine) => engine.wake()).catch(() => {})
    // It could not be fetched; what waits for it waits for a line like everything else.
    else if (this.started && this.unbrought().length) void this.run((engine) => engine.restore(this.unbrought()))
  }

  arrived({ frame }: Arrival): void {
    // A change does not repeat how large and how many.
    if (frame.is === 'talk.policy') this.policy = { ...this.policy, ...frame }
  }

  // ---------------------------------------------------------------- the part that is fetched

  private async run(act: (engine: Engine) => unknown): Promise<void> {
    if (this.stopped) return
    this.engine ??= import('./engine').then(({ Engine }) => new Engine(this.host()))
    try {
      await act(await this.engine)
    } catch {
      this.engine = undefined
      say(words.t.err.unreachable)
    }
  }

  private host() {
    return {
      account: this.options.self,
      uploads: () => this.list,
      change: (next: Uploads) => (this.list = next),
      say: (text: string) => (this.said = text),
      carried: (id: string) => this.carried.has(id),
      ready: (id: string, file: SentFile) => this.options.ready(id, file),
      refused: (id: string, problem: string) => this.options.refused(id, problem),
    }
  }

  /** The files that messages of an earlier page still wait for. */
  private unbrought(): string[] {
    const files = this.options.outbox().flatMap((item) => item.files ?? [])
    return files.filter((one) => !one.file && !one.problem).map((one) => one.upload)
  }
}
