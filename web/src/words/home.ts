/** The words of the first page in the chosen language: that page is fetched when it is opened. */
import en from './home.en'
import ja, { type HomeWords } from './home.ja'
import { words } from './words.svelte'

export function homeWords(): HomeWords {
  return words.language === 'ja' ? ja : en
}
