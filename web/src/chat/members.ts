/** Who is in a room, kept up by the channel's events. Pure. */
import type { ChannelEvent, Member, MemberList } from '../lib/wire'

export interface Members {
  readonly channel: number
  readonly rev: number
  readonly list: readonly Member[]
}

export function fromList(answer: MemberList): Members {
  return { channel: answer.channel, rev: answer.rev, list: present(answer.members) }
}

export function withEvent(members: Members, event: ChannelEvent): Members {
  if (event.channel !== members.channel || event.rev <= members.rev || !('member' in event)) return members
  return withRows(members, [event.member])
}

/** Rows that changed: each replaces an older one, a tombstone takes its member away. */
export function withRows(members: Members, rows: readonly Member[]): Members {
  if (!rows.length) return members
  const byId = new Map(members.list.map((member) => [member.id, member]))
  for (const row of rows) if (row.rev >= (byId.get(row.id)?.rev ?? 0)) byId.set(row.id, row)
  return { ...members, list: present([...byId.values()]) }
}

function present(list: readonly Member[]): readonly Member[] {
  return list.filter((member) => !member.left)
}
