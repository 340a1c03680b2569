/** The questions of who administers the safety check, all over HTTP. */
import { query } from '../../admin/api'
import { call } from '../../lib/api'
import type {
  Completed,
  Conditions,
  Counted,
  HazardEvents,
  HazardRule,
  HazardRules,
  HazardWhy,
  IncidentChange,
  Incidents,
  IncidentShown,
  IncidentWhy,
  MailTest,
  NewIncident,
  PeopleRows,
  Readiness,
  Sent,
  SettingsBody,
  SettingsShown,
  SimulateBody,
  Simulation,
  TemplateBody,
  TemplateRow,
  Templates,
  Unreachable,
  Whom,
} from './shapes'

/** Everybody is looked at. */
const MANY_MS = 60_000
const ROOT = '/api/anpi'

export const incidents = (state: '' | 'open' | 'done', before = 0) =>
  call<Incidents>('GET', `${ROOT}/incidents?${query({ state, before: before || '' })}`)
export const register = (incident: NewIncident) => call<IncidentShown>('POST', `${ROOT}/incidents`, incident)
export const incident = (id: number) => call<IncidentShown>('GET', `${ROOT}/incidents/${id}`)
export const change = (id: number, changes: IncidentChange) =>
  call<IncidentShown>('PATCH', `${ROOT}/incidents/${id}`, changes)

export const people = (id: number, asked: Conditions, after = 0) =>
  call<PeopleRows>('GET', `${ROOT}/incidents/${id}/people?${query({ ...asked, after: after || '' })}`)
export const count = (id: number, whom: Whom) =>
  call<Counted>('POST', `${ROOT}/incidents/${id}/count`, { whom }, MANY_MS)
/** `people` is the number that was confirmed; the same `key` sends once. */
export const send = (id: number, key: string, whom: Whom, people: number) =>
  call<Sent>('POST', `${ROOT}/incidents/${id}/send`, { key, whom, people }, MANY_MS)
export const resend = (id: number, key: string) => call<Sent>('POST', `${ROOT}/incidents/${id}/resend`, { key }, MANY_MS)
export const complete = (id: number, unanswered: number) =>
  call<Completed>('POST', `${ROOT}/incidents/${id}/complete`, { unanswered }, MANY_MS)

export const templates = async () => (await call<Templates>('GET', `${ROOT}/templates`)).templates
export const addTemplate = (body: TemplateBody) => call<TemplateRow>('POST', `${ROOT}/templates`, body)
export const changeTemplate = (id: number, body: TemplateBody) => call<TemplateRow>('POST', `${ROOT}/templates/${id}`, body)
export const removeTemplate = (id: number) => call<unknown>('POST', `${ROOT}/templates/${id}/remove`, {})

export const settings = () => call<SettingsShown>('GET', `${ROOT}/settings`)
export const changeSettings = (changes: SettingsBody) => call<SettingsShown>('POST', `${ROOT}/settings`, changes)
export const rules = () => call<HazardRules>('GET', `${ROOT}/rules`)
/** `seen` is of what was shown: over anything else the server writes nothing. */
export const changeRules = (rules: readonly HazardRule[], seen: number) =>
  call<HazardRules>('POST', `${ROOT}/rules`, { rules, seen })
/** To oneself; the server says within a minute what became of it. */
export const sendTestMail = () => call<MailTest>('POST', `${ROOT}/readiness/mail`, {}, MANY_MS)
export const readiness = () => call<Readiness>('GET', `${ROOT}/readiness`)

export const unreachable = (department: number | null, after = 0) =>
  call<Unreachable>('GET', `${ROOT}/unreachable?${query({ department, after: after || '' })}`)

export const events = (before = 0) => call<HazardEvents>('GET', `${ROOT}/events?${query({ before: before || '' })}`)
export const event = (id: number) => call<HazardWhy>('GET', `${ROOT}/events/${id}`)
export const why = async (id: number) => (await call<IncidentWhy>('GET', `${ROOT}/incidents/${id}/why`)).events
export const simulate = (wish: SimulateBody) => call<Simulation>('POST', `${ROOT}/simulate`, wish, MANY_MS)
