/** A span of time as people say it: its two largest parts. */
import { boardWords } from '../../words/anpiboard'
import { words } from '../../words/words.svelte'
import { spanParts } from './curve'

export function duration(seconds: number): string {
  const span = spanParts(seconds)
  const { days, hours, minutes, seconds: rest } = boardWords().span
  const parts: [number, (n: string) => string][] = [
    [span.days, days],
    [span.hours, hours],
    [span.minutes, minutes],
    [span.seconds, rest],
  ]
  const first = parts.findIndex(([n]) => n > 0)
  if (first < 0) return rest('0')
  return parts
    .slice(first, first + 2)
    .filter(([n]) => n > 0)
    .map(([n, say]) => say(String(n)))
    .join(words.language === 'ja' ? '' : ' ')
}
