/** Windows of one account agree on who sends what: each file is sent by one of them. */

const ANSWER_WITHIN_MS = 300

type Said = { asks: string[] } | { holds: string[] }

export class Tabs {
  private readonly channel: BroadcastChannel | undefined
  private readonly asking = new Set<(ids: string[]) => void>()

  /** `holds` says which of these are sent by this window. */
  constructor(account: number, holds: (ids: string[]) => string[]) {
    if (typeof BroadcastChannel === 'undefined') return
    this.channel = new BroadcastChannel(`renraku.files.${account}`)
    this.channel.onmessage = ({ data }: MessageEvent<Said>) => {
      if ('holds' in data) return this.asking.forEach((hear) => hear(data.holds))
      const held = holds(data.asks)
      if (held.length) this.channel?.postMessage({ holds: held } satisfies Said)
    }
  }

  /** Those of `ids` that no other window sends. */
  async free(ids: string[]): Promise<Set<string>> {
    const free = new Set(ids)
    if (!this.channel || !ids.length) return free
    const hear = (held: string[]) => held.forEach((id) => free.delete(id))
    this.asking.add(hear)
    this.channel.postMessage({ asks: ids } satisfies Said)
    await new Promise((resolve) => setTimeout(resolve, ANSWER_WITHIN_MS))
    this.asking.delete(hear)
    return free
  }

  close(): void {
    this.channel?.close()
  }
}
