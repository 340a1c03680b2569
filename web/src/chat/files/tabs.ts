/** Windows of one account agree on who sends what: each file is sent by one of them. */

const ANSWER_WITHIN_MS = 300
/** Longer than a window takes that lives. */
const TURN_WITHIN_MS = 5_000

type Said = { asks: string[]; by: number } | { holds: string[] }

/** What is asked for at this moment, by which number, and what of it is still free. */
interface Question {
  by: number
  free: Set<string>
}

export class Tabs {
  private readonly name: string
  private readonly channel: BroadcastChannel | undefined
  private readonly asking = new Set<Question>()

  /** `holds` says which of these are sent by this window. */
  constructor(
    account: number,
    private readonly holds: (ids: string[]) => string[],
  ) {
    this.name = `renraku.files.${account}`
    if (typeof BroadcastChannel === 'undefined') return
    this.channel = new BroadcastChannel(this.name)
    this.channel.onmessage = ({ data }: MessageEvent<Said>) => {
      if ('holds' in data) this.lose(data.holds)
      else this.hear(data.asks, data.by)
    }
  }

  /** Do this while no other window does: who comes second finds what the first has taken. Where there are no locks (a
   * page without TLS), or a window lets go of none, `free` alone decides between windows that ask at once. */
  async inTurn(work: () => Promise<void>): Promise<void> {
    let mine = false
    const turn = () => ((mine = true), work())
    if (!navigator.locks) return turn()
    try {
      await navigator.locks.request(this.name, { signal: AbortSignal.timeout(TURN_WITHIN_MS) }, turn)
    } catch (error) {
      if (mine) throw error
      await turn()
    }
  }

  /** Those of `ids` that no other window sends, or asks for with a smaller number at the same time. */
  async free(ids: string[]): Promise<Set<string>> {
    const question = { by: Math.random(), free: new Set(ids) }
    if (!this.channel || !ids.length) return question.free
    this.asking.add(question)
    this.channel.postMessage({ asks: ids, by: question.by } satisfies Said)
    await new Promise((resolve) => setTimeout(resolve, ANSWER_WITHIN_MS))
    this.asking.delete(question)
    return question.free
  }

  close(): void {
    this.channel?.close()
  }

  /** Another window asks: it is told what it cannot have, and has what it asks for before us. */
  private hear(ids: string[], by: number): void {
    const ours = new Set(this.holds(ids))
    for (const question of this.asking) {
      if (by < question.by) ids.forEach((id) => question.free.delete(id))
      else ids.filter((id) => question.free.has(id)).forEach((id) => ours.add(id))
    }
    if (ours.size) this.channel?.postMessage({ holds: [...ours] } satisfies Said)
  }

  private lose(held: string[]): void {
    for (const { free } of this.asking) held.forEach((id) => free.delete(id))
  }
}
