/** The sign of a person or room: the first letter of the name, on a colour that stays the same. */

/** The golden angle: neighbouring numbers get colours far apart. */
const STEP_DEGREES = 137.508

export function hue(id: number): number {
  return Math.round((id * STEP_DEGREES + 200) % 360)
}

const KEPT = 1000
const known = new Map<string, string>()
let graphemes: Intl.Segmenter | undefined

/** Kept, because the same few people are drawn again and again and cutting a text into letters is slow. */
export function initial(name: string): string {
  const made = known.get(name) ?? firstLetter(name.trim())
  if (known.size >= KEPT) known.clear()
  known.set(name, made)
  return made
}

function firstLetter(text: string): string {
  if (!text) return '?'
  // 「葛󠄀」 is one letter made of two code points.
  graphemes ??= new Intl.Segmenter('ja', { granularity: 'grapheme' })
  const [segment] = graphemes.segment(text.slice(0, 32))
  return segment!.segment.toUpperCase()
}
