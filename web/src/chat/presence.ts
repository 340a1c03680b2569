/** Who can be reached, as far as it was told, and what one has said of oneself. Pure: no clock, no socket. */
import type { ChoosePresence, Presence, PresenceList } from '../lib/wire'

/** The server watches no more people for one device. */
export const WATCHED = 300

export type Known = ReadonlyMap<number, Presence>

/** What one has chosen: `auto` is as the server sees it; `until` is when one who is out returns, 0 when open. */
export interface Choice {
  readonly state: ChoosePresence['state']
  readonly until: number
}

export const asSeen: Choice = { state: 'auto', until: 0 }

/** An answer is all that is known of the people who were asked for; what comes unasked is added to it. */
export function withList(known: Known, list: PresenceList): Known {
  const next = new Map(list.ref === undefined ? known : [])
  for (const one of list.people) {
    if (one.state === 'off') next.delete(one.id)
    else next.set(one.id, one)
  }
  return next
}

/** One's own state was told, perhaps after a choice on another device. */
export function withSeen(choice: Choice, seen: Presence): Choice {
  switch (seen.state) {
    case 'out':
      return { state: 'out', until: seen.until ?? 0 }
    case 'in':
      return asSeen
    case 'away':
      // Chosen, or only nobody at the device: of the two what was known before.
      return choice.state === 'out' ? asSeen : choice
    case 'off':
      return choice
  }
}

/** One's own state before the server has told it. */
export function shownAs(choice: Choice, idle: boolean): Omit<Presence, 'id'> {
  if (choice.state === 'auto') return { state: idle ? 'away' : 'in' }
  return choice.state === 'away' ? { state: 'away' } : { state: 'out', until: choice.until }
}

/** Whom to watch: those on the screen, each once, not more than the server takes. */
export function watched(shown: Iterable<number>): number[] {
  return [...new Set(shown)].slice(0, WATCHED).sort((a, b) => a - b)
}
