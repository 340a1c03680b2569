/** A channel as the server keeps it: the truth against which the reducers are tested. */
import type { Changes, ChannelEvent, Member, Message, Page, Reset, Room } from '../lib/wire'

export class Channel {
  rev = 0
  seq = 0
  name = '営業'
  readonly rows: Message[] = []
  readonly people = new Map<number, Member>([[1, { id: 1, name: '山田 太郎', rev: 0, owner: true }]])
  readonly events: ChannelEvent[] = []

  constructor(
    readonly id = 12,
    readonly created = 500,
  ) {}

  post(sender = 1, text = `文${this.seq + 1}`): Message {
    const seq = ++this.seq
    const rev = ++this.rev
    const row: Message = { seq, rev, sender, name: `人${sender}`, at: seq * 1000, text, client_id: `c${this.id}-${seq}` }
    this.rows.push(row)
    this.events.push({ is: 'message.posted', channel: this.id, rev, message: row })
    return row
  }

  edit(seq: number): void {
    const row = this.change(seq, { text: `直し${this.rev + 1}`, edited: 1 })
    this.events.push({ is: 'message.edited', channel: this.id, rev: row.rev, message: row })
  }

  delete(seq: number): void {
    const row = this.change(seq, { text: '', deleted: 1 })
    this.events.push({ is: 'message.deleted', channel: this.id, rev: row.rev, message: row })
  }

  join(id: number): void {
    const rev = ++this.rev
    const member = { id, name: `人${id}`, rev }
    this.people.set(id, member)
    this.events.push({ is: 'member.joined', channel: this.id, rev, member, members: this.count })
  }

  promote(id: number): void {
    const rev = ++this.rev
    const member = { id, name: `人${id}`, rev, owner: true }
    this.people.set(id, member)
    this.events.push({ is: 'member.changed', channel: this.id, rev, member })
  }

  leave(id: number): void {
    const rev = ++this.rev
    const member = { id, name: `人${id}`, rev, left: true }
    this.people.set(id, member)
    this.events.push({ is: 'member.left', channel: this.id, rev, member, members: this.count })
  }

  rename(name: string): void {
    this.name = name
    this.events.push({ is: 'room.renamed', channel: this.id, rev: ++this.rev, name })
  }

  get count(): number {
    return [...this.people.values()].filter((member) => !member.left).length
  }

  room(read = 0): Room {
    const last = this.rows.at(-1)
    return {
      id: this.id,
      kind: 'closed',
      name: this.name,
      seq: this.seq,
      rev: this.rev,
      members: this.count,
      read,
      created: this.created,
      ...(last ? { last } : {}),
    }
  }

  page(ask: { before?: number; after?: number; around?: number; limit?: number } = {}): Page {
    const limit = ask.limit ?? 50
    let from = Math.max(1, this.seq - limit + 1)
    if (ask.before !== undefined) from = Math.max(1, ask.before - limit)
    if (ask.after !== undefined) from = ask.after + 1
    if (ask.around !== undefined) from = Math.max(1, ask.around - Math.floor(limit / 2))
    const to = ask.before !== undefined ? ask.before - 1 : Math.min(this.seq, from + limit - 1)
    return {
      is: 'page',
      ref: 0,
      channel: this.id,
      rev: this.rev,
      seq: this.seq,
      messages: this.rows.slice(from - 1, Math.max(from - 1, to)),
      before: from > 1,
      after: to < this.seq,
    }
  }

  since(rev: number): Changes {
    return {
      is: 'changes',
      channel: this.id,
      since: rev,
      rev: this.rev,
      seq: this.seq,
      messages: this.rows.filter((row) => row.rev > rev).sort((a, b) => a.rev - b.rev),
      members: [...this.people.values()].filter((member) => member.rev > rev),
      room: this.room(),
    }
  }

  /** The same as the server tells it to everybody at once, when only messages have changed. */
  told(rev: number): Changes {
    const { room: _, ...changes } = this.since(rev)
    return { ...changes, members: [] }
  }

  reset(): Reset {
    const { rev, seq, messages, before } = this.page()
    return { is: 'reset', channel: this.id, rev, seq, messages, before, room: this.room() }
  }

  private change(seq: number, change: Partial<Message>): Message {
    const row: Message = { ...this.rows[seq - 1]!, ...change, rev: ++this.rev }
    this.rows[seq - 1] = row
    return row
  }
}
