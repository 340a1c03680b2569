/** The whole of talk as one value, and what each frame does to it. Pure: the parts do the work. */
import type { Arrival } from '../lib/socket'
import { isChannelEvent } from '../lib/frames'
import type { ChannelEvent, Page, Reset } from '../lib/wire'
import * as members from './members'
import type { Members } from './members'
import * as outbox from './outbox'
import type { Outbox } from './outbox'
import * as rooms from './rooms'
import type { Rooms } from './rooms'
import * as timeline from './timeline'
import type { Timeline } from './timeline'

export interface State {
  /** Whose state this is. */
  readonly me: number
  readonly rooms: Rooms
  /** Of the open room and of rooms that were open a short while ago. */
  readonly timelines: ReadonlyMap<number, Timeline>
  readonly outbox: Outbox
  /** Of the room whose information is shown. */
  readonly members: Members | null
  /** Too much was missed while the reader was up in the past: his page has to be read anew. */
  readonly reloading: ReadonlySet<number>
}

export function emptyState(me: number): State {
  return {
    me,
    rooms: rooms.noRooms,
    timelines: new Map(),
    outbox: outbox.emptyOutbox,
    members: null,
    reloading: new Set(),
  }
}

export function withArrival(state: State, arrival: Arrival): State {
  const { frame, command } = arrival
  if (isChannelEvent(frame)) return withChannelEvent(state, frame)
  switch (frame.is) {
    case 'welcome': {
      const next = { ...state, me: frame.me.id, rooms: rooms.withWelcome(state.rooms, frame.rooms) }
      return [...state.timelines.keys()].filter((id) => !next.rooms.byId.has(id)).reduce(forgotten, next)
    }
    case 'rooms':
      return withHeads({ ...state, rooms: rooms.withList(state.rooms, frame.rooms) })
    case 'room':
    case 'room.added':
      return { ...state, rooms: rooms.withRoom(state.rooms, frame.room) }
    case 'room.removed':
      return forgotten({ ...state, rooms: rooms.withoutRoom(state.rooms, frame.channel) }, frame.channel)
    case 'marked':
      return { ...state, rooms: rooms.withMarked(state.rooms, frame) }
    case 'page':
      if (command?.do !== 'history') return state
      return command.before === undefined && command.after === undefined
        ? withFreshPage(state, frame, command.around)
        : withTimeline(state, frame.channel, (held) => timeline.withPage(held, frame))
    case 'changes': {
      const next = withTimeline(state, frame.channel, (held) => timeline.withChanges(held, frame))
      const known = state.members?.channel === frame.channel ? members.withRows(state.members, frame.members) : state.members
      return { ...next, rooms: rooms.withCaughtUp(next.rooms, frame, state.me), members: known }
    }
    case 'reset':
      return withReset({ ...state, rooms: rooms.withCaughtUp(state.rooms, frame, state.me) }, frame)
    case 'members':
      return { ...state, members: members.fromList(frame) }
    case 'heads':
      return withServerHeads(state, frame.revs)
    case 'ack': {
      if (command?.do !== 'post') return state
      const acked = outbox.withAck(state.outbox, command.client_id, frame)
      const read = rooms.withMarked(state.rooms, { channel: frame.channel, seq: frame.seq })
      return tidied({ ...state, outbox: acked, rooms: read }, frame.channel)
    }
    default:
      return state
  }
}

/** Nothing of this channel is kept. */
export function forgotten(state: State, channel: number): State {
  return {
    ...state,
    timelines: withoutKey(state.timelines, channel),
    reloading: new Set([...state.reloading].filter((id) => id !== channel)),
    members: state.members?.channel === channel ? null : state.members,
  }
}

export function withTimeline(state: State, channel: number, change: (held: Timeline) => Timeline): State {
  const held = state.timelines.get(channel)
  const next = held && change(held)
  if (!next || next === held) return state
  const timelines = new Map(state.timelines).set(channel, next)
  return tidied({ ...state, timelines }, channel)
}

function withChannelEvent(state: State, event: ChannelEvent): State {
  const next = withTimeline(state, event.channel, (held) => timeline.withEvent(held, event))
  return {
    ...next,
    rooms: rooms.withEvent(next.rooms, event, state.me),
    members: next.members && members.withEvent(next.members, event),
    outbox: event.is === 'message.posted' ? outbox.withSeen(next.outbox, [event.message]) : next.outbox,
  }
}

/** The window begins anew. Events may have overtaken the page: the list of rooms knows how far they came. */
function withFreshPage(state: State, page: Page | Reset, around?: number): State {
  const fresh = timeline.opened(page, around ?? timeline.END)
  const known = state.rooms.byId.get(page.channel)?.rev ?? 0
  const timelines = new Map(state.timelines).set(page.channel, timeline.withHead(fresh, known))
  const reloading = new Set([...state.reloading].filter((id) => id !== page.channel))
  return tidied({ ...state, timelines, reloading }, page.channel)
}

function withReset(state: State, reset: Reset): State {
  const held = state.timelines.get(reset.channel)
  if (!held) return state
  if (held.place === timeline.END) return withFreshPage(state, reset)
  return { ...state, reloading: new Set(state.reloading).add(reset.channel) }
}

function withHeads(state: State): State {
  return [...state.timelines.keys()].reduce(
    (next, id) => withTimeline(next, id, (held) => timeline.withHead(held, next.rooms.byId.get(id)?.rev ?? 0)),
    state,
  )
}

function withServerHeads(state: State, revs: Record<string, number>): State {
  let next = state
  for (const [topic, rev] of Object.entries(revs)) {
    const channel = Number(/^channel:(\d+)$/.exec(topic)?.[1] ?? Number.NaN)
    if (Number.isNaN(channel)) continue
    next = withTimeline(next, channel, (held) => timeline.withHead(held, rev))
    // Catching up brings the room too; without a timeline only a fresh list can.
    if (!next.timelines.has(channel)) next = { ...next, rooms: rooms.withHead(next.rooms, channel, rev) }
  }
  return next
}

/** The outbox lets go of what the timeline shows, or would show if it stood at the end. */
function tidied(state: State, channel: number): State {
  if (!state.outbox.length) return state
  const held = state.timelines.get(channel)
  const seen = held ? outbox.withSeen(state.outbox, held.messages) : state.outbox
  return { ...state, outbox: outbox.withKnownTo(seen, channel, held ? held.seq : Number.POSITIVE_INFINITY) }
}

function withoutKey<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  return new Map([...map].filter(([one]) => one !== key))
}
