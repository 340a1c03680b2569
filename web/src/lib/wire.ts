/**
 * What goes over the socket and over HTTP, made from the server's own types by `python -m server.contract`.
 *
 * Times are milliseconds since 1970-01-01 UTC. A field that may be missing has its default then. A command names
 * itself in `do`, a frame in `is`; `ref` ties an answer to its command.
 */

// ---------------------------------------------------------------- shapes

export type Language = 'ja' | 'en'

/** One line of the 操作ログ: who did what to whom. */
export interface ActionRow {
  id: number
  at: number
  actor: string
  action: string
  result: string
  target?: string
  detail?: Record<string, unknown>
  address?: string
}

/** An area by its whole name, with its JMA code. */
export interface AdminArea {
  code: string
  name: string
}

/** Somebody in 管理＞ユーザ. */
export interface AdminPersonRow {
  id: number
  login_id: string
  name: string
  enabled: boolean
  state: 'disabled' | 'enabled' | 'expired' | 'never'
  kana?: string
  user_type?: UserType
  posts?: Held[]
  photo?: string
  employee_number?: string
  privileges?: Privilege[]
  talk?: boolean
  talk_log?: boolean
  anpi_login_id?: string
}

/**
 * Somebody in the list of S21. `sent`: blank (not asked), "waiting" (発信中), "sent" (送信済), "written"
 * (into a folder, because there is no way out), "failed" (不達) or "dropped" (it was completed first).
 * `area`: by which he was asked, else where he works or lives. `left`: he has left the company.
 */
export interface AnpiPersonRow {
  id: number
  name: string
  kana?: string
  department?: string
  area?: string
  sent?: '' | 'dropped' | 'failed' | 'sent' | 'waiting' | 'written'
  asked_at?: number
  answered_at?: number
  self?: string
  help?: boolean
  work?: string
  doubtful?: boolean
  left?: boolean
}

/** How many were asked, and what their newest answers say; `help`, `can` … `doubtful` besides. */
export interface AnswerCounts {
  asked?: number
  unanswered?: number
  safe?: number
  minor?: number
  major?: number
  other?: number
  help?: number
  can?: number
  home?: number
  cannot?: number
  unknown?: number
  doubtful?: number
}

/** Somebody whom a check asks, with his newest answer. */
export interface AnswerPerson {
  id: number
  name: string
  login_id: string
  kana?: string
  title?: string
  department?: string
  area?: string
  asked_at?: number
  answers?: number
  answer?: AnswerRow | null
}

/** One answer of a person's history, as administrators see it. `incident`: through which check it came. */
export interface AnswerRow {
  id: number
  at: number
  channel: 'bulk' | 'directory' | 'mail' | 'proxy' | 'push' | 'queue' | 'reply' | 'sms' | 'talk'
  incident: number
  self: 'major' | 'minor' | 'other' | 'safe'
  help?: boolean
  where?: string
  family?: '' | 'checking' | 'hurt' | 'none' | 'safe'
  house?: '' | 'lost' | 'none' | 'partly' | 'unknown'
  work?: '' | 'can' | 'cannot' | 'home' | 'unknown'
  comment?: string
  own?: Record<string, string>
  location?: Place | null
  doubtful?: boolean
  by_account?: number
  by_name?: string
  reason?: string
}

/** An area to choose: a prefecture, or one of its 細分区域. */
export interface AreaChoice {
  code: string
  name: string
  prefecture: string
}

/**
 * An area by which people were asked; `code` "" are those without one (地域未登録). `prefecture`: its JMA
 * code of two digits, for the map.
 */
export interface AreaCounts {
  code: string
  name: string
  prefecture: string
  counts: AnswerCounts
}

/**
 * An area and what was told of it. `level` is 震度, a tsunami's class ("advisory", "warning", "major") or
 * "special"; `missing`: 震度５弱以上未入電; `early`: by a forecast alone.
 */
export interface AreaLevel {
  code: string
  name: string
  level: string
  missing?: boolean
  early?: boolean
}

/** The newest of one person, to be put over what a list shows. `self` "": 未回答. */
export interface BoardRow {
  id: number
  self?: string
  help?: boolean
  work?: string
  at?: number
  doubtful?: boolean
  round?: number
  claimed_by?: number
  claimed_name?: string
  claimed_until?: number
}

/** A safety check as the person sees it whom it asks. `location`: whether one may send where one is. */
export interface Check {
  id: number
  title: string
  message: string
  cause: string
  asked_at: number
  drill?: boolean
  suspended?: boolean
  cancelled?: boolean
  closed?: boolean
  location?: boolean
  questions: Questions
  answer?: OwnAnswer | null
}

/**
 * 検索条件, all of which must hold. `department`: in it or below. `text`: part of 氏名 or カナ, several words
 * are AND. `area`: a JMA code; a prefecture holds all its areas. `sent`: 発信状況. `answered`: 回答状況.
 * `self` …: 回答内容.
 */
export interface Conditions {
  department?: number
  text?: string
  area?: string
  sent?: '' | 'failed' | 'not_sent' | 'sent' | 'waiting'
  answered?: '' | 'no' | 'yes'
  self?: '' | 'major' | 'minor' | 'other' | 'safe'
  help?: '' | 'yes'
  work?: '' | 'can' | 'cannot' | 'home' | 'unknown'
}

/** One of one's own addresses. `asked_at`: when the mail that asks went, in milliseconds; 0: not yet. */
export interface ContactRow {
  place: number
  address: string
  state: 'bad' | 'confirmed' | 'waiting'
  asked_at?: number
}

/** One of the three licence counters: used now, used afterwards, and the limit. */
export interface Counter {
  counter: string
  used: number
  after: number
  limit: number
}

/** The preview in numbers. `passwords`: of people who are there, whether they are to be changed or not. */
export interface Counts {
  add?: number
  change?: number
  remove?: number
  unchanged?: number
  errors?: number
  warnings?: number
  repairs?: number
  passwords?: number
  unassigned?: number
  hashes?: number
}

/**
 * How answers came in: `points[n]` people had answered once `step` * (n + 1) after `since`. `quarters` is
 * when 25, 50, 75 and 90 % of those asked had answered; 0: not yet.
 */
export interface Curve {
  since: number
  step: number
  points: number[]
  quarters: number[]
}

/** What was sent to one of somebody's addresses, named by its slot: "email1", "own1" …, "push", "talk", "sms". */
export interface DeliveryRow {
  round: number
  channel: string
  slot: string
  state: string
  at?: number
  error?: string
}

/**
 * A department of the tree: `own` are those with their 本務 in it, `all` those below it too. `id` 0:
 * nobody's; one that is gone by now stands at the top with the name it had.
 */
export interface DepartmentCounts {
  id: number
  name: string
  own: AnswerCounts
  all: AnswerCounts
  parent?: number
}

/** An area that is not asked again, and the safety check that has asked it. */
export interface GuardedArea {
  code: string
  name: string
  incident: number
}

/**
 * What a report, or the end of a wait, led to, with everything it was decided by. `areas` were to be asked;
 * `guarded` had been asked within the guard's hours.
 */
export interface HazardDecision {
  id: number
  report: number | null
  at: number
  act: 'cancel' | 'ignore' | 'keep' | 'start' | 'tell' | 'wait' | 'widen'
  reason: string
  incident: number | null
  rules: RuleFinding[]
  areas: AreaLevel[]
  guarded: GuardedArea[]
  until?: number
}

/**
 * One quake, tsunami or special warning, whatever it was told by. `act` and `reason` are the newest
 * decision.
 */
export interface HazardEvent {
  id: number
  kind: 'early_warning' | 'earthquake' | 'other' | 'tsunami' | 'weather'
  at: number
  drill: boolean
  state: 'armed' | 'cancelled' | 'seen' | 'started'
  place: string
  level: string
  missing: boolean
  magnitude: string
  reports: number
  act: 'cancel' | 'ignore' | 'keep' | 'start' | 'tell' | 'wait' | 'widen'
  reason: string
  incident?: number | null
  armed_until?: number
}

/** One telegram as it came. `error`: it could not be read. */
export interface HazardReportRow {
  id: number
  source: string
  type: string
  status: 'drill' | 'real' | 'test'
  info: 'cancelled' | 'corrected' | 'issued'
  at: number
  received_at: number
  title: string
  level: string
  missing: boolean
  areas: number
  error?: string
}

/** When a safety check starts by itself; without areas in all Japan. */
export interface HazardRule {
  kind: 'intensity' | 'tsunami' | 'weather'
  enabled: boolean
  threshold?: '' | '4' | '5+' | '5-' | '6+' | '6-' | '7' | 'advisory' | 'major' | 'warning'
  areas?: string[]
}

/** A heading of the file, and the column it was taken for. */
export interface Heading {
  heading: string
  column: string
}

