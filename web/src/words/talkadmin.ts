/** The words of the talk administrator in the chosen language: no part of what a first visit loads. */
import en from './talkadmin.en'
import ja, { type TalkAdminWords } from './talkadmin.ja'
import { words } from './words.svelte'

export function talkAdminWords(): TalkAdminWords {
  return words.language === 'ja' ? ja : en
}
