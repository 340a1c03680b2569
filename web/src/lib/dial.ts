/** The address that dials a number: the company's scheme, and the number without what is only there for the eye. */

export const DEFAULT_SCHEME = 'tel:'

// Hyphens and dashes of every kind, blanks, brackets; also in their wide forms.
const FOR_THE_EYE = /[\s\p{Pd}\p{Ps}\p{Pe}−－ー]/gu
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:/
const NOT_TO_DIAL = /^(javascript|data|vbscript|file|blob|about):/i

/** Empty when there is nothing to dial. */
export function dialLink(scheme: string, number: string): string {
  const dialled = number.replace(FOR_THE_EYE, '')
  return dialled && (isScheme(scheme) ? scheme : DEFAULT_SCHEME) + encodeURIComponent(dialled.toWellFormed())
}

/** The server refuses the others too; an address of this page is not the place to trust that. */
export function isScheme(scheme: string): boolean {
  return SCHEME.test(scheme) && !NOT_TO_DIAL.test(scheme)
}
