/** The shapes of the directory as its lists and cards hold them. */
import type { DepartmentRow, PersonCard, PersonRow } from '../lib/wire'

export type { Held, PersonalGroup, StatusRow } from '../lib/wire'

export type Department = DepartmentRow

/** A row of a list; `hit` is the field by which somebody was found. */
export interface Row extends PersonRow {
  hit?: string
}

/** Before it is told, a card is what the list knows. */
export type Card = Row & Partial<Omit<PersonCard, keyof PersonRow>>
