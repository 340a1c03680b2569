/** Light, dark, or as the device says; kept in this browser. */
import { drop, keep, kept } from './keep'

export type Scheme = 'auto' | 'light' | 'dark'

export function scheme(): Scheme {
  const value = kept<string>('scheme')
  return value === 'light' || value === 'dark' ? value : 'auto'
}

export function setScheme(value: Scheme): void {
  if (value === 'auto') drop('scheme')
  else keep('scheme', value)
  showScheme()
}

/** tokens.css reads the attribute. */
export function showScheme(): void {
  const value = scheme()
  if (value === 'auto') delete document.documentElement.dataset.scheme
  else document.documentElement.dataset.scheme = value
}
