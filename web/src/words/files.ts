/** The words about files in the chosen language: no part of what a first visit loads. */
import en from './files.en'
import ja, { type FileWords } from './files.ja'
import { words } from './words.svelte'

export function fileWords(): FileWords {
  return words.language === 'ja' ? ja : en
}