/** A post that somebody holds: his title in a department. The first of his posts is 本務, the others are 兼務. */
export interface Held {
  department: number
  title?: string
}

/** A column, as it was and as it would be. */
export interface ImportField {
  column: string
  before: string
  after: string
}

/** What a row of the file would change; row 0: something below a removed department. */
export interface ImportRow {
  row: number
  act: string
  key: string
  name: string
  fields: ImportField[]
}

/** What the variables of the text stand for. */
export interface IncidentFacts {
  level?: string
  areas?: string[]
  place?: string
  at?: number
  missing?: boolean
}

/** A line of the list 安否確認. `cancelled_at`: 取消; `suspended_at`: 中断. */
export interface IncidentRow {
  id: number
  kind: 'ask' | 'notice'
  drill: boolean
  origin: 'automatic' | 'manual'
  cause: 'early_warning' | 'earthquake' | 'other' | 'tsunami' | 'weather'
  state: 'done' | 'open'
  title: string
  created_at: number
  count_from: number
  rev: number
  sent_at?: number
  suspended_at?: number
  cancelled_at?: number
  completed_at?: number
  progress?: Progress
}

/** A quake that never was: 震度 by area. */
export interface InventedQuake {
  areas: Record<string, '0' | '1' | '2' | '3' | '4' | '5+' | '5-' | '6+' | '6-' | '7'>
}

/** A field that an undo leaves as it is, because somebody has changed it since. */
export interface Kept {
  key: string
  name: string
  column: string
  value: string
}

/** What kind of room: 公開, 非公開, 1対1, グループ; お知らせ, where the system talks to one person. */
export type Kind = 'closed' | 'direct' | 'group' | 'notice' | 'open'

/** 「最新のトークログ」: what is not split off yet. */
export interface LatestLog {
  first_n: number
  last_n: number
  lines: number
  bytes: number
}

/** One counter, in ID: how many are in use, and how many there are. */
export interface Licence {
  used: number
  limit: number
}

/** 基本ユーザライセンス数, トークライセンス数, 安否確認機能数, each in ID; one that is left out stays. */
export interface LicenceChanges {
  basic?: number
  talk?: number
  anpi?: number
}

/** 基本ユーザライセンス数, トークライセンス数, 安否確認機能数. */
export interface LicenceList {
  basic: Licence
  talk: Licence
  anpi: Licence
}

/** Something about the log that somebody must look at. */
export interface LogAlarm {
  result: string
  at?: number
  detail?: string
}

/** The last number of the log and the hash of its line. */
export interface LogHead {
  n: number
  hash: string
}

/** Somebody who can be chosen; `gone`: 退職. */
export interface LogPerson {
  id: number
  name: string
  kana?: string
  login_id?: string
  gone?: boolean
}

/** A room that can be chosen. */
export interface LogRoom {
  id: number
  kind: string
  name: string
  members?: number
}

/** A part of the log that is closed. `verdict` is "ok", or what the last verification found. */
export interface LogSegment {
  number: number
  day: string
  part: number
  first_n: number
  last_n: number
  lines: number
  bytes: number
  state: 'closed' | 'expired' | 'stored'
  name: string
  closed_at?: number
  verified_at?: number
  verdict?: string
}

/**
 * One segment, or 「最新のトークログ」, or what a filter finds.
 *
 * A period has its first and its last day, in the company's time zone. Of people, the lines of their rooms while
 * they were in them are meant, direct talks too.
 */
export interface LogWanted {
  segment?: number | null
  latest?: boolean
  from?: string | null
  to?: string | null
  rooms?: number[]
  people?: number[]
}

/** How many people lose what by this import. */
export interface Lost {
  sign_in?: number
  talk?: number
  anpi?: number
  privileges?: number
}

/** An administrator of the safety check, and whether he manages its settings. */
export interface ManagerRow {
  id: number
  name: string
  manages: boolean
}

/**
 * Who is signed in. `talk`: whether he may talk; `privileges`: what he may administer, by name;
 * `talk_log`: whether he may read the talk log.
 */
export interface Me {
  id: number
  name: string
  login_id: string
  language: Language
  talk: boolean
  privileges: string[]
  talk_log: boolean
}

/** Somebody's place in a room. `left` is set on the tombstone of one who is no longer in it. */
export interface Member {
  id: number
  name: string
  rev: number
  owner?: boolean
  left?: boolean
}

/**
 * A message's newest state. Deleted ones keep their place: `deleted` is set, `text` is empty, `files` are
 * gone. One of `kind` "notice" is the system's (`sender` 0) and `about` the disaster of this number.
 */
export interface Message {
  seq: number
  rev: number
  sender: number
  name: string
  at: number
  text: string
  client_id: string
  edited?: number
  deleted?: number
  files?: File[]
  kind?: string
  about?: number
}

/** A member has now read up to `seq`. */
export interface NewMark {
  id: number
  seq: number
}

/** An open room, for those who may still join it. */
export interface OpenRoom {
  id: number
  name: string
  members: number
  joined?: boolean
}

/**
 * One's own newest answer to a check. `located`: whether a location was sent with it; `by`: the name of
 * whoever answered for one.
 */
export interface OwnAnswer {
  id: number
  at: number
  channel: 'bulk' | 'directory' | 'mail' | 'proxy' | 'push' | 'queue' | 'reply' | 'sms' | 'talk'
  self: 'major' | 'minor' | 'other' | 'safe'
  help?: boolean
  where?: string
  family?: '' | 'checking' | 'hurt' | 'none' | 'safe'
  house?: '' | 'lost' | 'none' | 'partly' | 'unknown'
  work?: '' | 'can' | 'cannot' | 'home' | 'unknown'
  comment?: string
  own?: Record<string, string>
  located?: boolean
  by?: string
}

/** How one has said one can be reached; `until` is 0 when no time was said. */
export interface OwnPresence {
  state: 'auto' | 'away' | 'out'
  until: number
}

/** A question of the company: some choices, or a line of text. */
export interface OwnQuestion {
  text: Wording
  kind?: 'choice' | 'text'
  choices?: Wording[]
  required?: boolean
}

/** Somebody, as a list shows him. `gone` is set when the account is deleted. */
export interface Person {
  id: number
  name: string
  kana?: string
  title?: string
  gone?: boolean
}

/**
 * Somebody, with everything that the reader may see of him.
 *
 * `login_id` is for administrators and himself. `may` says what the reader may do with him: `edit`.
 */
export interface PersonCard {
  id: number
  name: string
  sort: string
  rev?: number
  kana?: string
  department?: number
  title?: string
  posts?: Held[]
  post?: string
  photo?: string
  extension_number?: string
  phone_number?: string
  company_mobile_number?: string
  mobile_number?: string
  email1?: string
  user_type?: 'FACILITY' | 'REGISTRATION_ONLY_USER' | 'REGULAR_USER'
  talk?: boolean
  disabled?: boolean
  alphabet?: string
  employee_number?: string
  personal_mobile_number?: string
  fax_number?: string
  email2?: string
  web_url?: string
  comment?: string
  remarks?: string
  skill?: string
  work_areas?: string[]
  home_areas?: string[]
  login_id?: string
  may?: string[]
}

/** What shall be different of somebody; a field that is left out stays. */
export interface PersonChanges {
  login_id?: string
  name?: string
  kana?: string
  language?: string
  user_type?: UserType
  enabled?: boolean
  privileges?: Privilege[]
  talk?: boolean
  talk_log?: boolean
  anpi_login_id?: string
  alphabet?: string
  employee_number?: string
  post?: string
  extension_number?: string
  phone_number?: string
  company_mobile_number?: string
  personal_mobile_number?: string
  mobile_number?: string
  fax_number?: string
  email1?: string
  email2?: string
  web_url?: string
  comment?: string
  remarks?: string
  skill?: string
  sort_score?: number | null
  posts?: Held[]
  work_areas?: string[]
  home_areas?: string[]
}

/** Somebody who was found, and `hit`, the field by which: `name`, `department`, `phone_number` … */
export interface PersonFound {
  id: number
  name: string
  sort: string
  rev?: number
  kana?: string
  department?: number
  title?: string
  posts?: Held[]
  post?: string
  photo?: string
  extension_number?: string
  phone_number?: string
  company_mobile_number?: string
  mobile_number?: string
  email1?: string
  user_type?: 'FACILITY' | 'REGISTRATION_ONLY_USER' | 'REGULAR_USER'
  talk?: boolean
  disabled?: boolean
  hit?: string
}

/**
 * Somebody, as a list shows him: what the reader may see, blank where there is nothing or he may not.
 *
 * People stand in the order of `sort`, compared by code points, then of `id`. `department` and `title` are
 * those of his 本務; `post` is his 職務. `talk`: he can be talked to. `disabled`: he cannot sign in.
 */
