/** The words for making rooms and about them in the chosen language: no part of what a first visit loads. */
import en from './rooms.en'
import ja, { type RoomWords } from './rooms.ja'
import { words } from './words.svelte'

export function roomWords(): RoomWords {
  return words.language === 'ja' ? ja : en
}
