/** One's own profile as a form: which fields, how long, and what is different. Pure. */
import type { Card } from './types'

/** In the order of the form. */
export const EDITED = [
  'alphabet',
  'employee_number',
  'post',
  'extension_number',
  'phone_number',
  'company_mobile_number',
  'mobile_number',
  'personal_mobile_number',
  'fax_number',
  'email1',
  'email2',
  'web_url',
  'work_areas',
  'home_areas',
  'comment',
  'skill',
  'remarks',
] as const

export type Edited = (typeof EDITED)[number]

const LIMITS: Partial<Record<Edited, number>> = {
  email1: 256,
  email2: 256,
  web_url: 256,
  comment: 500,
  remarks: 500,
  skill: 500,
  work_areas: 1000,
  home_areas: 1000,
}

export function limitOf(field: Edited): number {
  return LIMITS[field] ?? 50
}

export function isLong(field: Edited): boolean {
  return field === 'comment' || field === 'remarks' || field === 'skill'
}

/** Every field as the form holds it; several areas stand in one line. */
export function valuesOf(person: Card): Record<Edited, string> {
  return Object.fromEntries(
    EDITED.map((field) => {
      const value = person[field] ?? ''
      return [field, typeof value === 'string' ? value : value.join(';')]
    }),
  ) as Record<Edited, string>
}

/** Those fields alone that are different; a wide 「；」 separates as well as a narrow one. */
export function changed(
  before: Record<Edited, string>,
  now: Readonly<Record<string, string>>,
  fields: readonly Edited[],
): Record<string, string> {
  const value = (field: Edited) => {
    const text = (now[field] ?? '').trim()
    return field.endsWith('_areas') ? text.replaceAll('；', ';') : text
  }
  return Object.fromEntries(fields.filter((field) => value(field) !== before[field]).map((field) => [field, value(field)]))
}
