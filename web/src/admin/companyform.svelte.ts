/** Saving one part of 企業情報: what was refused stands beside its field, anything else below. */
import { ApiError } from '../lib/api'
import { problemText, say } from '../ui/said.svelte'
import { words } from '../words/words.svelte'
import * as api from './api'
import type { AdminCompany, CompanyChanges } from './shapes'

export class CompanyForm {
  busy = $state(false)
  problem = $state('')
  wrong = $state.raw<Readonly<Record<string, string>>>({})

  async save(changes: CompanyChanges, changed: (company: AdminCompany) => void): Promise<void> {
    this.busy = true
    this.problem = ''
    this.wrong = {}
    try {
      changed(await api.changeCompany(changes))
      say(words.t.common.saved)
    } catch (error) {
      if (error instanceof ApiError && error.field in changes) this.wrong = { [error.field]: error.message }
      else this.problem = problemText(error)
    }
    this.busy = false
  }
}
