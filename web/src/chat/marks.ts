/** Read marks on their way to the server: at most one in two seconds a channel, none lost, only upward. */

const AT_MOST_EVERY_MS = 2_000

interface Mark {
  wanted: number
  lastAt: number
  timer: ReturnType<typeof setTimeout> | undefined
}

export class Marks {
  private readonly marks = new Map<number, Mark>()

  /** `tell` resolves when the server has it, and rejects when it may not. */
  constructor(private readonly tell: (channel: number, seq: number) => Promise<unknown>) {}

  /** The person has seen everything up to `seq`. */
  report(channel: number, seq: number): void {
    const mark = this.of(channel)
    if (seq <= mark.wanted) return
    mark.wanted = seq
    mark.timer ??= setTimeout(() => this.send(channel, mark), Math.max(0, mark.lastAt + AT_MOST_EVERY_MS - Date.now()))
  }

  /** A new connection: what the server may not have heard is told again. */
  resume(known: (channel: number) => number | undefined): void {
    for (const [channel, mark] of this.marks) {
      const read = known(channel)
      if (read === undefined) this.forget(channel)
      else if (mark.wanted > read) void this.send(channel, mark)
    }
  }

  forget(channel: number): void {
    clearTimeout(this.marks.get(channel)?.timer)
    this.marks.delete(channel)
  }

  private of(channel: number): Mark {
    const mark = this.marks.get(channel) ?? { wanted: 0, lastAt: 0, timer: undefined }
    this.marks.set(channel, mark)
    return mark
  }

  private async send(channel: number, mark: Mark): Promise<void> {
    clearTimeout(mark.timer)
    mark.timer = undefined
    mark.lastAt = Date.now()
    // Told again after the next connection, when this fails.
    await this.tell(channel, mark.wanted).catch(() => {})
  }
}
