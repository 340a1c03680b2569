/**
 * What goes over the socket: one type per struct of `server/live/frames.py` and `chat/frames.py`, same names.
 *
 * Times are milliseconds since 1970-01-01 UTC. A field with a default value is left out on the wire, so it is
 * optional here. A command names itself in `do`, a frame in `is`; `ref` ties an answer to its command.
 */

// ---------------------------------------------------------------- shapes

export type Kind = 'open' | 'closed' | 'direct' | 'group'
export type Language = 'ja' | 'en'

export interface Person {
  id: number
  name: string
  kana?: string
  title?: string
  gone?: boolean
}

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

export interface Member {
  id: number
  name: string
  rev: number
  owner?: boolean
  left?: boolean
}

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

export interface Me {
  id: number
  name: string
  login_id: string
  language: Language
  talk: boolean
  privileges: string[]
}

export interface OpenRoom {
  id: number
  name: string
  members: number
  joined?: boolean
}

// ---------------------------------------------------------------- commands, without their `ref`

export interface Ping {
  do: 'ping'
}
export interface Hello {
  do: 'hello'
  have?: Record<string, number>
  lost?: number
}
export interface Post {
  do: 'post'
  channel: number
  client_id: string
  text: string
}
export interface Edit {
  do: 'edit'
  channel: number
  seq: number
  text: string
}
export interface Delete {
  do: 'delete'
  channel: number
  seq: number
}
export interface Mark {
  do: 'mark'
  channel: number
  seq: number
}
export interface History {
  do: 'history'
  channel: number
  before?: number
  after?: number
  around?: number
  limit?: number
}
export interface Since {
  do: 'since'
  channel: number
  rev: number
}
export interface Rooms {
  do: 'rooms'
}
export interface OpenRooms {
  do: 'rooms.open'
  find?: string
}
export interface Create {
  do: 'room.create'
  kind: 'open' | 'closed' | 'group'
  name?: string
  people?: number[]
}
export interface Direct {
  do: 'room.direct'
  person: number
}
export interface Join {
  do: 'room.join'
  channel: number
}
export interface Leave {
  do: 'room.leave'
  channel: number
}
export interface Add {
  do: 'room.add'
  channel: number
  people: number[]
}
export interface Remove {
  do: 'room.remove'
  channel: number
  person: number
}
export interface Rename {
  do: 'room.rename'
  channel: number
  name: string
}
export interface Members {
  do: 'room.members'
  channel: number
}
export interface FindPeople {
  do: 'people.find'
  find?: string
}

export type Command =
  | Ping
  | Hello
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

// ---------------------------------------------------------------- answers

export interface Pong {
  is: 'pong'
  ref: number
}
export interface Done {
  is: 'done'
  ref: number
}
export interface ErrorFrame {
  is: 'error'
  code: string
  message: string
  ref?: number
  retry_ms?: number
  /** For developers: what was wrong with the frame. */
  reason?: string
}
export interface Heads {
  is: 'heads'
  revs: Record<string, number>
}
export interface Bye {
  is: 'bye'
  code: number
  retry_ms?: number
}
export interface Welcome {
  is: 'welcome'
  ref: number
  me: Me
  rooms: Room[]
  now: number
  connection: string
  text_limit: number
  edit_seconds: number
}
export interface RoomList {
  is: 'rooms'
  ref: number
  rooms: Room[]
}
export interface Ack {
  is: 'ack'
  ref: number
  channel: number
  seq: number
  rev: number
  at: number
  dup?: boolean
}
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
export interface Changes {
  is: 'changes'
  channel: number
  since: number
  rev: number
  seq: number
  messages: Message[]
  members: Member[]
  /** Missing when the frame was made once for everybody: it would hold somebody's read mark. */
  room?: Room
  ref?: number
}
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
export interface Entered {
  is: 'room'
  ref: number
  room: Room
}
export interface MemberList {
  is: 'members'
  ref: number
  channel: number
  rev: number
  members: Member[]
}
export interface OpenRoomList {
  is: 'rooms.open'
  ref: number
  rooms: OpenRoom[]
}
export interface PeopleList {
  is: 'people'
  ref: number
  people: Person[]
}

// ---------------------------------------------------------------- events

export interface Posted {
  is: 'message.posted'
  channel: number
  rev: number
  message: Message
}
export interface Edited {
  is: 'message.edited'
  channel: number
  rev: number
  message: Message
}
export interface Deleted {
  is: 'message.deleted'
  channel: number
  rev: number
  message: Message
}
export interface Joined {
  is: 'member.joined'
  channel: number
  rev: number
  member: Member
  members: number
}
export interface Left {
  is: 'member.left'
  channel: number
  rev: number
  member: Member
  members: number
}
export interface MemberChanged {
  is: 'member.changed'
  channel: number
  rev: number
  member: Member
}
export interface Renamed {
  is: 'room.renamed'
  channel: number
  rev: number
  name: string
}
export interface RoomAdded {
  is: 'room.added'
  room: Room
}
export interface RoomRemoved {
  is: 'room.removed'
  channel: number
}
export interface Marked {
  is: 'marked'
  channel: number
  seq: number
}

/** Events that carry a number of their channel: gaps are found by them. */
export type ChannelEvent = Posted | Edited | Deleted | Joined | Left | MemberChanged | Renamed

export type Frame =
  | Pong
  | Done
  | ErrorFrame
  | Heads
  | Bye
  | Welcome
  | RoomList
  | Ack
  | Page
  | Changes
  | Reset
  | Entered
  | MemberList
  | OpenRoomList
  | PeopleList
  | ChannelEvent
  | RoomAdded
  | RoomRemoved
  | Marked

/** The answer that each command hopes for (an `error` instead is thrown as `Refused`). */
export interface Answers {
  ping: Pong
  hello: Welcome
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
}

const channelEvents = new Set<string>([
  'message.posted',
  'message.edited',
  'message.deleted',
  'member.joined',
  'member.left',
  'member.changed',
  'room.renamed',
] satisfies ChannelEvent['is'][])

export function isChannelEvent(frame: Frame): frame is ChannelEvent {
  return channelEvents.has(frame.is)
}

// ---------------------------------------------------------------- closing

export const CloseCode = {
  SIGNED_OUT: 4401,
  NO_HELLO: 4408,
  SLOW: 4410,
  RIGHTS_CHANGED: 4411,
  TOO_MANY_ERRORS: 4412,
} as const

/** After these a client does not come back by itself. */
export function isFinal(code: number): boolean {
  return code >= 4400 && code <= 4407
}
