/** The words of the board in the chosen language: no part of what a first visit loads. */
import en from './anpiboard.en'
import ja, { type BoardWords } from './anpiboard.ja'
import { words } from './words.svelte'

export function boardWords(): BoardWords {
  return words.language === 'ja' ? ja : en
}
