/** The numbers of a person, in the order in which one calls them. */
import type { Card, Row } from './types'

export const DIALLED = [
  'phone_number',
  'extension_number',
  'company_mobile_number',
  'mobile_number',
  'personal_mobile_number',
] as const

export type NumberField = (typeof DIALLED)[number]

export interface Dialled {
  field: NumberField
  value: string
}

export function numbersOf(person: Card): Dialled[] {
  return DIALLED.flatMap((field) => (person[field] ? [{ field, value: person[field] }] : []))
}

/** Found by something that a row does not show; which, so that it can be said. */
const UNSEEN = ['alphabet', 'employee_number', 'email1', 'email2', 'fax_number', 'post', 'skill', 'login_id'] as const

export function unseenHit(person: Row): (typeof UNSEEN)[number] | undefined {
  return UNSEEN.find((field) => field === person.hit)
}

/** The one that a list shows: that which was found, else the first. */
export function firstNumber(person: Row): Dialled | undefined {
  const numbers = numbersOf(person)
  return numbers.find((one) => one.field === person.hit) ?? numbers[0]
}
