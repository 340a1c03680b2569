/** What was typed into a person's page, against what the server knows. */
import type { AdminPerson, Changes, FieldName, PersonFields } from './shapes'

const BLANK: PersonFields = {
  login_id: '',
  name: '',
  kana: '',
  alphabet: '',
  employee_number: '',
  post: '',
  extension_number: '',
  phone_number: '',
  company_mobile_number: '',
  personal_mobile_number: '',
  mobile_number: '',
  fax_number: '',
  email1: '',
  email2: '',
  web_url: '',
  comment: '',
  remarks: '',
  skill: '',
  anpi_login_id: '',
  user_type: 'REGULAR_USER',
  enabled: true,
  posts: [],
  sort_score: null,
  privileges: [],
  talk: false,
  talk_log: false,
  work_areas: [],
  home_areas: [],
  language: 'ja',
}

export const FIELDS = Object.keys(BLANK) as FieldName[]

/** A copy that a form may write into; without a person, of a new one. */
export function draftOf(person?: AdminPerson): PersonFields {
  const draft = structuredClone(BLANK) as unknown as Record<string, unknown>
  for (const field of FIELDS) if (person?.[field] !== undefined) draft[field] = structuredClone(person[field])
  return draft as unknown as PersonFields
}

/** Are two values the same to the server? Privileges have no order, and a missing title is a blank one. */
export function same(field: FieldName, a: unknown, b: unknown): boolean {
  return canonical(field, a) === canonical(field, b)
}

/** What differs from what the server knows, among the fields that may be changed. */
export function changesOf(base: PersonFields, draft: PersonFields, editable: ReadonlySet<string>): Changes {
  const changed = FIELDS.filter((field) => editable.has(field) && !same(field, base[field], draft[field]))
  return Object.fromEntries(changed.map((field) => [field, draft[field]])) as Changes
}

export interface Clash {
  field: FieldName
  theirs: unknown
}

/**
 * After somebody else's change: what was typed here stays, what was not takes the newer value. A field that both
 * have changed, to different values, is a clash.
 */
export function rebased(
  base: PersonFields,
  draft: PersonFields,
  theirs: PersonFields,
): { draft: PersonFields; clashes: Clash[] } {
  const next = structuredClone(theirs) as unknown as Record<string, unknown>
  const clashes: Clash[] = []
  for (const field of FIELDS) {
    if (same(field, base[field], draft[field])) continue
    next[field] = structuredClone(draft[field])
    const both = !same(field, base[field], theirs[field]) && !same(field, draft[field], theirs[field])
    if (both) clashes.push({ field, theirs: theirs[field] })
  }
  return { draft: next as unknown as PersonFields, clashes }
}

function canonical(field: FieldName, value: unknown): string {
  if (field === 'privileges') return JSON.stringify([...(value as string[])].sort())
  if (field === 'posts') return JSON.stringify((value as PersonFields['posts']).map((one) => [one.department, one.title ?? '']))
  return JSON.stringify(value ?? null)
}
