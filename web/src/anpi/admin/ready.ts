/** What stands beside each line of 「自動発信の準備」, and of a test mail. Pure. */
import type { AnpiAdminWords } from '../../words/anpiadmin.ja'
import type { MailTest, ReadyLine } from './shapes'

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

/** What became of a test mail: in our words, in the relay's own, when and to whom it went. */
export function testOf(
  test: MailTest,
  a: AnpiAdminWords['ready']['test'],
  time: (at: number) => string,
): { good: boolean; outcome: string; said: string; when: string } {
  const outcome = a.outcomes[test.outcome] ?? test.outcome
  return {
    good: test.outcome === 'sent' || test.outcome === '',
    outcome: test.outcome === 'sent' && test.way === 2 ? a.by_second : outcome,
    said: test.said ?? '',
    when: test.to ? a.to(time(test.at), test.to) : a.last(time(test.at), test.by ?? ''),
  }
}
