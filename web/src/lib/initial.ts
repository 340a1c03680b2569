/** The sign of a person or room: the first letter of the name, on a colour that stays the same. */

/** The golden angle: neighbouring numbers get colours far apart. */
const STEP_DEGREES = 137.508

export function hue(id: number): number {
  return Math.round((id * STEP_DEGREES + 200) % 360)
}

export function initial(name: string): string {
  const text = name.trim()
  if (!text) return '?'
  // 「葛󠄀」 is one letter made of two code points.
  const [segment] = new Intl.Segmenter('ja', { granularity: 'grapheme' }).segment(text)
  return segment!.segment.toUpperCase()
}
