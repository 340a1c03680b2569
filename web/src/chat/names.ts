/** What a room is called: a direct talk by the other person, a group without a name by nothing better. */
import type { Room } from '../lib/wire'
import type { Words } from '../words/ja'

export function roomName(room: Room, t: Words): string {
  if (room.kind === 'direct' && room.peer) return room.peer.name + (room.peer.gone ? t.talk.left_company : '')
  return room.name || t.room.unnamed
}
