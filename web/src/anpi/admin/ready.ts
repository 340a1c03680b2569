/** What stands beside each line of 「自動発信の準備」. Pure. */
import type { AnpiAdminWords } from '../../words/anpiadmin.ja'
import type { ReadyLine } from './shapes'

export function detailOf(line: ReadyLine, a: AnpiAdminWords['ready'], n: (value: number) => string, time: (at: number) => string): string {
  const { count = 0, total = 0, at = 0 } = line
  const missing = Math.max(0, total - count)
  switch (line.name) {
    case 'people':
      return count ? a.people_n(n(count)) : a.people_none
    case 'mail':
      return at ? a.mail_at(time(at)) : a.mail_never
    case 'quake':
      return at ? a.quake_at(time(at)) : a.quake_never
    case 'early':
      return line.ok ? a.early_ok : a.early_not
    case 'areas':
      return missing ? a.areas_n(n(missing)) : a.areas_all
    case 'contacts':
      return missing ? a.contacts_n(n(missing)) : a.contacts_all
    case 'link':
      return line.ok ? a.link_ok : a.link_not
    default:
      return a.administrators_n(n(count))
  }
}
