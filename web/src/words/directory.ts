/** The words of the directory in the chosen language: no part of what a first visit loads. */
import en from './directory.en'
import ja, { type DirectoryWords } from './directory.ja'
import { words } from './words.svelte'

export function directoryWords(): DirectoryWords {
  return words.language === 'ja' ? ja : en
}
