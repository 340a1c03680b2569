/** The administrators' questions, all over HTTP. */
import { call } from '../lib/api'
import type {
  ActionPage,
  AddedPerson,
  AdminAreas,
  AdminCompany,
  AdminDepartment,
  AdminDepartments,
  AdminPeople,
  AdminPerson,
  CompanyChanges,
  DepartmentBody,
  DepartmentRow,
  LoginSheet,
  LoginSheets,
  NewPerson,
  PersonChanges,
  SignInCode,
} from '../lib/wire'

const UPLOAD_MS = 60_000
/** Each password costs the server some hundredths of a second of work. */
const MANY_PASSWORDS_MS = 300_000

export const departments = () => call<AdminDepartments>('GET', '/api/admin/departments')
/** With what its removal would take along. */
export const department = (id: number) => call<AdminDepartment>('GET', `/api/admin/departments/${id}`)
export const addDepartment = (fields: DepartmentBody) => call<DepartmentRow>('POST', '/api/admin/departments', fields)
export const changeDepartment = (id: number, fields: DepartmentBody) =>
  call<DepartmentRow>('POST', `/api/admin/departments/${id}`, fields)
export const moveDepartment = (id: number, parent: number | null, before?: number) =>
  call<DepartmentRow>('POST', `/api/admin/departments/${id}/move`, { parent, ...(before ? { before } : {}) })
export const removeDepartment = (id: number, people: number) =>
  call<unknown>('POST', `/api/admin/departments/${id}/remove`, { people })

export interface PeopleQuestion {
  text: string
  department: number | null
  state: string
  talk?: string
  from: number
  limit: number
}

export const people = (asked: PeopleQuestion) => call<AdminPeople>('GET', `/api/admin/people?${query({ ...asked })}`)
/** The options that the company has licences for. */
export const functions = async () => (await call<AdminPeople>('GET', '/api/admin/people?limit=1')).functions ?? []
export const areas = (text: string) => call<AdminAreas>('GET', `/api/admin/areas?${query({ text })}`)
export const person = (id: number) => call<AdminPerson>('GET', `/api/admin/people/${id}`)
export const addPerson = (fields: NewPerson) => call<AddedPerson>('POST', '/api/admin/people', fields)
export const changePerson = (id: number, rev: number, changes: PersonChanges) =>
  call<AdminPerson>('POST', `/api/admin/people/${id}`, { rev, changes })
export const removePerson = (id: number) => call<unknown>('POST', `/api/admin/people/${id}/remove`, {})
export const newPassword = (id: number) => call<LoginSheet>('POST', `/api/admin/people/${id}/password`, {})
export const newCode = (id: number) => call<SignInCode>('POST', `/api/admin/people/${id}/code`, {})
export const sheets = (ids: readonly number[]) =>
  call<LoginSheets>('POST', '/api/admin/sheets', { people: ids }, MANY_PASSWORDS_MS)

export const setLogo = (picture: Blob) => call<unknown>('PUT', '/api/admin/company/logo', picture, UPLOAD_MS)
export const removeLogo = () => call<unknown>('DELETE', '/api/admin/company/logo', {})
export const company = () => call<AdminCompany>('GET', '/api/admin/company')
export const changeCompany = (changes: CompanyChanges) => call<AdminCompany>('POST', '/api/admin/company', changes)

export type ActionQuestion = {
  before?: number
  actor?: string
  action?: string
  from?: number
  to?: number
}

export const actions = (asked: ActionQuestion) => call<ActionPage>('GET', `/api/admin/actions?${query({ ...asked })}`)

/** What is blank is not asked for. */
export function query(values: Record<string, string | number | boolean | null | undefined>): string {
  const told = Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== '')
  return new URLSearchParams(told.map(([name, value]) => [name, String(value)])).toString()
}