export interface PersonRow {
  id: number
  name: string
  sort: string
  rev?: number
  kana?: string
  department?: number
  title?: string
  posts?: Held[]
  post?: string
  photo?: string
  extension_number?: string
  phone_number?: string
  company_mobile_number?: string
  mobile_number?: string
  email1?: string
  user_type?: 'FACILITY' | 'REGISTRATION_ONLY_USER' | 'REGULAR_USER'
  talk?: boolean
  disabled?: boolean
}

/** One of one's own groups (グループ電話帳), with the people in it in their order. */
export interface PersonalGroup {
  id: number
  name: string
  people: number[]
}

/** Somebody's photo, under the name that its address has. */
export interface PhotoRow {
  id: number
  photo: string
}

/** Where somebody is, in degrees, with the accuracy in metres: only as he ticked that it be sent. */
export interface Place {
  lat: number
  lon: number
  accuracy?: number
}

/** A prefecture of the map, by its JMA code of two digits. */
export interface PrefectureCounts {
  code: string
  name: string
  counts: AnswerCounts
}

/** How somebody can be reached now; `until` is when one who is out returns, 0 when he did not say. */
export interface Presence {
  id: number
  state: PresenceState
  until?: number
}

/** 在席, 離席中, 不在, and nobody at any device. */
export type PresenceState = 'away' | 'in' | 'off' | 'out'

/** 権限コントロール (S4). No privilege implies another. */
export type Privilege = 'ADMIN_ACTION_LOG' | 'ADMIN_ANPI' | 'ADMIN_COMPANY' | 'ADMIN_DIVISION' | 'ADMIN_GOTALK' | 'ADMIN_USER'

/** Something about a cell: an error, a warning, or a repair (a yellow cell). Row 0: the file itself. */
export interface Problem {
  row: number
  column: string
  level: 'error' | 'repair' | 'warning'
  text: string
  was?: string
  now?: string
}

/**
 * How it stands: people asked, answered, in need of help; people whom something has reached (`sent`), whom
 * nothing could (`failed`), whose mails went into a folder alone (`written`), and to whom something is on its
 * way (`waiting`). A list tells the first three.
 */
export interface Progress {
  people?: number
  answered?: number
  support?: number
  sent?: number
  failed?: number
  written?: number
  waiting?: number
}

/** As `PushSubscription.toJSON()` gives them. */
export interface PushKeys {
  p256dh: string
  auth: string
}

/** What is asked besides one's own state, which is always asked. */
export interface Questions {
  help?: boolean
  where?: boolean
  family?: boolean
  house?: boolean
  work?: boolean
  comment?: boolean
  own?: OwnQuestion[]
}

/** So many members, the sender not among them, have read this message. */
export interface ReadCount {
  seq: number
  readers: number
}

/** A member has read up to `seq`; of messages from before `since` (when he came in) he is no reader. */
export interface ReadMark {
  id: number
  seq: number
  since: number
}

/** One line of 「自動発信の準備」: `count` of `total` are as they should be, as of `at`. */
export interface ReadyLine {
  name: 'administrators' | 'areas' | 'contacts' | 'early' | 'link' | 'mail' | 'people' | 'quake'
  ok: boolean
  count?: number
  total?: number
  at?: number
}

/**
 * A room as its member sees it in the list.
 *
 * `read` is the member's own read mark, so `seq - read` messages are unread. `peer` is the other person of
 * a direct talk, whose name is the room's. `created` is when the room was made.
 */
export interface Room {
  id: number
  kind: Kind
  name: string
  seq: number
  rev: number
  members: number
  read: number
  created: number
  owner?: boolean
  peer?: Person | null
  last?: Message | null
}

/**
 * What one rule made of it: `hits` are the areas that reach its threshold, `areas` those that it is about
 * (none: all Japan).
 */
export interface RuleFinding {
  kind: 'intensity' | 'tsunami' | 'weather'
  threshold: string
  areas: AreaChoice[]
  hits: AreaLevel[]
}

/**
 * What is answered. `own`: the company's own questions, by their number from "1" on; a choice by its Japanese
 * text.
 */
export interface Said {
  self: 'major' | 'minor' | 'other' | 'safe'
  help?: boolean
  where?: string
  family?: '' | 'checking' | 'hurt' | 'none' | 'safe'
  house?: '' | 'lost' | 'none' | 'partly' | 'unknown'
  work?: '' | 'can' | 'cannot' | 'home' | 'unknown'
  comment?: string
  own?: Record<string, string>
  location?: Place
}

/**
 * One ［発信］: `act` "ask", "again" (再送) or "cancelled" (取消の知らせ). `people`: how many it has reached
 * so far while `state` is "preparing". `whom` "due": those whose time to be asked again had come. `actor` is
 * blank for what happened by itself.
 */
export interface SendRow {
  id: number
  act: 'again' | 'ask' | 'cancelled'
  whom: 'all' | 'areas' | 'due' | 'found' | 'picked' | 'reached' | 'silent'
  at: number
  state: 'preparing' | 'ready'
  people: number
  actor?: string
}

/**
 * 送信済 298 / 300　不達 2: people by what became of what was sent to them. `reached`: at least one way worked;
 * `failed`: none did and none waits any more; `written`: only into a folder; `none`: no address.
 */
export interface SendingCounts {
  people?: number
  reached?: number
  waiting?: number
  failed?: number
  written?: number
  none?: number
}

/** One place where one is signed in: since when, last used when, in which browser, from where. */
export interface SessionRow {
  id: string
  created: number
  seen: number
  agent: string
  address: string
  current: boolean
}

/**
 * A source of telegrams: with which hosts it speaks, and when it was last heard. `state` is "off" by a switch,
 * "waiting" at first, "good", or "silent".
 */
export interface SourceHealth {
  name: 'dmdata' | 'inbound' | 'jma' | 'p2p'
  state: 'good' | 'off' | 'silent' | 'waiting'
  hosts: string[]
  early: boolean
  tried_at?: number
  heard_at?: number
  report_at?: number
  error?: string
  bytes_today?: number
}

/** A badge: which state somebody is in since when, by which incident; no `state`: none any more. */
export interface StatusRow {
  id: number
  state?: string
  since?: number
  incident?: number
  drill?: boolean
}

/** トークライセンス数, in ID: how many are in use, and how many there are. */
export interface TalkLicence {
  used: number
  limit: number
}

/** A 定型文 as it is kept. */
export interface TemplateRow {
  id: number
  name: string
  title: string
  message: string
  changed_at: number
}

/**
 * Somebody whom no mail reaches. `company`: Email 1 is missing, sent back or good; of his own addresses only
 * how many there are, are confirmed, and are sent back (A12).
 */
export interface UnreachableRow {
  id: number
  name: string
  kana: string
  department: string
  company: 'bad' | 'none' | 'ok'
  registered?: number
  confirmed?: number
  bad?: number
  push?: boolean
}

/** Somebody who has not answered, with what one may call, and who is at it (対応中). */
export interface UnreachedPerson {
  id: number
  name: string
  kana?: string
  title?: string
  department?: string
  area?: string
  phones?: string[]
  sent?: 'failed' | 'none' | 'reached' | 'waiting'
  claimed_by?: number
  claimed_name?: string
  claimed_until?: number
}

/**
 * USER_TYPE. Only a REGULAR_USER signs in; a REGISTRATION_ONLY_USER is listed, and may be asked by anpi; a
 * FACILITY is a room or a number.
 */
export type UserType = 'FACILITY' | 'REGISTRATION_ONLY_USER' | 'REGULAR_USER'

/** 全員, 自部署と上位, 管理者のみ, 本人のみ. 管理者 are ADMIN_USER and ADMIN_ANPI; one sees oneself always. */
export type Visibility = 'above' | 'administrators' | 'everybody' | 'self'

/** 全件, 抽出者全件 or 個別: exactly one of the three. */
export interface Whom {
  all?: boolean
  found?: Conditions
  picked?: number[]
}

/** A text in Japanese, and in English if somebody has written it. */
export interface Wording {
  ja: string
  en?: string
}

// ---------------------------------------------------------------- commands, without their `ref`

/**
 * The first frame: begins, or resumes with the `rev` of each topic whose rows the client holds.
 *
 * A topic is named by its key; a channel's is its number alone. Answered by one `welcome` (`me`, `now`,
 * `connection`, and what each feature adds: the talk its `rooms`), then by what was missed, topic by
 * topic. `lost` tells why the line before was lost (a close code, or 0), for the operator's charts.
 */
export interface Hello {
  do: 'hello'
  have?: Record<string, number>
  lost?: number
}

/** Asks whether the line is alive: browsers can neither send nor see WebSocket pings. */
export interface Ping {
  do: 'ping'
}

