/** The words of 管理 in the chosen language: no part of what a first visit loads. */
import en from './admin.en'
import ja, { type AdminWords } from './admin.ja'
import { words } from './words.svelte'

export function adminWords(): AdminWords {
  return words.language === 'ja' ? ja : en
}
