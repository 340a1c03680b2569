/** What a room or a state is called in the chosen language. */
import { clock } from '../lib/clock.svelte'
import { until } from '../lib/time'
import type { Presence, Room } from '../lib/wire'
import type { Words } from '../words/ja'
import { words } from '../words/words.svelte'
import type { Typing } from './typing'

/** A direct talk is called by the other person, a group without a name by nothing better. */
export function roomName(room: Room, t: Words): string {
  if (room.kind === 'direct' && room.peer) return room.peer.name + (room.peer.gone ? t.talk.left_company : '')
  return room.name || t.room.unnamed
}

/** 在席, 離席中, 不在（15:30に戻ります）; nothing for who is at no device. */
export function presenceText(presence: Omit<Presence, 'id'> | undefined): string {
  const { t, language } = words
  switch (presence?.state) {
    case 'in':
      return t.presence.in
    case 'away':
      return t.presence.away
    case 'out':
      return presence.until ? t.presence.out_until(until(language, presence.until, clock.now)) : t.presence.out
    default:
      return ''
  }
}

/** 山田さんと鈴木さんが入力中…; of more than two the rest is a number. */
export function typingText(typing: Typing): string {
  const { t } = words
  const [first, second, ...others] = typing.map((one) => one.name)
  if (!first) return ''
  if (!second) return t.talk.typing(first)
  return others.length ? t.talk.typing_more(first, second, words.n(others.length)) : t.talk.typing_two(first, second)
}