/** The people on the screen, in place of those named before: answered at once, then told when they change. */
export interface WatchPresence {
  do: 'presence.watch'
  people: number[]
}

/** Says how one can be reached: `auto` (as the server sees it), 離席中, or 不在 until a time (0: open). */
export interface ChoosePresence {
  do: 'presence.choose'
  state: 'auto' | 'away' | 'out'
  until?: number
}

/** Whether nobody has touched this device for a while (clients: five minutes). */
export interface Idle {
  do: 'presence.idle'
  idle: boolean
}

/** The departments, and to hear of every change from now on, until `directory.leave`. */
export interface OpenDirectory {
  do: 'directory'
}

/** What changed after `rev`, and to hear of every change from now on: for whoever held the directory before. */
export interface DirectorySince {
  do: 'directory.since'
  rev: number
}

/** To hear of changes no longer. */
export interface LeaveDirectory {
  do: 'directory.leave'
}

/**
 * A page of people in their order: everybody, those of a department (`below`: and of those under it), those of
 * one of one's groups in its order, or one's favourites.
 */
export interface ListPeople {
  do: 'directory.people'
  department?: number
  below?: boolean
  group?: number
  favourites?: boolean
  from?: number
  limit?: number
}

/** People by any part of name, kana, romaji, department, title, address or number; several words all count. */
export interface FindInDirectory {
  do: 'directory.find'
  text: string
  from?: number
  limit?: number
}

/** Who has exactly this number in a field that one may see, however it is written: for a call that comes in. */
export interface WhoseNumber {
  do: 'directory.whose'
  number: string
  limit?: number
}

/** All that one may see of somebody. */
export interface GetPerson {
  do: 'directory.person'
  id: number
}

/** One's own groups and favourites. */
export interface GetGroups {
  do: 'directory.groups'
}

/** One more group: at most 10, of 50 characters in the name. */
export interface AddGroup {
  do: 'group.add'
  name: string
}

/** Another name for one of one's groups. */
export interface RenameGroup {
  do: 'group.rename'
  group: number
  name: string
}

/** One of one's groups goes; the people stay what they are. */
export interface RemoveGroup {
  do: 'group.remove'
  group: number
}

/** Who comes into one of one's groups, at its end, and who goes out of it. */
export interface ChangeGroup {
  do: 'group.people'
  group: number
  add?: number[]
  remove?: number[]
}

/** The order of one's groups: all of them, each once. */
export interface OrderGroups {
  do: 'group.order'
  groups: number[]
}

/** Whether somebody is one of one's favourites. */
export interface Favour {
  do: 'favourite'
  person: number
  on: boolean
}

/** What the directory tells about oneself, and what of it one may change. */
export interface GetMine {
  do: 'directory.mine'
}

/**
 * Changes fields of oneself, all or none: those that `directory.mine` calls `editable`.
 *
 * The values are text; those of `home_areas` are joined with `;`.
 */
export interface ChangeMine {
  do: 'directory.change_mine'
  changes: Record<string, string>
}

/** The badges of these people; changes follow as events, while the directory is open. */
export interface GetStatuses {
  do: 'directory.statuses'
  people: number[]
}

/** Which of these people have a photo: for faces beside names where the directory is not open. */
export interface GetPhotos {
  do: 'directory.photos'
  people: number[]
}

/**
 * Says `text`, which may be empty beside `files`: one's own uploads that are `ready`, each sent once. The
 * same `client_id` again returns the first result and says nothing twice.
 */
export interface Post {
  do: 'post'
  channel: number
  client_id: string
  text: string
  files?: string[]
}

/** Replaces the text of one's own message, within `edit_seconds`; the same text changes nothing. */
export interface Edit {
  do: 'edit'
  channel: number
  seq: number
  text: string
}

/** Deletes one's own message, within `edit_seconds`: its place stays, its text goes. */
export interface Delete {
  do: 'delete'
  channel: number
  seq: number
}

/** Has read up to `seq`; only ever moves upward. */
export interface Mark {
  do: 'mark'
  channel: number
  seq: number
}

/** A page of messages: the newest, or those before, after or around a `seq`. */
export interface History {
  do: 'history'
  channel: number
  before?: number
  after?: number
  around?: number
  limit?: number
}

/** What changed in a channel after `rev`: `changes`, or `reset` when it is more than 300. */
export interface Since {
  do: 'since'
  channel: number
  rev: number
}

/** The rooms one is in, as a fresh list. */
export interface Rooms {
  do: 'rooms'
}

/** Open rooms whose name holds `find`. */
export interface OpenRooms {
  do: 'rooms.open'
  find?: string
}

/** A new room; the creator owns it. `group` needs no name (the members' names stand for it). */
export interface Create {
  do: 'room.create'
  kind: 'closed' | 'group' | 'open'
  name?: string
  people?: number[]
}

/** The one room of these two; made when it does not exist. */
export interface Direct {
  do: 'room.direct'
  person: number
}

/** Enters an open room. */
export interface Join {
  do: 'room.join'
  channel: number
}

/** Goes out of a room. The last owner's room goes to whoever has been in it longest. */
export interface Leave {
  do: 'room.leave'
  channel: number
}

/** Brings people in: any member of an open room or group, owners of a closed one. */
export interface Add {
  do: 'room.add'
  channel: number
  people: number[]
}

/** Puts somebody out; owners may. */
export interface Remove {
  do: 'room.remove'
  channel: number
  person: number
}

/** Gives the room another name: owners may, in a group everybody. */
export interface Rename {
  do: 'room.rename'
  channel: number
  name: string
}

/** Who is in the room, in the order of kana. */
export interface Members {
  do: 'room.members'
  channel: number
}

/** People who may be talked to, by part of name or kana. */
export interface FindPeople {
  do: 'people.find'
  find?: string
}

/** Has this channel open on the screen from now on; 0: none. Typing is told only to those who have. */
export interface View {
  do: 'view'
  channel: number
}

/** Is writing something here. Said again each three seconds, while it goes on. */
export interface Typing {
  do: 'typing'
  channel: number
}

/** How far each member of a small room (up to 100) has read; from then on `read` events tell the rest. */
export interface ReadMarks {
  do: 'read.marks'
  channel: number
}

/** How many have read each of these messages: for rooms that are too large for `read.marks`. */
export interface ReadCounts {
  do: 'read.counts'
  channel: number
  seqs: number[]
}

/** Who has read a message, and who has not. */
export interface ReadNames {
  do: 'read.names'
  channel: number
  seq: number
}

/** Which files may be sent; from then on every change of it is told. */
export interface AskPolicy {
  do: 'talk.policy'
}

/** One's own open checks; with `incident` also that one, if one was asked, when it is closed. */
export interface GetMyChecks {
  do: 'anpi.mine'
  incident?: number
}

/**
 * Answers a check; sent twice with the same `client_id` it is one answer. `at`: when it was written, for one
 * that has waited ("queue"); it does not take the place of what the person has answered since then.
 */
export interface AnswerCheck {
  do: 'anpi.answer'
  incident: number
  client_id: string
  channel: 'directory' | 'push' | 'queue' | 'talk'
  answer: Said
  at?: number
}

/**
 * Open the board of a check: answered by all of it, then told when it changes. One at a time: the one before
 * is watched no longer.
 */
export interface WatchBoard {
  do: 'anpi.watch'
  incident: number
}

/** The board is not on the screen any more. */
export interface LeaveBoard {
  do: 'anpi.unwatch'
}

export type Command =
  | Hello
  | Ping
  | WatchPresence
  | ChoosePresence
  | Idle
  | OpenDirectory
  | DirectorySince
  | LeaveDirectory
  | ListPeople
  | FindInDirectory
  | WhoseNumber
  | GetPerson
  | GetGroups
  | AddGroup
  | RenameGroup
  | RemoveGroup
  | ChangeGroup
  | OrderGroups
  | Favour
  | GetMine
  | ChangeMine
  | GetStatuses
  | GetPhotos
  | Post
  | Edit
  | Delete
  | Mark
  | History
  | Since
  | Rooms
  | OpenRooms
  | Create
  | Direct
  | Join
  | Leave
  | Add
  | Remove
  | Rename
  | Members
  | FindPeople
  | View
  | Typing
  | ReadMarks
  | ReadCounts
  | ReadNames
  | AskPolicy
  | GetMyChecks
  | AnswerCheck
  | WatchBoard
  | LeaveBoard

// ---------------------------------------------------------------- answers

/**
 * The answer to `hello`, first of all frames: who is signed in, how he has said he can be reached, the
 * server's time, this line's name in the server's log, and what each feature adds.
 */
export interface Welcome {
  is: 'welcome'
  ref: number
  me: Me
  presence: OwnPresence
  now: number
  connection: string
  rooms: Room[]
  text_limit: number
  edit_seconds: number
  log_readers: number
  anpi_open: Check[]
  anpi_administrator: boolean
  anpi_emergency: string
}

