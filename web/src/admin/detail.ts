/**
 * A line of the 操作ログ as one reads it, in the reader's language. What has no word here is told as it stands; what
 * tells a reader nothing (a hash, a number of nought, what another detail says better) is left out: the CSV has it all.
 */
import { sizeText } from '../chat/files/names'
import type { Language } from '../lib/wire'
import type { AdminWords } from '../words/admin.ja'
import type { TalkAdminWords } from '../words/talkadmin.ja'
import type { TrailWords } from '../words/trail.ja'

export interface Detail {
  name: string
  text: string
}

/** The words that it takes, and how a number is written. */
export interface Speech {
  language: Language
  n: (value: number) => string
  admin: AdminWords
  talk: TalkAdminWords
  trail: TrailWords
}

const NOISE: ReadonlySet<string> = new Set(['sha256', 'until_n', 'unchanged', 'passwords'])
/** Where nothing means something: no parent, no picture. */
const BLANK_TELLS: ReadonlySet<string> = new Set(['parent', 'picture'])
const VISIBILITY = 'visibility '

/** By the longest beginning that has a name: `directory.export.users` is an export, of users. */
export function actionText(action: string, s: Speech): string {
  const named = beginnings(action).find((name) => own(s.admin.log.actions, name))
  const kind = own(s.trail.kinds, action.slice(action.lastIndexOf('.') + 1))
  if (!named) return action
  const name = own(s.admin.log.actions, named)!
  return kind && named !== action ? s.trail.of_kind(name, kind) : name
}

/** Some targets are numbers: of what, is said. */
export function targetText(action: string, target: string | undefined, s: Speech): string {
  const held = /^(person|room) (\d+)$/.exec(target ?? '')
  if (action.startsWith('talk.hold') && held) return s.trail.targets[held[1] as 'person' | 'room'](held[2]!)
  if (target && /^directory\.(import|undo|preview)\./.test(action)) return s.trail.import_of(target)
  return target ?? ''
}

export function details(action: string, detail: Readonly<Record<string, unknown>> | undefined, s: Speech): Detail[] {
  const { changed, wanted, ...plain } = detail ?? {}
  const told = Object.entries(plain).filter(([name, value]) => tells(action, name, value, plain))
  return [
    ...told.map(([name, value]) => ({ name: nameOf(action, name, s), text: textOf(name, value, s) })),
    ...(isObject(changed) ? changes(action, changed, s) : isBlank(changed) ? [] : [{ name: 'changed', text: String(changed) }]),
    ...(isObject(wanted) ? selection(action, wanted, s) : isBlank(wanted) ? [] : [{ name: 'wanted', text: String(wanted) }]),
  ]
}

/** Each field as `before → after`. */
function changes(action: string, changed: Record<string, unknown>, s: Speech): Detail[] {
  return Object.entries(changed).map(([name, value]) => ({
    name: nameOf(action, name, s),
    text: isPair(value) ? value.map((one) => textOf(name, one, s)).join(' → ') : textOf(name, value === true ? s.trail.changed : value, s),
  }))
}

/** What of the talk log was wished for; the file's name is the line's target. */
function selection(action: string, { file: _, people, ...others }: Record<string, unknown>, s: Speech): Detail[] {
  return Object.entries({ ...others, members: people })
    .filter(([, value]) => !isBlank(value))
    .map(([name, value]) => ({ name: nameOf(action, name, s), text: textOf(name, value, s) }))
}

function tells(action: string, name: string, value: unknown, all: Record<string, unknown>): boolean {
  if (NOISE.has(name) || (name === 'known' && value === true)) return false
  if ((name === 'rule' && all['code']) || (name === 'file' && action === 'talk.log_file')) return false
  return BLANK_TELLS.has(name) || !isBlank(value)
}

function nameOf(action: string, name: string, s: Speech): string {
  if (name.startsWith(VISIBILITY)) return s.trail.visibility(own(s.admin.user.fields, name.slice(VISIBILITY.length)) ?? name.slice(VISIBILITY.length))
  return (
    own(s.trail.names, `${action}.${name}`) ??
    (action.startsWith('department.') ? own(s.admin.department, name) : undefined) ??
    own(s.trail.names, name) ??
    own(s.admin.user.fields, name) ??
    name
  )
}

function textOf(name: string, value: unknown, s: Speech): string {
  if (name === 'picture') return value ? s.trail.changed : s.trail.removed
  if (name === 'extra' && isObject(value)) return addedAndRemoved(value, s)
  if (name === 'known') return s.trail.unknown_login
  if (name === 'expired') return s.trail.expired
  if (Array.isArray(value)) return value.map((one) => textOf(name, one, s)).join(s.trail.join) || s.admin.user.blank
  if (isObject(value)) return typeof value['name'] === 'string' ? value['name'] : JSON.stringify(value)
  if (typeof value === 'boolean') return value ? s.admin.user.on : s.admin.user.off
  if (typeof value === 'number') return name === 'size' ? sizeText(s.language, value) : s.n(value)
  if (isBlank(value)) return name === 'parent' ? s.admin.department.top : s.admin.user.blank
  return chosen(name, String(value), s)
}

/** A value out of a few, by its word. */
function chosen(name: string, value: string, s: Speech): string {
  const tables: Record<string, object> = {
    privileges: s.admin.user.privileges,
    user_type: s.admin.user.types,
    language: s.admin.user.languages,
    fields: s.admin.user.fields,
    mode: s.talk.files.modes,
    uninspected: s.trail.choices,
    executables: s.trail.choices,
    code: s.trail.codes,
  }
  const table = name.startsWith(VISIBILITY) ? s.admin.company.audiences : Object.hasOwn(tables, name) ? tables[name] : undefined
  return (table && own(table, value)) ?? value
}

function addedAndRemoved(value: Record<string, unknown>, s: Speech): string {
  return (['added', 'removed'] as const)
    .filter((side) => !isBlank(value[side]))
    .map((side) => `${s.trail.extra[side]} ${textOf(side, value[side], s)}`)
    .join(s.trail.and)
}

/** `a.b.c`, `a.b`, `a` */
function beginnings(action: string): string[] {
  const parts = action.split('.')
  return parts.map((_, at) => parts.slice(0, parts.length - at).join('.'))
}

/** The word under this name, if it is one: nothing that every object has. */
function own(table: object, name: string): string | undefined {
  const found: unknown = Object.hasOwn(table, name) ? table[name as keyof typeof table] : undefined
  return typeof found === 'string' ? found : undefined
}

/** `[before, after]`: only what has changed is told so, a list of two names is none. */
function isPair(value: unknown): value is [unknown, unknown] {
  return Array.isArray(value) && value.length === 2
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || value === '' || value === 0 || (Array.isArray(value) && !value.length)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
