import { expect, test } from 'vitest'

import { changesOf, draftOf, FIELDS, rebased } from './changes'
import type { AdminPerson } from './shapes'

const person: AdminPerson = {
  id: 5,
  rev: 9,
  login_id: 'hanako@hokuto.example',
  name: '渡邉 花子',
  enabled: true,
  state: 'enabled',
  editable: [...FIELDS],
  privileges: ['ADMIN_GOTALK', 'ADMIN_ANPI'],
  posts: [{ department: 3, title: '課長' }, { department: 4 }],
  phone_number: '054-123-4567',
}
const everything = new Set<string>(FIELDS)

test('what was not touched is not sent', () => {
  expect(changesOf(draftOf(person), draftOf(person), everything)).toEqual({})
})

test('only what may be changed is sent', () => {
  const draft = { ...draftOf(person), name: '渡辺 花子', talk: true }
  expect(changesOf(draftOf(person), draft, everything)).toEqual({ name: '渡辺 花子', talk: true })
  expect(changesOf(draftOf(person), draft, new Set(['talk']))).toEqual({ talk: true })
})

test('the order of privileges is no change, that of posts is', () => {
  const draft = draftOf(person)
  draft.privileges.reverse()
  draft.posts[1]!.title = ''
  expect(changesOf(draftOf(person), draft, everything)).toEqual({})
  draft.posts.reverse()
  expect(Object.keys(changesOf(draftOf(person), draft, everything))).toEqual(['posts'])
})

test('a draft is a copy: writing into it leaves the person as he was', () => {
  const draft = draftOf(person)
  draft.posts[0]!.title = '部長'
  expect(person.posts![0]!.title).toBe('課長')
})

test('after the change of another, what was typed stays and the rest is new', () => {
  const base = draftOf(person)
  const draft = { ...base, name: '渡辺 花子' }
  const theirs = draftOf({ ...person, phone_number: '054-999-9999' })
  const next = rebased(base, draft, theirs)
  expect([next.draft.name, next.draft.phone_number]).toEqual(['渡辺 花子', '054-999-9999'])
  expect(next.clashes).toEqual([])
})

test('a field that both have changed is a clash, and keeps what was typed', () => {
  const base = draftOf(person)
  const next = rebased(base, { ...base, name: '渡辺 花子' }, draftOf({ ...person, name: '渡部 花子' }))
  expect(next.draft.name).toBe('渡辺 花子')
  expect(next.clashes).toEqual([{ field: 'name', theirs: '渡部 花子' }])
})

test('who has typed the same as the other has no clash', () => {
  const base = draftOf(person)
  const next = rebased(base, { ...base, name: '渡部 花子' }, draftOf({ ...person, name: '渡部 花子' }))
  expect(next.clashes).toEqual([])
})
