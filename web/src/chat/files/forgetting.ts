/** The chosen files of an account leave this browser: small, for it is asked for before anything else is loaded. */

import { drop } from '../../lib/keep'

/** Says in what is kept as text that there are files too. */
export const MARK = 'files.'

export function vaultOf(account: number | string): string {
  return `renraku.files.${account}`
}

/** The mark stays until they are gone: whoever comes next takes up what was not finished. */
export function forgetVault(account: string): void {
  try {
    indexedDB.deleteDatabase(vaultOf(account)).onsuccess = () => drop(MARK + account)
  } catch {
    // Switched off: then there is nothing.
    drop(MARK + account)
  }
}