/** The answer to `ping`. */
export interface Pong {
  is: 'pong'
  ref: number
}

/** The answer to `presence.watch`, and without `ref` who has changed since; at most once a second. */
export interface PresenceList {
  is: 'presence'
  people: Presence[]
  ref?: number
}

/** The answer to a command that has nothing to tell but that it happened, durably. */
export interface Done {
  is: 'done'
  ref: number
}

/**
 * The departments as of `rev`, those above before those below, with 電話番号URLスキーム.
 *
 * `hidden` are the fields that one may never see of others; `restricted` those that events leave out, because
 * they are not everybody's: who may see one of them asks for a row anew that an event has changed.
 */
export interface Directory {
  is: 'directory'
  ref: number
  rev: number
  departments: DepartmentRow[]
  phone_scheme: string
  hidden: string[]
  restricted: string[]
}

/**
 * All rows that changed after `since`, as everybody may see them: apply them, then hold `rev`.
 *
 * What one may see besides is asked for anew where it is on the screen. `gone` are people who are listed no
 * longer, `departments_gone` departments that are no more.
 */
export interface DirectoryChanged {
  is: 'directory.changed'
  since: number
  rev: number
  people?: PersonRow[]
  gone?: number[]
  departments?: DepartmentRow[]
  departments_gone?: number[]
  ref?: number
}

/**
 * More has changed than is told row by row: ask anew for these parts where they are on the screen.
 *
 * Wait for a random time of at most `within_ms` before.
 */
export interface DirectoryReload {
  is: 'directory.reload'
  since: number
  rev: number
  parts: ('departments' | 'people')[]
  within_ms: number
  ref?: number
}

/** A page as of `rev`; `total` is how many there are in all. */
export interface PeoplePage {
  is: 'directory.people'
  ref: number
  rev: number
  total: number
  from: number
  people: PersonRow[]
}

/** A page of those who were found, the nearest department first; `total` is not counted beyond 1000. */
export interface Found {
  is: 'directory.found'
  ref: number
  total: number
  from: number
  people: PersonFound[]
}

/** All that one may see of somebody. */
export interface PersonShown {
  is: 'directory.person'
  ref: number
  person: PersonCard
}

/** One's groups in their order, and one's favourites; without `ref` when one of one's devices changed them. */
export interface Groups {
  is: 'directory.groups'
  groups: PersonalGroup[]
  favourites: number[]
  ref?: number
}

/** Oneself, and the fields that one may change. */
export interface Mine {
  is: 'directory.mine'
  ref: number
  person: PersonCard
  editable: string[]
}

/**
 * Badges as of `rev`: those asked for, with `ref`; or, at most once a second, those that changed after
 * `from`.
 */
export interface Statuses {
  is: 'directory.statuses'
  rev: number
  rows: StatusRow[]
  from?: number
  ref?: number
}

/** The photos of those who have one. */
export interface Photos {
  is: 'directory.photos'
  ref: number
  photos: PhotoRow[]
}

/** The message is durable. `dup` when it already was. */
export interface Ack {
  is: 'ack'
  ref: number
  channel: number
  seq: number
  rev: number
  at: number
  dup?: boolean
}

/** Messages in the order of `seq`, as of `rev`; whether there are more on either side. */
export interface Page {
  is: 'page'
  ref: number
  channel: number
  rev: number
  seq: number
  messages: Message[]
  before: boolean
  after: boolean
}

/**
 * All rows of a channel that changed after `since`, as of `rev`: apply all, then hold `rev`.
 *
 * `room` is missing when the frame was made once for everybody: it would hold somebody's read mark.
 */
export interface Changes {
  is: 'changes'
  channel: number
  since: number
  rev: number
  seq: number
  messages: Message[]
  members: Member[]
  room?: Room
  ref?: number
}

/** Too much was missed: forget the timeline of this channel; here is its newest page. */
export interface Reset {
  is: 'reset'
  channel: number
  rev: number
  seq: number
  messages: Message[]
  before: boolean
  room: Room
  ref?: number
}

/** The rooms one is in. */
export interface RoomList {
  is: 'rooms'
  ref: number
  rooms: Room[]
}

/** Open rooms, joined or not, at most 100. */
export interface OpenRoomList {
  is: 'rooms.open'
  ref: number
  rooms: OpenRoom[]
}

/** The answer to creating, joining or finding a room. */
export interface Entered {
  is: 'room'
  ref: number
  room: Room
}

/** Who is in the room, as of `rev`. */
export interface MemberList {
  is: 'members'
  ref: number
  channel: number
  rev: number
  members: Member[]
}

/** People one may talk to, oneself not among them, at most 50. */
export interface PeopleList {
  is: 'people'
  ref: number
  people: Person[]
}

/** A message's readers are the members but its sender whose `seq` is not smaller, and `since` not later. */
export interface ReadMarkList {
  is: 'read.marks'
  ref: number
  channel: number
  marks: ReadMark[]
}

/** How many have read each of the messages that were asked for. */
export interface ReadCountList {
  is: 'read.counts'
  ref: number
  channel: number
  counts: ReadCount[]
}

/** Who has read a message, and who of those who were members then has not; by name, at most 1,000 of each. */
export interface ReaderList {
  is: 'read.names'
  ref: number
  channel: number
  seq: number
  read: Person[]
  unread: Person[]
}

/**
 * Which files may be sent: 送信出来るファイル種別 (`mode`: all but those in `refused`; JPEG, PNG and GIF
 * alone; none). An answer also tells how large a file may be and how many fit into a message; a change does not.
 * `log_readers` is the number of people who may read the talk log.
 *
 * A browser says no at once by it; the server decides by the contents too.
 */
export interface TalkPolicy {
  is: 'talk.policy'
  rev: number
  mode: 'default' | 'images' | 'off'
  refused: string[]
  log_readers: number
  max_bytes?: number
  max_files?: number
  ref?: number
}

/**
 * The checks that are open for one, the newest first; told unasked, without `ref`, to one's own devices when
 * one is asked, when one's answer counts, and when a check closes. `closed`: the one that was asked for and is
 * over. `emergency`: the company's number for emergencies.
 */
export interface MyChecks {
  is: 'anpi.mine'
  open: Check[]
  closed?: Check | null
  emergency?: string
  ref?: number
}

/**
 * The answer is durable. `at`: as of when it is; `counted`: in which checks it counts; `dup`: it had been
 * given before.
 */
export interface Answered {
  is: 'anpi.answered'
  ref: number
  at: number
  counted: number[]
  dup?: boolean
}

/**
 * A check in numbers as of `rev`. `rows` are the people who changed after `from`; `more`: there are more
 * than are told, lists are to be read anew. `departments`: those above before those below.
 */
export interface Board {
  is: 'anpi.board'
  incident: number
  from: number
  rev: number
  state: string
  totals: AnswerCounts
  departments?: DepartmentCounts[]
  areas?: AreaCounts[]
  prefectures?: PrefectureCounts[]
  curve?: Curve | null
  sending?: SendingCounts | null
  rows?: BoardRow[]
  more?: boolean
  ref?: number
}

// ---------------------------------------------------------------- events

/** The newest `rev` of topics, by name: who holds an older one asks for what is missing. */
export interface Heads {
  is: 'heads'
  revs: Record<string, number>
}

/**
 * The answer to a command that was refused: nothing has changed.
 *
 * `code` is for programs (docs/protocol.md lists them), `message` is a sentence for the person, in the
 * person's language, `field` the field that it is about, `reason` says to a developer what was wrong with
 * the frame. `ref` is missing when the frame was too broken to have one.
 */
export interface ErrorFrame {
  is: 'error'
  code: string
  message: string
  ref?: number
  retry_ms?: number
  reason?: string
  field?: string
}

/** The last frame before the server closes: come back after `retry_ms`, if at all. */
export interface Bye {
  is: 'bye'
  code: number
  retry_ms?: number
}

/** Somebody has said something, perhaps oneself. */
export interface Posted {
  is: 'message.posted'
  channel: number
  rev: number
  message: Message
}

/** A message has another text: its new state, with `edited` set. */
export interface Edited {
  is: 'message.edited'
  channel: number
  rev: number
  message: Message
}

/** A message has been deleted: its new state, with `deleted` set and no text. */
export interface Deleted {
  is: 'message.deleted'
  channel: number
  rev: number
  message: Message
}

/** Somebody came in; `members` is how many there are now. */
export interface Joined {
  is: 'member.joined'
  channel: number
  rev: number
  member: Member
  members: number
}

/** Somebody went out; `members` is how many there are now. The leaver hears `room.removed` instead. */
export interface Left {
  is: 'member.left'
  channel: number
  rev: number
  member: Member
  members: number
}

