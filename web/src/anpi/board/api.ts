/** What the board asks over HTTP. */
import { query } from '../../admin/api'
import { call } from '../../lib/api'
import { withPage } from './rows'
import type { AnswerPerson, AnswersPage, Claim, Deliveries, History, ProxyBody, ProxyTaken, Unreached } from './shapes'

/** 集計 and the lists below the board: all conditions together. */
export interface Conditions {
  department: number | null
  area: string
  text: string
  self: string
  help: string
  family: string
  house: string
  work: string
  doubtful: string
  sent: string
}

export const NO_CONDITIONS: Conditions = {
  department: null,
  area: '',
  text: '',
  self: '',
  help: '',
  family: '',
  house: '',
  work: '',
  doubtful: '',
  sent: '',
}

/** What the server gives at once. */
const PAGE = 200
const of = (incident: number) => `/api/anpi/incidents/${incident}`

export const totals = (incident: number) => call<{ title: string }>('GET', `${of(incident)}/totals`)
export const answers = (incident: number, asked: Conditions, after: number, limit: number) =>
  call<AnswersPage>('GET', `${of(incident)}/answers?${query({ ...asked, text: asked.text.trim(), after: after || '', limit })}`)

/** All of them, one page after the other: a question for thousands at once would hold up everybody else. */
export async function allAnswers(incident: number, asked: Conditions): Promise<AnswersPage> {
  const first = await answers(incident, asked, 0, PAGE)
  let people: readonly AnswerPerson[] = first.people
  for (let after = first.after; after; ) {
    const page = await answers(incident, asked, after, PAGE)
    people = withPage(people, page.people)
    after = page.after
  }
  return { ...first, people: [...people] }
}

export const csvAddress = (incident: number, asked: Conditions) =>
  `${of(incident)}/answers.csv?${query({ ...asked, text: asked.text.trim() })}`
export const unreached = (incident: number, department: number | null, sent: string, after: number, limit: number) =>
  call<Unreached>('GET', `${of(incident)}/unreached?${query({ department, sent, after: after || '', limit })}`)
export const claim = (incident: number, account: number, on: boolean) =>
  call<Claim>('POST', `${of(incident)}/claims`, { account, on })
export const proxy = (incident: number, body: ProxyBody) =>
  call<ProxyTaken>('POST', `${of(incident)}/proxy`, body)
export const history = (incident: number, account: number) => call<History>('GET', `${of(incident)}/history/${account}`)
export const deliveries = (incident: number, account: number) =>
  call<Deliveries>('GET', `${of(incident)}/deliveries/${account}`)
