/** 災害登録: what is typed, what is wrong with it, and what is sent. Pure; counts as the server does (anpi/model.py). */
import { codePoints, normalised } from '../../lib/text'
import { fromLocal, toLocal } from '../../lib/time'
import type { IncidentChange, IncidentShown, OwnQuestion, Questions } from './shapes'

export const TITLE_LIMIT = 200
export const MESSAGE_LIMIT = 5000
export const OWN_LIMIT = 5
export const QUESTION_LIMIT = 200
export const CHOICES_LIMIT = 10
export const CHOICE_LIMIT = 50
/** What can be left out of what is asked; one's own state cannot. */
export const ASKS = ['where', 'family', 'house', 'work', 'comment'] as const
export const VARIABLES: readonly string[] = ['氏名', '震度', '地域', '発生時刻']
export const DRILL_MARK = '【訓練】'

const BREAKS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/
const BRACES = /\{([^{}\n]{1,20})\}/g
/** Near enough to name a slip of the hand; the server decides. */
const ADDRESS = /^[^\s@]+@[^\s@]+\.[^\s@]+$/

export type Ask = (typeof ASKS)[number]

export interface OwnDraft {
  text: string
  english: string
  kind: 'choice' | 'text'
  /** One a line; English after a |. */
  choices: string
  required: boolean
}

export interface Draft {
  kind: 'ask' | 'notice'
  drill: boolean
  title: string
  message: string
  /** Local time, as `<input type="datetime-local">` has it. */
  count_from: string
  closing_at: string
  closing_to: string
  location: boolean
  asks: Record<Ask, boolean>
  own: OwnDraft[]
}

/** What is wrong, by field; a word that has a sentence in both languages, with what it is about. */
export type Fault =
  | { is: 'required' | 'one_line' | 'both' | 'past' | 'address' | 'no_time' | 'choices_few' | 'choices_many' }
  | { is: 'too_long'; limit: number }
  | { is: 'variable'; name: string }

export type Faults = Readonly<Record<string, Fault>>

export function newDraft(now: number): Draft {
  return {
    kind: 'ask',
    drill: false,
    title: '',
    message: '',
    count_from: toLocal(now),
    closing_at: '',
    closing_to: '',
    location: false,
    ...questionsDraft({}),
  }
}

export function draftOf(shown: IncidentShown): Draft {
  return {
    kind: shown.kind,
    drill: shown.drill,
    title: shown.title,
    message: shown.message,
    count_from: toLocal(shown.count_from),
    closing_at: shown.closing_at ? toLocal(shown.closing_at) : '',
    closing_to: shown.closing_to ?? '',
    location: shown.location,
    ...questionsDraft(shown.questions),
  }
}

/** What is not said has its default: it is asked. */
export function questionsDraft(questions: Questions): Pick<Draft, 'asks' | 'own'> {
  const asks = Object.fromEntries(ASKS.map((ask) => [ask, questions[ask] ?? true])) as Record<Ask, boolean>
  return { asks, own: (questions.own ?? []).map(ownDraft) }
}

function ownDraft({ text, kind = 'choice', choices = [], required = false }: OwnQuestion): OwnDraft {
  const lines = choices.map(({ ja, en }) => (en ? `${ja} | ${en}` : ja))
  return { text: text.ja, english: text.en ?? '', kind, choices: lines.join('\n'), required }
}

export function newOwn(): OwnDraft {
  return { text: '', english: '', kind: 'choice', choices: '', required: false }
}

/** Code points after CRLF→LF, as the server counts. */
export function counted(text: string): number {
  return codePoints(normalised(text))
}

/** 【訓練】 stands before the title of a drill; taken away again with the tick. */
export function marked(title: string, drill: boolean): string {
  if (drill) return title.startsWith(DRILL_MARK) ? title : DRILL_MARK + title
  return title.startsWith(DRILL_MARK) ? title.slice(DRILL_MARK.length) : title
}

export function choicesOf(text: string): { ja: string; en?: string }[] {
  const lines = normalised(text).split('\n').map((line) => line.trim()).filter(Boolean)
  return lines.map((line) => {
    const [ja = '', en = ''] = line.split(/\s*[|｜]\s*/)
    return en ? { ja, en } : { ja }
  })
}

