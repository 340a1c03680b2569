/** The words for whoever is asked, in the chosen language: no part of what a first visit loads. */
import en from './anpimine.en'
import ja, { type MineWords } from './anpimine.ja'
import { words } from './words.svelte'

export function mineWords(): MineWords {
  return words.language === 'ja' ? ja : en
}
