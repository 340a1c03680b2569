/** The texts of a person's page, in their sections. */
import type { PersonTexts } from './shapes'

export interface TextField {
  name: keyof PersonTexts
  limit: number
  mode?: 'tel' | 'email' | 'url'
  long?: true
}

export const BASIC: readonly TextField[] = [
  { name: 'login_id', limit: 254, mode: 'email' },
  { name: 'name', limit: 50 },
  { name: 'kana', limit: 50 },
  { name: 'alphabet', limit: 50 },
  { name: 'employee_number', limit: 50 },
  { name: 'post', limit: 50 },
]

export const CONTACT: readonly TextField[] = [
  { name: 'extension_number', limit: 50, mode: 'tel' },
  { name: 'phone_number', limit: 50, mode: 'tel' },
  { name: 'company_mobile_number', limit: 50, mode: 'tel' },
  { name: 'personal_mobile_number', limit: 50, mode: 'tel' },
  { name: 'mobile_number', limit: 50, mode: 'tel' },
  { name: 'fax_number', limit: 50, mode: 'tel' },
  { name: 'email1', limit: 256, mode: 'email' },
  { name: 'email2', limit: 256, mode: 'email' },
  { name: 'web_url', limit: 256, mode: 'url' },
]

export const ABOUT: readonly TextField[] = [
  { name: 'comment', limit: 500, long: true },
  { name: 'skill', limit: 500, long: true },
  { name: 'remarks', limit: 500, long: true },
]

/** One a line, as the form shows them. */
export function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
}
