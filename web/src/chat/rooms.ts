/**
 * The rooms one is in, as the list shows them. Pure: no clock, no DOM, no socket.
 *
 * Events of all rooms arrive, so the list follows them without asking. Where one is missing, what can be known is
 * shown at once, and `stale` says that a fresh list should be asked for.
 */
import type { ChannelEvent, Changes, Marked, Message, Reset, Room } from '../lib/wire'

export interface Rooms {
  readonly byId: ReadonlyMap<number, Room>
  /** Something was missed: a fresh list is needed. */
  readonly stale: boolean
  /** Rooms that came or went while a fresh list was being asked for: about these the list may be older. */
  readonly touched: ReadonlySet<number>
}

export const noRooms: Rooms = { byId: new Map(), stale: false, touched: new Set() }

export function unread(room: Room): number {
  return Math.max(0, room.seq - room.read)
}

/** A fresh list begins to be asked for. */
export function asking(rooms: Rooms): Rooms {
  return { ...rooms, stale: false, touched: new Set() }
}

/** A fresh list: it is right, but for rooms about which something newer has been heard. */
export function withList(rooms: Rooms, list: readonly Room[]): Rooms {
  const byId = new Map<number, Room>()
  for (const room of list) {
    const held = rooms.byId.get(room.id)
    if (!held && rooms.touched.has(room.id)) continue
    byId.set(room.id, held ? newer(held, room) : room)
  }
  for (const id of rooms.touched) {
    const held = rooms.byId.get(id)
    if (held) byId.set(id, held)
  }
  return { ...rooms, byId }
}

/** The list of a new connection: nothing that was held before counts but one's own, farther read marks. */
export function withWelcome(rooms: Rooms, list: readonly Room[]): Rooms {
  const byId = new Map(list.map((room) => [room.id, withRead(room, rooms.byId.get(room.id)?.read ?? 0)]))
  return { ...noRooms, byId }
}

export function withRoom(rooms: Rooms, room: Room): Rooms {
  const held = rooms.byId.get(room.id)
  const touched = held ? rooms.touched : new Set(rooms.touched).add(room.id)
  return { ...put(rooms, held ? newer(held, room) : room), touched }
}

export function withoutRoom(rooms: Rooms, id: number): Rooms {
  if (!rooms.byId.has(id)) return rooms
  const byId = new Map(rooms.byId)
  byId.delete(id)
  return { ...rooms, byId, touched: new Set(rooms.touched).add(id) }
}

/** Something happened in a room; `me` is whose list this is. */
export function withEvent(rooms: Rooms, event: ChannelEvent, me: number): Rooms {
  const room = rooms.byId.get(event.channel)
  if (!room || event.rev <= room.rev) return rooms
  const gap = event.rev > room.rev + 1
  // In a gap the number stays behind, so that the fresh list is taken as newer.
  const rev = gap ? room.rev : event.rev
  const next = put(rooms, { ...room, ...changed(room, event, me), rev })
  return gap ? { ...next, stale: true } : next
}

/** What catching up told about a room; `me` is whose list this is. */
export function withCaughtUp(rooms: Rooms, answer: Changes | Reset, me: number): Rooms {
  const held = rooms.byId.get(answer.channel)
  if (!held) return rooms
  if (answer.room) return put(rooms, newer(held, answer.room))
  return answer.is === 'changes' ? withMessages(rooms, held, answer, me) : rooms
}

export function withMarked(rooms: Rooms, marked: Pick<Marked, 'channel' | 'seq'>): Rooms {
  const room = rooms.byId.get(marked.channel)
  return room && marked.seq > room.read ? put(rooms, withRead(room, marked.seq)) : rooms
}

/** The newest numbers of the server: is one of them ahead of the list, or of a room that is not in it? */
export function withHead(rooms: Rooms, channel: number, rev: number): Rooms {
  const room = rooms.byId.get(channel)
  return rev > (room?.rev ?? -1) && !rooms.stale ? { ...rooms, stale: true } : rooms
}

/** Newest activity first. */
export function sorted(rooms: Rooms): Room[] {
  const time = (room: Room) => room.last?.at ?? room.created
  return [...rooms.byId.values()].sort((a, b) => time(b) - time(a) || b.id - a.id)
}

export function unreadRooms(rooms: Rooms): { rooms: number; messages: number } {
  const counts = [...rooms.byId.values()].map(unread).filter((n) => n > 0)
  return { rooms: counts.length, messages: counts.reduce((sum, n) => sum + n, 0) }
}

function put(rooms: Rooms, room: Room): Rooms {
  return { ...rooms, byId: new Map(rooms.byId).set(room.id, room) }
}

function withRead(room: Room, read: number): Room {
  return read > room.read ? { ...room, read } : room
}

/** Of two states of a room the newer one, and of both read marks the farther. */
function newer(held: Room, fresh: Room): Room {
  const one = fresh.rev >= held.rev ? fresh : held
  const other = one === fresh ? held : fresh
  const last = (other.last?.seq ?? 0) > (one.last?.seq ?? 0) ? other.last : one.last
  const seq = Math.max(one.seq, other.seq)
  return withRead({ ...one, ...(last ? { last } : {}), seq }, other.read)
}

/** Changes that were told to everybody at once say nothing of the room itself: it is told by its messages. */
function withMessages(rooms: Rooms, held: Room, changes: Changes, me: number): Rooms {
  const gap = changes.since > held.rev
  const rows = [...changes.messages].sort((a, b) => a.seq - b.seq).filter((row) => row.rev > held.rev)
  const room = rows.reduce((next, row) => ({ ...next, ...changedBy(next, row, me) }), held)
  // In a gap the number stays behind, as with a single event.
  const rev = gap ? held.rev : Math.max(held.rev, changes.rev)
  const next = put(rooms, { ...room, seq: Math.max(room.seq, changes.seq), rev })
  return gap ? { ...next, stale: true } : next
}

function changed(room: Room, event: ChannelEvent, me: number): Partial<Room> {
  switch (event.is) {
    case 'message.posted':
    case 'message.edited':
    case 'message.deleted':
      return changedBy(room, event.message, me)
    case 'member.joined':
    case 'member.left':
      return { members: event.members, ...ownerOf(event, me) }
    case 'member.changed':
      return ownerOf(event, me)
    case 'room.renamed':
      return { name: event.name }
  }
}

/** A message as it is now: a new one, or one that was edited or deleted. */
function changedBy(room: Room, message: Message, me: number): Partial<Room> {
  const last = isNewest(message, room.last) ? { last: message } : {}
  if (message.seq <= room.seq) return last
  // Posting marks one's own.
  const read = message.sender === me ? Math.max(room.read, message.seq) : room.read
  return { ...last, seq: message.seq, read }
}

function isNewest(message: Message, last: Message | null | undefined): boolean {
  return !last || message.seq > last.seq || (message.seq === last.seq && message.rev >= last.rev)
}

function ownerOf(event: Extract<ChannelEvent, { member: unknown }>, me: number): Partial<Room> {
  return event.member.id === me ? { owner: event.member.owner ?? false } : {}
}