/** Somebody in the room became its owner. */
export interface MemberChanged {
  is: 'member.changed'
  channel: number
  rev: number
  member: Member
}

/** The room has another name. */
export interface Renamed {
  is: 'room.renamed'
  channel: number
  rev: number
  name: string
}

/** One is in a room from now on (to the person alone, on every device). */
export interface RoomAdded {
  is: 'room.added'
  room: Room
}

/** One is in this room no longer: its content is to be forgotten. */
export interface RoomRemoved {
  is: 'room.removed'
  channel: number
}

/** One's own read mark moved, on another device. */
export interface Marked {
  is: 'marked'
  channel: number
  seq: number
}

/** Who has read on, in a channel of up to 100 members; at most once a second. Not kept for a slow line. */
export interface Read {
  is: 'read'
  channel: number
  marks: NewMark[]
}

/** Somebody is writing; it ends with his message, or six seconds after the last of these. */
export interface IsTyping {
  is: 'typing'
  channel: number
  person: number
  name: string
}

/** One may not see this board any more. */
export interface BoardGone {
  is: 'anpi.board_gone'
  incident: number
}

/** Events that carry a number of their channel: gaps are found by them. */
export type ChannelEvent =
  | Posted
  | Edited
  | Deleted
  | Joined
  | Left
  | MemberChanged
  | Renamed

export type Frame =
  | Welcome
  | Pong
  | PresenceList
  | Done
  | Directory
  | DirectoryChanged
  | DirectoryReload
  | PeoplePage
  | Found
  | PersonShown
  | Groups
  | Mine
  | Statuses
  | Photos
  | Ack
  | Page
  | Changes
  | Reset
  | RoomList
  | OpenRoomList
  | Entered
  | MemberList
  | PeopleList
  | ReadMarkList
  | ReadCountList
  | ReaderList
  | TalkPolicy
  | MyChecks
  | Answered
  | Board
  | Heads
  | ErrorFrame
  | Bye
  | Posted
  | Edited
  | Deleted
  | Joined
  | Left
  | MemberChanged
  | Renamed
  | RoomAdded
  | RoomRemoved
  | Marked
  | Read
  | IsTyping
  | BoardGone

/** The answer that each command hopes for; an `error` instead is a refusal. */
export interface Answers {
  hello: Welcome
  ping: Pong
  'presence.watch': PresenceList
  'presence.choose': Done
  'presence.idle': Done
  directory: Directory
  'directory.since': DirectoryChanged | DirectoryReload
  'directory.leave': Done
  'directory.people': PeoplePage
  'directory.find': Found
  'directory.whose': Found
  'directory.person': PersonShown
  'directory.groups': Groups
  'group.add': Groups
  'group.rename': Groups
  'group.remove': Groups
  'group.people': Groups
  'group.order': Groups
  favourite: Groups
  'directory.mine': Mine
  'directory.change_mine': Mine
  'directory.statuses': Statuses
  'directory.photos': Photos
  post: Ack
  edit: Done
  delete: Done
  mark: Done
  history: Page
  since: Changes | Reset
  rooms: RoomList
  'rooms.open': OpenRoomList
  'room.create': Entered
  'room.direct': Entered
  'room.join': Entered
  'room.leave': Done
  'room.add': Done
  'room.remove': Done
  'room.rename': Done
  'room.members': MemberList
  'people.find': PeopleList
  view: Done
  typing: Done
  'read.marks': ReadMarkList
  'read.counts': ReadCountList
  'read.names': ReaderList
  'talk.policy': TalkPolicy
  'anpi.mine': MyChecks
  'anpi.answer': Answered
  'anpi.watch': Board
  'anpi.unwatch': Done
}

// ---------------------------------------------------------------- bodies of HTTP

/** Which of one's sessions is to end. */
export interface EndSession {
  id: string
}

/** An empty object: even what needs no word is asked in JSON. */
export interface Nothing {
}

/** What one chooses for oneself. */
export interface OwnSettings {
  language: Language
}

/** What shall be different; a field that is left out stays. `login_domains`: none means any. */
export interface CompanyChanges {
  name?: string
  phone_scheme?: string
  licences?: LicenceChanges
  visibility?: Record<string, Visibility>
  purpose?: string
  login_domains?: string[]
}

/** Whose passwords are to be made anew, at most 300 at once. */
export interface SheetsWish {
  people: number[]
}

/** What a department shall be; what is left out stays. `parent`: null for the top. */
export interface DepartmentBody {
  code?: string
  name?: string
  kana?: string
  alphabet?: string
  phone_number?: string
  url?: string
  sort_score?: number | null
  parent?: number | null
}

/** Where a department shall stand: under `parent` (null: at the top), and, if named, right before `before`. */
export interface MoveBody {
  parent: number | null
  before?: number
}

/** How many people would be unassigned, as one was told: a `conflict` when it is another number by now. */
export interface RemoveDepartmentBody {
  people: number
}

/**
 * Somebody new. `generate`: a first password is made, and told once; without it and `password` he cannot sign
 * in yet.
 */
export interface NewPerson {
  login_id?: string
  name?: string
  kana?: string
  language?: string
  user_type?: UserType
  enabled?: boolean
  privileges?: Privilege[]
  talk?: boolean
  talk_log?: boolean
  anpi_login_id?: string
  alphabet?: string
  employee_number?: string
  post?: string
  extension_number?: string
  phone_number?: string
  company_mobile_number?: string
  personal_mobile_number?: string
  mobile_number?: string
  fax_number?: string
  email1?: string
  email2?: string
  web_url?: string
  comment?: string
  remarks?: string
  skill?: string
  sort_score?: number | null
  posts?: Held[]
  work_areas?: string[]
  home_areas?: string[]
  password?: string
  generate?: boolean
}

/** The changes, and the `rev` of the person as one saw him: a `conflict` when he has changed since. */
export interface PersonSave {
  rev: number
  changes: PersonChanges
}

/**
 * How it shall be. `extra` are extensions that are refused beside the 39; `uninspected` decides on archives
 * that cannot be listed, `executables` on those of other systems. `version` is of what was seen before: when
 * something else holds by now, nothing is changed; blank: whatever holds.
 */
export interface Wanted {
  mode: 'default' | 'images' | 'off'
  extra: string[]
  look_inside: boolean
  uninspected: 'refuse' | 'send'
  executables: 'refuse' | 'send'
  version?: string
}

/** What is to be downloaded, in which form, and why; one's own password again. */
export interface LogDownloadWish {
  password: string
  reason: string
  form: 'csv' | 'jsonl' | 'zip'
  wanted: LogWanted
}

/** Whose or which room's lines are to be kept, and why. */
export interface LogHoldWish {
  kind: 'person' | 'room'
  target: number
  reason: string
}

/** Why it need not be kept any longer. */
export interface LogReleaseWish {
  reason: string
}

/**
 * 代理回答, for one or for several at once: `name` signs it, `reason` says how one knows. `seen`, beside
 * `accounts`: as of when each one's newest answer is that one has seen, 0: none; of several, who has answered
 * himself since then is left out.
 */
export interface ProxyBody {
  accounts: number[]
  answer: Said
  name: string
  reason: string
  key: string
  seen?: number[]
}

/** 対応中にする, or not any longer. */
export interface ClaimBody {
  account: number
  on: boolean
}

/**
 * 災害登録. What is required and missing is refused by name; `closing_at` and `closing_to`: both or
 * neither.
 */
export interface NewIncident {
  key: string
  title?: string
  message?: string
  kind?: 'ask' | 'notice'
  drill?: boolean
  count_from?: number | null
  closing_at?: number | null
  closing_to?: string
  location?: boolean
  questions?: Questions
}

/**
 * What shall be different; what is left out stays. After the first ［発信］ only 終了案内 and 位置情報
 * change.
 */
export interface IncidentChange {
  title?: string
  message?: string
  kind?: 'ask' | 'notice'
  drill?: boolean
  count_from?: number
  closing_at?: number | null
  closing_to?: string
  location?: boolean
  questions?: Questions
}

/** Whom one thinks of asking. */
export interface CountBody {
  whom: Whom
}

/** ［発信］: `people` is the number that was confirmed; `key` makes pressing twice one send. */
export interface SendBody {
  key: string
  whom: Whom
  people: number
}

/** 未回答の人に再送. */
export interface ResendBody {
  key: string
}

/** 完了にする; `unanswered`: as one was told. */
export interface CompleteBody {
  unanswered: number
}

/** A 定型文: under which name it is found, and what it fills in. */
export interface TemplateBody {
  name: string
  title: string
  message: string
}

