/** The shapes of the administrators' addresses, as the forms here hold them. */
import type { AdminPerson, AdminPersonRow, DepartmentRow, Held, Language, Privilege, UserType } from '../lib/wire'

export type {
  ActionRow,
  AddedPerson,
  AdminCompany,
  AdminDepartment,
  AdminPerson,
  CompanyChanges,
  LoginSheet,
  NewPerson,
  PersonChanges as Changes,
  Privilege,
  SignInCode as Code,
  UserType,
  Visibility as Audience,
} from '../lib/wire'

export type Department = DepartmentRow
export type PersonRow = AdminPersonRow
/** 有効, 無効, 未ログイン, 期限切れ. */
export type PersonState = AdminPerson['state']
export type Post = Held

/** The texts of a person, by the names they have in the import too. */
export interface PersonTexts {
  login_id: string
  name: string
  kana: string
  alphabet: string
  employee_number: string
  post: string
  extension_number: string
  phone_number: string
  company_mobile_number: string
  personal_mobile_number: string
  mobile_number: string
  fax_number: string
  email1: string
  email2: string
  web_url: string
  comment: string
  remarks: string
  skill: string
  anpi_login_id: string
}

/** Everything that somebody's page can change. */
export interface PersonFields extends PersonTexts {
  user_type: UserType
  enabled: boolean
  posts: Post[]
  sort_score: number | null
  privileges: Privilege[]
  talk: boolean
  talk_log: boolean
  work_areas: string[]
  home_areas: string[]
  language: Language
}

export type FieldName = keyof PersonFields