/** What is wrong, each at its field. `closing` that was right before stays right when it has passed. */
export function faultsOf(draft: Draft, now: number, before?: IncidentShown): Faults {
  return {
    ...titleFault(draft.title),
    ...messageFault(draft.message),
    ...(draft.count_from ? {} : { count_from: { is: 'required' } as const }),
    ...closingFault(draft, now, before?.closing_at ?? 0),
    ...ownFaults(draft.own),
  }
}

export function titleFault(title: string): Faults {
  if (!title.trim()) return { title: { is: 'required' } }
  if (BREAKS.test(normalised(title))) return { title: { is: 'one_line' } }
  return counted(title) > TITLE_LIMIT ? { title: { is: 'too_long', limit: TITLE_LIMIT } } : {}
}

export function messageFault(message: string): Faults {
  if (!message.trim()) return { message: { is: 'required' } }
  if (counted(message) > MESSAGE_LIMIT) return { message: { is: 'too_long', limit: MESSAGE_LIMIT } }
  const unknown = [...message.matchAll(BRACES)].map((found) => found[1]!).find((name) => !VARIABLES.includes(name))
  return unknown === undefined ? {} : { message: { is: 'variable', name: unknown } }
}

export function closingFault(draft: Pick<Draft, 'closing_at' | 'closing_to'>, now: number, before = 0): Faults {
  const to = draft.closing_to.trim()
  if (!draft.closing_at && !to) return {}
  if (!draft.closing_at) return { closing_at: { is: 'both' } }
  if (!to) return { closing_to: { is: 'both' } }
  const at = fromLocal(draft.closing_at)
  return {
    ...(at <= now && draft.closing_at !== (before ? toLocal(before) : '') ? { closing_at: { is: 'past' } as const } : {}),
    ...(ADDRESS.test(to) ? {} : { closing_to: { is: 'address' } as const }),
  }
}

export function ownFaults(own: readonly OwnDraft[]): Faults {
  const found: Record<string, Fault> = {}
  own.forEach((one, place) => {
    if (!one.text.trim()) found[`own${place}`] = { is: 'required' }
    else if (Math.max(counted(one.text), counted(one.english)) > QUESTION_LIMIT) found[`own${place}`] = { is: 'too_long', limit: QUESTION_LIMIT }
    const choices = choicesOf(one.choices)
    if (one.kind === 'text') return
    if (choices.length < 2) found[`choices${place}`] = { is: 'choices_few' }
    else if (choices.length > CHOICES_LIMIT || choices.some(({ ja, en = '' }) => Math.max(counted(ja), counted(en)) > CHOICE_LIMIT))
      found[`choices${place}`] = { is: 'choices_many' }
  })
  return found
}

export function questionsOf(draft: Pick<Draft, 'asks' | 'own'>): Questions {
  return {
    ...draft.asks,
    own: draft.own.map((one, place) => ({
      text: one.english.trim() ? { ja: one.text.trim(), en: one.english.trim() } : { ja: one.text.trim() },
      kind: one.kind,
      ...(one.kind === 'choice' ? { choices: choicesOf(one.choices) } : {}),
      ...(one.required && place === 0 ? { required: true } : {}),
    })),
  }
}

/** What is sent. A moment that was not touched stays as it was, to the millisecond. */
export function bodyOf(draft: Draft, before?: IncidentShown): Required<Omit<IncidentChange, 'count_from'>> & { count_from: number } {
  return {
    kind: draft.kind,
    drill: draft.drill,
    title: draft.title,
    message: normalised(draft.message),
    count_from: momentOf(draft.count_from, before?.count_from)!,
    closing_at: momentOf(draft.closing_at, before?.closing_at),
    closing_to: draft.closing_to.trim(),
    location: draft.location,
    questions: questionsOf(draft),
  }
}

/** After the first ［発信］ these alone may be changed. */
export function lateBodyOf(draft: Draft, before: IncidentShown): IncidentChange {
  const { closing_at, closing_to, location } = bodyOf(draft, before)
  return { closing_at, closing_to, location }
}

function momentOf(local: string, before = 0): number | null {
  if (!local) return null
  return before && toLocal(before) === local ? before : fromLocal(local)
}
