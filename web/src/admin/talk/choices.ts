/** What lines of the log can be chosen by, as the picker shows it. */
import type { TalkAdminWords } from '../../words/talkadmin.ja'
import * as api from './api'
import type { Choice } from './shapes'

type LogWords = TalkAdminWords['log']

/** A choice is told with what distinguishes it from others of the same name. */
export async function findRooms(text: string, a: LogWords): Promise<Choice[]> {
  const found = await api.rooms(text)
  return found.map((one) => {
    const more = [a.kinds[one.kind] ?? one.kind, one.kind === 'direct' ? '' : a.members(String(one.members))]
    return { id: one.id, name: one.name, more: more.filter(Boolean).join(' · '), gone: false }
  })
}

export async function findPeople(text: string): Promise<Choice[]> {
  const found = await api.people(text)
  return found.map((one) => {
    const more = [one.kana, one.login_id].filter(Boolean).join(' · ')
    return { id: one.id, name: one.name, more, gone: one.gone ?? false }
  })
}
