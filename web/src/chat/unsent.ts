/**
 * What was written in this browser and not sent: drafts, and what the outbox still holds. It stays only for who is
 * signed in, because the machine may be shared; the colours stay, they say nothing about anybody.
 */
import { drop, keptNames } from '../lib/keep'
import { forgetVault, MARK } from './files/forgetting'

const KINDS = ['draft.', 'outbox.', 'answer.']

/** Forgets the texts and files of everybody; or of everybody but `account`. */
export function forgetUnsent(account?: number): void {
  for (const name of keptNames(MARK)) {
    if (name !== String(account)) forgetVault(name)
  }
  for (const kind of KINDS)
    for (const name of keptNames(kind)) if (!name.startsWith(`${account}.`)) drop(kind + name)
}
