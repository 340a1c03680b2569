/** The words of the safety check's administrators in the chosen language: no part of what a first visit loads. */
import en from './anpiadmin.en'
import ja, { type AnpiAdminWords } from './anpiadmin.ja'
import { words } from './words.svelte'

export function anpiAdminWords(): AnpiAdminWords {
  return words.language === 'ja' ? ja : en
}
