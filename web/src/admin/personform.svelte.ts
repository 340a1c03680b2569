/** What is being typed into somebody's page, and what became of saving it. */
import { ApiError } from '../lib/api'
import * as api from './api'
import { changesOf, type Clash, draftOf, FIELDS, rebased } from './changes'
import type { AddedPerson, AdminPerson, PersonFields } from './shapes'

/** How a new person gets the first password. */
export type FirstPassword = 'generate' | 'type' | 'none'

const FIELD_NAMES = new Set<string>([...FIELDS, 'password'])

export class PersonForm {
  person = $state.raw<AdminPerson | null>(null)
  draft = $state<PersonFields>(draftOf())
  wrong = $state.raw<Readonly<Record<string, string>>>({})
  clashes = $state.raw<readonly Clash[]>([])
  busy = $state(false)
  firstPassword = $state<FirstPassword>('generate')
  password = $state('')

  private base = $state.raw<PersonFields>(draftOf())

  /** Without a person: a new one, of whom everything may be filled in. */
  readonly isNew = $derived(this.person === null)
  readonly editable = $derived(new Set<string>(this.person ? this.person.editable : FIELDS))
  readonly changes = $derived(changesOf(this.base, this.draft, this.editable))
  readonly dirty = $derived(Object.keys(this.changes).length > 0)

  may(field: string): boolean {
    return this.editable.has(field)
  }

  show(person: AdminPerson): void {
    this.person = person
    this.base = draftOf(person)
    this.draft = draftOf(person)
    this.wrong = {}
    this.clashes = []
  }

  revert(): void {
    if (this.person) this.show(this.person)
  }

  /** The photo, the state of signing in: what changed without this form. What is typed stays. */
  refresh(person: AdminPerson): void {
    this.draft = rebased(this.base, $state.snapshot(this.draft) as PersonFields, draftOf(person)).draft
    this.person = person
    this.base = draftOf(person)
  }

  takeTheirs({ field, theirs }: Clash): void {
    ;(this.draft as unknown as Record<string, unknown>)[field] = structuredClone(theirs)
    this.clashes = this.clashes.filter((one) => one.field !== field)
  }

  /** "conflict": somebody else was first; what was typed is still there, above what the other has changed. */
  async save(): Promise<'saved' | 'conflict'> {
    const person = this.person!
    try {
      this.show(await this.working(() => api.changePerson(person.id, person.rev, this.changes)))
      return 'saved'
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'conflict') throw error
      const theirs = await api.person(person.id)
      const next = rebased(this.base, $state.snapshot(this.draft) as PersonFields, draftOf(theirs))
      this.person = theirs
      this.base = draftOf(theirs)
      this.draft = next.draft
      this.clashes = next.clashes
      return 'conflict'
    }
  }

  async add(): Promise<AddedPerson> {
    const first =
      this.firstPassword === 'generate'
        ? { generate: true }
        : this.firstPassword === 'type'
          ? { password: this.password }
          : {}
    const login = this.draft.login_id.trim()
    return this.working(() => api.addPerson({ ...this.changes, login_id: login, name: this.draft.name.trim(), ...first }))
  }

  /** A refusal that names one of our fields stands beside it. */
  private async working<T>(act: () => Promise<T>): Promise<T> {
    this.busy = true
    this.wrong = {}
    try {
      return await act()
    } catch (error) {
      if (error instanceof ApiError && FIELD_NAMES.has(error.field)) this.wrong = { [error.field]: error.message }
      throw error
    } finally {
      this.busy = false
    }
  }
}
