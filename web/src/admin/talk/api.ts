/** The talk administrator's questions. */
import { call } from '../../lib/api'
import type { LogHolds, LogPeople, LogRooms } from '../../lib/wire'
import { query } from '../api'
import type { Download, Form, Hold, Policy, TalkLog, TalkSettings, Wanted } from './shapes'

/** The password is checked, and a long period is looked through before the first byte is there. */
const DOWNLOAD_MS = 60_000

export const settings = () => call<TalkSettings>('GET', '/api/admin/talk')
/** `version` is of what was shown: over anything else the server writes nothing. */
export const changeSettings = (policy: Policy, version: string) => call<TalkSettings>('POST', '/api/admin/talk', { ...policy, version })

/** Without a month: the current one. */
export const log = (month = '') => call<TalkLog>('GET', `/api/talk-log?${query({ month })}`)

export const rooms = async (text: string) =>
  (await call<LogRooms>('GET', `/api/talk-log/rooms?${query({ text })}`)).rooms
export const people = async (text: string) =>
  (await call<LogPeople>('GET', `/api/talk-log/people?${query({ text })}`)).people

export const download = (password: string, reason: string, form: Form, wanted: Wanted) =>
  call<Download>('POST', '/api/talk-log/downloads', { password, reason, form, wanted }, DOWNLOAD_MS)

export const keyAddress = (id: string) => `/api/talk-log/keys/${id}`

export const holds = async () => (await call<LogHolds>('GET', '/api/talk-log/holds')).holds
export const hold = (kind: Hold['kind'], target: number, reason: string) =>
  call<Hold>('POST', '/api/talk-log/holds', { kind, target, reason })
export const release = (id: number, reason: string) => call<Hold>('POST', `/api/talk-log/holds/${id}/release`, { reason })
