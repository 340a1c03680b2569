/** Lists of people while others answer and take care of them: what was told is put over what is shown. Pure. */
import type { AnswerPerson, AnswerRow, BoardRow, UnreachedPerson } from './shapes'

/** Who has answered is in the list of the silent no more; of the others it is told who is at it. */
export function silent(people: readonly UnreachedPerson[], rows: readonly BoardRow[]): UnreachedPerson[] {
  const told = new Map(rows.map((row) => [row.id, row]))
  return people
    .filter((one) => !told.get(one.id)?.self)
    .map((one) => {
      const row = told.get(one.id)
      return row ? withClaim(one, row) : one
    })
}

type Claimed = Pick<UnreachedPerson, 'claimed_by' | 'claimed_name' | 'claimed_until'>

export function withClaim(one: UnreachedPerson, { claimed_by, claimed_name, claimed_until }: Claimed): UnreachedPerson {
  const { claimed_by: _by, claimed_name: _name, claimed_until: _until, ...rest } = one
  return claimed_by ? { ...rest, claimed_by, claimed_name: claimed_name ?? '', claimed_until: claimed_until ?? 0 } : rest
}

/** 対応中 ends by itself. */
export function claimedAt(one: Claimed, now: number): boolean {
  return !!one.claimed_by && (one.claimed_until ?? 0) > now
}

/** What is told of an answer; the rest of it comes with the list. */
export function answeredNow(people: readonly AnswerPerson[], rows: readonly BoardRow[]): AnswerPerson[] {
  const told = new Map(rows.map((row) => [row.id, row]))
  return people.map((one) => {
    const row = told.get(one.id)
    if (!row?.self || (one.answer && (row.at ?? 0) <= one.answer.at)) return one
    const { self, help, work, at, doubtful } = row
    const { help: _help, work: _work, doubtful: _doubtful, ...before } = one.answer ?? { id: 0, channel: 'mail', incident: 0 }
    const answer: AnswerRow = {
      ...before,
      self: self as AnswerRow['self'],
      at: at ?? 0,
      ...(help ? { help } : {}),
      ...(work ? { work: work as 'can' | 'cannot' | 'home' | 'unknown' } : {}),
      ...(doubtful ? { doubtful } : {}),
    }
    return { ...one, answer }
  })
}

/** The next page, without whom it repeats: people move while one reads. */
export function withPage<T extends { id: number }>(people: readonly T[], page: readonly T[]): T[] {
  const known = new Set(people.map((one) => one.id))
  return [...people, ...page.filter((one) => !known.has(one.id))]
}
