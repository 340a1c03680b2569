/**
 * What goes over the socket and over HTTP, made from the server's own types by `python -m server.contract`.
 *
 * Times are milliseconds since 1970-01-01 UTC. A field that may be missing has its default then. A command names
 * itself in `do`, a frame in `is`; `ref` ties an answer to its command.
 */

// ---------------------------------------------------------------- shapes

export type Language = 'ja' | 'en'

/** What kind of room: 公開, 非公開, 1対1, グループ. */
export type Kind = 'closed' | 'direct' | 'group' | 'open'

/** Who is signed in. `talk`: whether he may talk; `privileges`: what he may administer, by name. */
export interface Me {
  id: number
  name: string
  login_id: string
  language: Language
  talk: boolean
  privileges: string[]
}

/** Somebody's place in a room. `left` is set on the tombstone of one who is no longer in it. */
export interface Member {
  id: number
  name: string
  rev: number
  owner?: boolean
  left?: boolean
}

/** A message's newest state. Deleted ones keep their place: `deleted` is set and `text` is empty. */
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

/** How one has said one can be reached; `until` is 0 when no time was said. */
export interface OwnPresence {
  state: 'auto' | 'away' | 'out'
  until: number
}

/** Somebody, as a list shows him. `gone` is set when the account is deleted. */
export interface Person {
  id: number
  name: string
  kana?: string
  title?: string
  gone?: boolean
}

/** How somebody can be reached now; `until` is when one who is out returns, 0 when he did not say. */
export interface Presence {
  id: number
  state: PresenceState
  until?: number
}

/** 在席, 離席中, 不在, and nobody at any device. */
export type PresenceState = 'away' | 'in' | 'off' | 'out'

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

/** One place where one is signed in: since when, last used when, in which browser, from where. */
export interface SessionRow {
  id: string
  created: number
  seen: number
  agent: string
  address: string
  current: boolean
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

/** Says `text`. The same `client_id` again returns the first result and says nothing twice. */
export interface Post {
  do: 'post'
  channel: number
  client_id: string
  text: string
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

export type Command =
  | Hello
  | Ping
  | WatchPresence
  | ChoosePresence
  | Idle
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
 * person's language, `reason` says to a developer what was wrong with the frame. `ref` is missing when
 * the frame was too broken to have one.
 */
export interface ErrorFrame {
  is: 'error'
  code: string
  message: string
  ref?: number
  retry_ms?: number
  reason?: string
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

/** The answer that each command hopes for; an `error` instead is a refusal. */
export interface Answers {
  hello: Welcome
  ping: Pong
  'presence.watch': PresenceList
  'presence.choose': Done
  'presence.idle': Done
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

/**
 * What was asked was refused: `code` is for programs, `message` a sentence in the reader's language.
 *
 * Asking again makes sense after `retry_ms`, if that is given.
 */
export interface Refusal {
  code: string
  message: string
  retry_ms?: number
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
