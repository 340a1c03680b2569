/** How pictures stand in a message, known before any of them is loaded. Pure. */
import type { SentFile } from './types'

/** So many are shown; the last one then stands for the others too. */
const SHOWN = 4
const WIDEST = 352
const HIGHEST = 300
/** Even a line of one pixel is something to press. */
const SMALLEST = 56

export function gridOf(pictures: readonly SentFile[]): { shown: readonly SentFile[]; more: number } {
  return { shown: pictures.slice(0, SHOWN), more: Math.max(0, pictures.length - SHOWN) }
}

/** The box of a picture that stands alone: its own shape, within bounds; a small one is not blown up. */
export function singleSize({ width = SMALLEST, height = SMALLEST }: Pick<SentFile, 'width' | 'height'>): { width: number; height: number } {
  const scale = Math.min(1, WIDEST / width, HIGHEST / height)
  return { width: bounded(width * scale, WIDEST), height: bounded(height * scale, HIGHEST) }
}

function bounded(size: number, most: number): number {
  return Math.round(Math.min(most, Math.max(SMALLEST, size)))
}
