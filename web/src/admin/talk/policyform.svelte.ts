/** What is chosen for files, and what became of saving it. */
import { ApiError } from '../../lib/api'
import { problemText } from '../../ui/said.svelte'
import * as api from './api'
import type { Policy, TalkSettings } from './shapes'

export class PolicyForm {
  /** As the server knows it; null: not known yet. */
  held = $state.raw<TalkSettings | null>(null)
  draft = $state<Policy>(policyOf())
  busy = $state(false)
  problem = $state('')
  wrong = $state.raw<Readonly<Record<string, string>>>({})
  /** When it was saved from here. */
  savedAt = $state(0)
  /** Another administrator has changed it while something was typed here. */
  newer = $state.raw<TalkSettings | null>(null)

  /** Which question is the newest: an answer to an older one says nothing any more. */
  private turn = 0
  /** Something was told while it was saved here: perhaps it came after that. */
  private missed = false

  readonly dirty = $derived(this.held !== null && told(this.draft) !== told(this.held))

  async load(): Promise<void> {
    const mine = ++this.turn
    try {
      const settings = await api.settings()
      if (mine !== this.turn) return
      this.show(settings)
      this.problem = ''
    } catch (error) {
      if (mine === this.turn) this.problem = problemText(error)
    }
  }

  /** The server has told that something is different now: by others, or by oneself. */
  async look(): Promise<void> {
    if (this.busy) this.missed = true
    if (this.busy || !this.held) return
    const mine = ++this.turn
    const next = await api.settings().catch(() => null)
    if (!next || mine !== this.turn || next.version === this.held.version) return
    if (this.dirty) this.newer = next
    else this.show(next)
  }

  revert(): void {
    if (this.newer ?? this.held) this.show((this.newer ?? this.held)!)
  }

  async save(): Promise<void> {
    if (!this.held) return
    this.busy = true
    this.turn++
    this.problem = ''
    this.wrong = {}
    try {
      this.show(await api.changeSettings($state.snapshot(this.draft) as Policy, this.held.version))
      this.savedAt = Date.now()
    } catch (error) {
      if (error instanceof ApiError && error.code === 'conflict') this.newer = await api.settings().catch(() => null)
      if (this.newer) this.problem = ''
      else if (error instanceof ApiError && error.field in this.draft) this.wrong = { [error.field]: error.message }
      else this.problem = problemText(error)
    }
    this.busy = false
    if (this.missed) void this.look()
    this.missed = false
  }

  private show(settings: TalkSettings): void {
    this.held = settings
    this.draft = policyOf(settings)
    this.newer = null
    this.savedAt = 0
  }
}

function policyOf(settings?: Policy): Policy {
  const { mode = 'default', extra = [], look_inside = true, uninspected = 'send', executables = 'send' } = settings ?? {}
  return { mode, extra: [...extra], look_inside, uninspected, executables }
}

/** Two that are told the same are the same: the list of extensions has no order. */
function told(policy: Policy): string {
  const { extra, ...rest } = policyOf(policy)
  return JSON.stringify([rest, extra.sort()])
}
