/** The words for the details of the 操作ログ in the chosen language: no part of what a first visit loads. */
import en from './trail.en'
import ja, { type TrailWords } from './trail.ja'
import { words } from './words.svelte'

export function trailWords(): TrailWords {
  return words.language === 'ja' ? ja : en
}
