/** The words for how somebody is, in the chosen language: no part of what a first visit loads. */
import en from './anpistates.en'
import ja, { type StateWords } from './anpistates.ja'
import { words } from './words.svelte'

export function stateWords(): StateWords {
  return words.language === 'ja' ? ja : en
}