/** What shall be different of `AnpiSettings`; what is left out stays. */
export interface SettingsBody {
  outside?: boolean
  early_wait_seconds?: number
  grace_seconds?: number
  guard_hours?: number
  jma_drills?: boolean
  message?: string
  message_early?: string
  message_warning?: string
  questions?: Questions
  location?: boolean
  remind?: number[]
  remind_quake_any_hour?: boolean
  badge_detail?: 'full' | 'support'
  emergency_number?: string
  sender_name?: string
  managers?: number[]
}

/** An address to be asked about, and kept. */
export interface NewContact {
  address: string
}

/** All rules as they shall be; `seen` is the `changed_at` of those one has seen. */
export interface HazardRulesBody {
  rules: HazardRule[]
  seen?: number
}

/** What would happen today: with a stored event, or with an invented quake. One of the two. */
export interface SimulateBody {
  event?: number
  report?: InventedQuake
}

/** `PushSubscription.toJSON()`. */
export interface PushSubscription {
  endpoint: string
  keys: PushKeys
  expirationTime?: number | null
}

/** Which browser is not to be woken any more. */
export interface PushEnd {
  endpoint: string
}

/** The process answers. */
export interface Alive {
  status: 'ok'
}

/** What keeps this process from doing its work now, by name. */
export interface Failing {
  status: 'failing'
  failing: string[]
}

/** Who is signed in, and where. */
export interface CompanyMe {
  id: number
  name: string
  login_id: string
  language: Language
  talk: boolean
  privileges: string[]
  talk_log: boolean
  company: string
}

/** Where one is signed in, the latest used first. */
export interface SessionList {
  sessions: SessionRow[]
}

/** How many sessions were ended. */
export interface Ended {
  ended: number
}

/** 企業情報, as who administers the company sees it. `visibility` names every field that has a 公開範囲. */
export interface AdminCompany {
  name: string
  group_code: string
  licences: LicenceList
  phone_scheme: string
  logo: string
  visibility: Record<string, Visibility>
  purpose: string
  login_domains: string[]
}

/** Lines, the newest first; `more`: there are older ones, before the last one's `id`. */
export interface ActionPage {
  actions: ActionRow[]
  more?: boolean
}

/**
 * What one person needs for the first sign-in, to be printed: it is told this once.
 *
 * The password can be used until `until`, and must then be changed.
 */
export interface LoginSheet {
  id: number
  company: string
  name: string
  login_id: string
  password: string
  address?: string
  until?: number
}

/** The eight digits to be read out, and until when they work. */
export interface SignInCode {
  code: string
  until: number
}

/** The sheets that were asked for, in that order. */
export interface LoginSheets {
  sheets: LoginSheet[]
}

/** All departments as of `rev`, those above before those below. */
export interface AdminDepartments {
  rev: number
  departments: DepartmentRow[]
}

/**
 * A department. `parent` is missing at the top; `people` are those who have a post in it itself, not below.
 *
 * Departments with the same parent stand in the order of `sort`, compared by code points, then of `id`.
 */
export interface DepartmentRow {
  id: number
  code: string
  name: string
  sort: string
  parent?: number
  kana?: string
  alphabet?: string
  phone_number?: string
  url?: string
  sort_score?: number
  people?: number
}

/**
 * A department, and what its removal would take along: `below` departments under it, and the posts of
 * `people`, each counted once.
 */
export interface AdminDepartment {
  department: DepartmentRow
  below: number
  people: number
}

/** What a text may mean: one area, none when it is unknown, several when it may be any of them (at most 20). */
export interface AdminAreas {
  areas: AdminArea[]
}

/**
 * A page of people; `total` is how many there are, of a search at most 1000. `functions`: the options that
 * the company has licences for; of others nothing is shown.
 */
export interface AdminPeople {
  total: number
  from: number
  functions?: ('anpi' | 'talk')[]
  people?: AdminPersonRow[]
}

/** Somebody who has been added, and, told this once, what he needs for the first sign-in. */
export interface AddedPerson {
  id: number
  rev: number
  login_id: string
  name: string
  enabled: boolean
  state: 'disabled' | 'enabled' | 'expired' | 'never'
  editable: string[]
  kana?: string
  user_type?: UserType
  language?: Language
  privileges?: Privilege[]
  talk?: boolean
  talk_log?: boolean
  anpi_login_id?: string
  photo?: string
  sort_score?: number | null
  posts?: Held[]
  alphabet?: string
  employee_number?: string
  post?: string
  extension_number?: string
  phone_number?: string
  company_mobile_number?: string
  personal_mobile_number?: string
  mobile_number?: string
  fax_number?: string
  email1?: string
  email2?: string
  web_url?: string
  comment?: string
  remarks?: string
  skill?: string
  work_areas?: string[]
  home_areas?: string[]
  sheet?: LoginSheet
}

/** Somebody with every field that one may see, and in `editable` those that one may change. */
export interface AdminPerson {
  id: number
  rev: number
  login_id: string
  name: string
  enabled: boolean
  state: 'disabled' | 'enabled' | 'expired' | 'never'
  editable: string[]
  kana?: string
  user_type?: UserType
  language?: Language
  privileges?: Privilege[]
  talk?: boolean
  talk_log?: boolean
  anpi_login_id?: string
  photo?: string
  sort_score?: number | null
  posts?: Held[]
  alphabet?: string
  employee_number?: string
  post?: string
  extension_number?: string
  phone_number?: string
  company_mobile_number?: string
  personal_mobile_number?: string
  mobile_number?: string
  fax_number?: string
  email1?: string
  email2?: string
  web_url?: string
  comment?: string
  remarks?: string
  skill?: string
  work_areas?: string[]
  home_areas?: string[]
}

/** By what the picture is found, under `/pictures/{name}/large` and `/pictures/{name}/small`; blank: none. */
export interface PictureName {
  picture: string
}

/**
 * What a file would come to; nothing has been written. `ready`: OK may be pressed.
 *
 * `asks` must be ticked first, `offers` may be; `hashing_seconds` is how long the passwords will take.
 */
export interface ImportPreview {
  id: number
  kind: 'departments' | 'users'
  encoding: string
  rows: number
  counts: Counts
  seats: Counter[]
  lost: Lost
  unknown: string[]
  headings: Heading[]
  problems: Problem[]
  asks: string[]
  offers: string[]
  ready: boolean
  hashing_seconds: number
  kept?: Kept[]
  sheets?: string[]
}

/** How it ended. `login_sheets` are the ログイン通知書 of those whose passwords were made; no disk has them. */
export interface ImportDone {
  id: number
  kind: 'departments' | 'users'
  state: 'applied' | 'applying' | 'failed' | 'hashing' | 'previewed' | 'undone'
  done?: number
  total?: number
  seconds_left?: number
  code?: string
  message?: string
  sheets?: number
  login_sheets?: LoginSheet[]
}

/** How far it is. `code` and `message` say why it failed; `sheets` wait to be fetched, once. */
export interface ImportProgress {
  id: number
  kind: 'departments' | 'users'
  state: 'applied' | 'applying' | 'failed' | 'hashing' | 'previewed' | 'undone'
  done?: number
  total?: number
  seconds_left?: number
  code?: string
  message?: string
  sheets?: number
}

/** A page of them. */
export interface ImportRows {
  total: number
  start: number
  rows: ImportRow[]
}

/** The ログイン通知書 of those whose passwords were made: told once. */
export interface ImportSheets {
  sheets: LoginSheet[]
}

/** Whether the last import was one of these, and can still be undone. */
export interface LastImport {
  undoable: boolean
}

/**
 * What holds now. `listed` are the 39 extensions in the manual's order, `offered` those that others refuse
 * besides. `version` is sent along with a change, so that it overwrites nothing that was not seen.
 */
export interface TalkSettings {
  mode: 'default' | 'images' | 'off'
  extra: string[]
  look_inside: boolean
  uninspected: 'refuse' | 'send'
  executables: 'refuse' | 'send'
  listed: string[]
  offered: string[]
  licence: TalkLicence
  version: string
}

/**
 * A file as a message carries it, found under `/files/{id}/{name}`.
 *
 * `media` is there for pictures alone, whose bytes were verified; they may be shown where they stand, with
 * `width` and `height` in pixels, and `/files/{id}/thumbnail` when `thumbnail` is set. `uninspected`: its
 * contents could not be looked into.
 */
export interface File {
  id: string
  name: string
  size: number
  media?: string
  width?: number
  height?: number
  thumbnail?: boolean
  uninspected?: boolean
}

/**
 * One of one's own uploads. `state` is `receiving`, `ready` (to be sent), `sent` or `refused`; `size`
 * as it was announced, `offset` how much of it has come. `file` is there from `ready` on, `refusal` for a
 * day.
 */
export interface Upload {
  id: string
  state: string
  name: string
  offset: number
  size: number
  file?: File
  refusal?: Refusal
}

