/** The words for saying how one can be reached in the chosen language: no part of what a first visit loads. */
import en from './presence.en'
import ja, { type PresenceWords } from './presence.ja'
import { words } from './words.svelte'

export function presenceWords(): PresenceWords {
  return words.language === 'ja' ? ja : en
}
