/** The chosen files of an account leave this browser: small, for it is asked for before anything else is loaded. */

/** Says in what is kept as text that there are files too. */
export const MARK = 'files.'

export function vaultOf(account: number | string): string {
  return `renraku.files.${account}`
}

export function forgetVault(account: string): void {
  try {
    indexedDB.deleteDatabase(vaultOf(account))
  } catch {
    // Switched off: then there is nothing.
  }
}