/** The log of one month. `readers`: how many people may read it; `key` signs what is closed now. */
export interface TalkLog {
  month: string
  months: string[]
  segments: LogSegment[]
  latest: LatestLog | null
  head: LogHead
  key: string
  readers: number
  alarms: LogAlarm[]
  time_zone: string
}

/** At most 50, by name. */
export interface LogRooms {
  rooms: LogRoom[]
}

/** At most 50, by kana. */
export interface LogPeople {
  people: LogPerson[]
}

/** It can be fetched at `address` until then, and taken up again. */
export interface LogDownload {
  id: string
  name: string
  until: number
  address: string
}

/** The newest first. */
export interface LogHolds {
  holds: LogHold[]
}

/** What must be kept, whatever the time for which the log is kept, until it is released. */
export interface LogHold {
  id: number
  kind: 'person' | 'room'
  target: number
  name: string
  reason: string
  by: string
  at: number
  released_at?: number
}

/**
 * How many answers were written; `left_out`: accounts that this check does not ask; `answered_since`: those
 * who have answered themselves in the meantime, whose own answers stay.
 */
export interface ProxyTaken {
  answered: number
  left_out: number[]
  answered_since?: number[]
}

/** Everything a person has answered that counts in a check, the newest first. */
export interface AnswerHistory {
  account: number
  answers: AnswerRow[]
}

/** 集計: a check in numbers, as the board shows it. */
export interface Totals {
  incident: number
  rev: number
  title: string
  state: string
  drill: boolean
  counts: AnswerCounts
  departments: DepartmentCounts[]
  areas: AreaCounts[]
  prefectures: PrefectureCounts[]
  curve: Curve
  sending: SendingCounts
}

/** Those who were found, in the order of kana: `total` in all; `after` for the next page, 0: there is none. */
export interface AnswersPage {
  total: number
  counts: AnswerCounts
  after: number
  people: AnswerPerson[]
}

/** まだ回答のない人, in the order of all lists. */
export interface Unreached {
  total: number
  after: number
  people: UnreachedPerson[]
}

/** Who takes care of reaching somebody, and until when. */
export interface Claim {
  account: number
  claimed_by?: number
  claimed_name?: string
  claimed_until?: number
}

/** The newest first; `more`: ask again with `before` = the last one's number. */
export interface Incidents {
  incidents: IncidentRow[]
  more?: boolean
}

/**
 * One incident with everything. `changeable`: before the first ［発信］. `linked`: mails carry a link to
 * answer (there is a public address).
 */
export interface IncidentShown {
  id: number
  kind: 'ask' | 'notice'
  drill: boolean
  origin: 'automatic' | 'manual'
  cause: 'early_warning' | 'earthquake' | 'other' | 'tsunami' | 'weather'
  state: 'done' | 'open'
  title: string
  created_at: number
  count_from: number
  rev: number
  sent_at?: number
  suspended_at?: number
  cancelled_at?: number
  completed_at?: number
  progress?: Progress
  message: string
  questions: Questions
  location: boolean
  changeable: boolean
  linked: boolean
  closing_at?: number
  closing_to?: string
  closing_sent_at?: number
  facts?: IncidentFacts
  reminders?: number[]
  created_by?: string
  completed_by?: string
  sends?: SendRow[]
}

/**
 * 「{people}人に発信します。」: so many would be asked, and so many of them have no mail address; `already`
 * have been asked before, and are not asked anew.
 */
export interface Counted {
  people: number
  without_address: number
  already?: number
}

/** The send that was begun, or the one of the same key. */
export interface Sent {
  send: SendRow
}

/** `unanswered`: how many had really not answered. */
export interface Completed {
  incident: IncidentShown
  unanswered: number
}

/** At most 100, in the order of all lists; `total` answer the conditions. */
export interface PeopleRows {
  total: number
  people: AnpiPersonRow[]
  more?: boolean
}

/** Everything that was sent to somebody, in its order. */
export interface DeliveryRows {
  deliveries: DeliveryRow[]
}

/** All 定型文, in their order. */
export interface Templates {
  templates: TemplateRow[]
}

/**
 * As they are. `changeable`: whether this administrator may change them. `title` is the automatic incident's,
 * which is fixed. `group_code`: 団体コード; `site`: the address of the safety check with it, blank without a
 * public one. `linked`: there is a public address for links to answer.
 */
export interface SettingsShown {
  outside: boolean
  early_wait_seconds: number
  grace_seconds: number
  guard_hours: number
  jma_drills: boolean
  title: string
  message: string
  message_early: string
  message_warning: string
  questions: Questions
  location: boolean
  remind: number[]
  remind_quake_any_hour: boolean
  badge_detail: 'full' | 'support'
  emergency_number: string
  sender_name: string
  administrators: ManagerRow[]
  changeable: boolean
  group_code: string
  site: string
  linked: boolean
}

/**
 * One's own addresses, how many there may be, and from whom mails come: what a phone must let through
 * (指定受信).
 */
export interface Contacts {
  contacts: ContactRow[]
  limit: number
  sender: string
}

/**
 * 届かない人, by name. `people` counts all of them, `scope` everybody with an 安否ログインID.
 *
 * With `more` there are others after the last.
 */
export interface Unreachable {
  rows: UnreachableRow[]
  people: number
  scope: number
  more: boolean
}

/** The rules, and among which areas one may choose. */
export interface HazardRules {
  rules: HazardRule[]
  changed_at: number
  choices: AreaChoice[]
}

/**
 * Whether a safety check would start by itself and reach everybody. `outside` is the company's switch for all
 * outside sources, `door` the operator's (RENRAKU_OUTBOUND); `test` is the newest test mail.
 */
export interface Readiness {
  ready: boolean
  outside: boolean
  door: boolean
  lines: ReadyLine[]
  sources: SourceHealth[]
  test?: MailTest | null
}

/**
 * テストメール: what became of it. `outcome` is blank while it is under way; "sent": a relay took it; "refused"
 * for good, "later" for now, "doubtful": handed over without a word, "trouble": no relay could be used, "bounced":
 * it came back, "lost": nobody knows. `way`: which relay (1 or 2) had the last word, `said`: its words; `by`:
 * who sent it; `to`: to which address, told to whoever has just sent it.
 */
export interface MailTest {
  at: number
  outcome: '' | 'bounced' | 'doubtful' | 'later' | 'lost' | 'no_address' | 'no_relay' | 'refused' | 'sent' | 'trouble'
  way?: number
  said?: string
  by?: string
  to?: string
}

/** The newest first, at most 50. */
export interface HazardEvents {
  events: HazardEvent[]
  more: boolean
}

/** 発信の理由: every report of an event, and what each led to. */
export interface HazardWhy {
  event: HazardEvent
  reports: HazardReportRow[]
  decisions: HazardDecision[]
}

/** The same for a safety check: the events that it was started and widened by. */
export interface IncidentWhy {
  events: HazardWhy[]
}

/**
 * Nothing was sent. `people` would be asked: `unplaced` of them because no area of theirs is known, and
 * `without_address` have no address.
 */
export interface Simulation {
  act: 'cancel' | 'ignore' | 'keep' | 'start' | 'tell' | 'wait' | 'widen'
  reason: string
  areas: AreaLevel[]
  rules: RuleFinding[]
  people: number
  unplaced: number
  without_address: number
}

/** A telegram was taken in; `known`: it had come before. */
export interface InboundTaken {
  report: number
  known: boolean
  act: string
}

/**
 * `key`: our public key, for `applicationServerKey`; blank where nothing may go out. `on`: whether the
 * browser of this session is woken.
 */
export interface PushState {
  key: string
  on: boolean
}

/**
 * What was asked was refused: `code` is for programs, `message` a sentence in the reader's language.
 *
 * Asking again makes sense after `retry_ms`, if that is given. `field` and `row` say what it is about, where
 * that is known; a file's header is row 1.
 */
export interface Refusal {
  code: string
  message: string
  retry_ms?: number
  field?: string
  row?: number
}

// ---------------------------------------------------------------- closing

export const CloseCode = {
  /** The session has ended, or the account is disabled. */
  SIGNED_OUT: 4401,
  /** No hello in time. */
  NO_HELLO: 4408,
  /** More was owed than a connection may owe. */
  SLOW: 4410,
  /** What this person may do, or the language, has changed. */
  RIGHTS_CHANGED: 4411,
  /** Too many broken frames in a row. */
  TOO_MANY_ERRORS: 4412,
  /** A binary message. */
  NOT_TEXT: 1003,
  /** A message that is not UTF-8. */
  BAD_UTF8: 1007,
  /** A message that is too long. */
  TOO_BIG: 1009,
  /** The server stops or restarts. */
  RESTART: 1012,
  /** Too many came at once, or hello failed. */
  OVERLOADED: 1013,
} as const
