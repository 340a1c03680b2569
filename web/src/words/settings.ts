/** The words of the settings in the chosen language: no part of what a first visit loads. */
import en from './settings.en'
import ja, { type SettingsWords } from './settings.ja'
import { words } from './words.svelte'

export function settingsWords(): SettingsWords {
  return words.language === 'ja' ? ja : en
}
