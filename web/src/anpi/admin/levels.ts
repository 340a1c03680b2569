/** How strong, as people say it: 震度5強, 津波警報. Pure. */
import type { AnpiAdminWords } from '../../words/anpiadmin.ja'

/** A special warning has the name of its code as its level: it is told as it stands. */
export function levelText(kind: string, level: string, a: AnpiAdminWords['why'], missing = false): string {
  if (!level) return missing ? a.missing : ''
  const quake = kind === 'earthquake' || kind === 'early_warning' || kind === 'intensity'
  const word = a.levels[level] ?? level
  return [quake ? a.level(word) : word, missing ? a.missing : ''].filter(Boolean).join(' ')
}
