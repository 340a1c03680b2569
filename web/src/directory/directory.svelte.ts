/** The directory as the elements see it: departments, lists, groups, the card; kept right while it is on the screen. */
import type { Talk } from '../chat/talk.svelte'
import { isScheme, DEFAULT_SCHEME } from '../lib/dial'
import { type Arrival, Refused } from '../lib/socket'
import type { Frame } from '../lib/wire'
import { BadgeWatch } from './badges.svelte'
import { CardWatch } from './card.svelte'
import type { Query, Told } from './listing'
import { Pager } from './pager.svelte'
import { noTree, type Tree, treeOf, withAllBelow, withDepartments } from './tree'
import type { PersonalGroup, Row } from './types'

/** Between one page of the directory and the next nothing is left and entered again. */
const LEAVE_AFTER_MS = 1_000

export class Directory {
  tree = $state.raw<Tree>(noTree)
  /** Has the server told which departments there are? */
  ready = $state(false)
  scheme = $state(DEFAULT_SCHEME)
  /** Fields that one never sees of others. */
  hidden = $state.raw<ReadonlySet<string>>(new Set())
  groups = $state.raw<readonly PersonalGroup[] | null>(null)
  favourites = $state.raw<ReadonlySet<number>>(new Set())
  problem = $state.raw<unknown>(null)
  readonly badges: BadgeWatch
  readonly card: CardWatch

  private rev = 0
  private inside = 0
  private watching = false
  private groupsTold = false
  private leaveTimer: ReturnType<typeof setTimeout> | undefined
  private readonly reloads = new Set<ReturnType<typeof setTimeout>>()
  private readonly pagers = new Set<Pager>()
  private readonly listeners = new Set<() => void>()

  constructor(readonly talk: Talk) {
    const isOpen = () => talk.line === 'open'
    this.badges = new BadgeWatch({ ask: (people) => talk.ask({ do: 'directory.statuses', people }), isOpen })
    this.card = new CardWatch({ ask: async (id) => (await talk.ask({ do: 'directory.person', id })).person, isOpen })
    talk.join({ opened: () => this.opened(), arrived: (arrival) => this.arrived(arrival) })
  }

  /** On the screen until the returned function is called. */
  enter(): () => void {
    clearTimeout(this.leaveTimer)
    this.inside++
    if (!this.watching) void this.open()
    if (!this.groups) void this.askGroups()
    return () => {
      this.inside--
      if (!this.inside) this.leaveTimer = setTimeout(() => this.leave(), LEAVE_AFTER_MS)
    }
  }

  /** A list that is kept right until the returned function is called. */
  list(): [Pager, () => void] {
    const pager = new Pager({
      ask: (query, from, limit) => this.page(query, from, limit),
      isOpen: () => this.talk.line === 'open',
      inside: (query) => this.belongs(query),
    })
    this.pagers.add(pager)
    return [
      pager,
      () => {
        pager.stop()
        this.pagers.delete(pager)
      },
    ]
  }

  /** `heard` is called after each change that others have made, as long as one is inside. */
  onChange(heard: () => void): () => void {
    this.listeners.add(heard)
    return () => void this.listeners.delete(heard)
  }

  again(): void {
    void this.open()
  }

  async favour(person: number, on: boolean): Promise<void> {
    const before = this.favourites
    // At once: it is one's own, and the answer corrects it.
    this.favourites = new Set(on ? [...before, person] : [...before].filter((id) => id !== person))
    try {
      await this.talk.ask({ do: 'favourite', person, on })
    } catch (error) {
      this.favourites = before
      throw error
    }
  }

  addGroup = (name: string) => this.talk.ask({ do: 'group.add', name })
  renameGroup = (group: number, name: string) => this.talk.ask({ do: 'group.rename', group, name })
  removeGroup = (group: number) => this.talk.ask({ do: 'group.remove', group })
  orderGroups = (groups: number[]) => this.talk.ask({ do: 'group.order', groups })
  changeGroup = (group: number, change: { add?: number[]; remove?: number[] }) =>
    this.talk.ask({ do: 'group.people', group, ...change })

  // ---------------------------------------------------------------- frames

  private arrived({ frame }: Arrival): void {
    switch (frame.is) {
      case 'directory':
        this.tree = treeOf(frame.departments)
        this.scheme = isScheme(frame.phone_scheme) ? frame.phone_scheme : DEFAULT_SCHEME
        this.hidden = new Set(frame.hidden)
        this.rev = frame.rev
        this.ready = true
        this.problem = null
        break
      case 'directory.changed':
        this.changed(frame)
        break
      case 'directory.reload':
        // Whoever did it is told twice, once to ask at once.
        if (frame.rev <= this.rev && frame.within_ms) break
        this.rev = Math.max(this.rev, frame.rev)
        this.reload(frame.parts, frame.within_ms)
        break
      case 'directory.groups':
        if (frame.ref === undefined) this.groupsTold = true
        this.groups = frame.groups
        this.favourites = new Set(frame.favourites)
        for (const pager of this.pagers) if (isOwn(pager.shown?.query)) pager.reload()
        break
      case 'directory.statuses':
        if (frame.from !== undefined) this.badges.event(frame.from, frame.rev, frame.rows)
        break
      case 'heads':
        if (this.watching && (frame.revs.directory ?? 0) > this.rev) void this.catchUp()
        break
    }
  }

  private changed(frame: Extract<Frame, { is: 'directory.changed' }>): void {
    if (frame.rev <= this.rev) return
    if (frame.since > this.rev) return void this.catchUp()
    this.rev = frame.rev
    this.tree = withDepartments(this.tree, frame.departments ?? [], frame.departments_gone ?? [])
    for (const pager of this.pagers) pager.changed(frame)
    this.card.changed(frame)
    for (const heard of this.listeners) heard()
  }

  /** Everybody is told in the same moment: all asking then would be the slowest way for all. */
  private reload(parts: readonly string[], withinMs: number): void {
    const timer = setTimeout(() => {
      this.reloads.delete(timer)
      if (!this.inside) return
      if (parts.includes('departments')) void this.ask(() => this.talk.ask({ do: 'directory' }))
      for (const heard of this.listeners) heard()
      if (!parts.includes('people')) return
      for (const pager of this.pagers) pager.reload()
      this.card.reload()
    }, Math.random() * withinMs)
    this.reloads.add(timer)
  }

  // ---------------------------------------------------------------- coming and going

  private opened(): void {
    this.watching = false
    if (!this.inside) return
    void this.open()
    // What one's other devices changed meanwhile was not told.
    void this.askGroups()
    for (const pager of this.pagers) pager.opened()
    for (const heard of this.listeners) heard()
    this.badges.again()
    this.card.reload()
  }

  private async open(): Promise<void> {
    if (this.talk.line !== 'open') return
    this.watching = true
    if (this.ready) await this.catchUp()
    else await this.ask(() => this.talk.ask({ do: 'directory' }))
  }

  private leave(): void {
    this.watching = false
    for (const timer of this.reloads) clearTimeout(timer)
    this.reloads.clear()
    // What changes from now on is not told.
    this.badges.again()
    if (this.talk.line === 'open') this.talk.ask({ do: 'directory.leave' }).catch(() => {})
  }

  private async catchUp(): Promise<void> {
    await this.ask(() => this.talk.ask({ do: 'directory.since', rev: this.rev }))
  }

  /** An answer that was read before a change may come after its event: asked again, it is right. */
  private async askGroups(): Promise<void> {
    await this.ask(async () => {
      do {
        this.groupsTold = false
        await this.talk.ask({ do: 'directory.groups' })
      } while (this.groupsTold)
    })
  }

  private async ask(asking: () => Promise<unknown>): Promise<void> {
    try {
      await asking()
    } catch (error) {
      // Without a line: the next one asks again.
      if (error instanceof Refused) this.problem = error
    }
  }

  // ---------------------------------------------------------------- lists

  private async page(query: Query, from: number, limit: number): Promise<Told> {
    if (query.of === 'found') return this.talk.ask({ do: 'directory.find', text: query.text, from, limit })
    const which =
      query.of === 'department'
        ? { department: query.department, below: query.below }
        : query.of === 'group'
          ? { group: query.group }
          : query.of === 'favourites'
            ? { favourites: true }
            : {}
    return this.talk.ask({ do: 'directory.people', ...which, from, limit })
  }

  private belongs(query: Query): (row: Row) => boolean {
    switch (query.of) {
      case 'department': {
        const wanted = query.below ? withAllBelow(this.tree, query.department) : new Set([query.department])
        return (row) => (row.posts ?? []).some((post) => wanted.has(post.department))
      }
      case 'group': {
        const people = new Set(this.groups?.find((one) => one.id === query.group)?.people)
        return (row) => people.has(row.id)
      }
      case 'favourites':
        return (row) => this.favourites.has(row.id)
      default:
        return () => true
    }
  }
}

function isOwn(query: Query | undefined): boolean {
  return query?.of === 'group' || query?.of === 'favourites'
}

const made = new WeakMap<Talk, Directory>()

/** One for each page that lives, made when it is first looked at. */
export function directoryOf(talk: Talk): Directory {
  const known = made.get(talk) ?? new Directory(talk)
  made.set(talk, known)
  return known
}
