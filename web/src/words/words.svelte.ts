/** The words of the chosen language. Components read `words.t`, and change when the language does. */
import { count } from '../lib/time'
import type { Language } from '../lib/wire'
import ja, { type Words } from './ja'

class Chosen {
  t = $state.raw<Words>(ja)
  language = $state.raw<Language>('ja')

  async choose(language: Language): Promise<void> {
    this.t = language === 'ja' ? ja : (await import('./en')).default
    this.language = language
    document.documentElement.lang = language
  }

  /** A number as this language writes it. */
  n(value: number): string {
    return count(this.language, value)
  }

  /** A badge shows no more than two digits. */
  badge(value: number): string {
    return value > 99 ? '99+' : String(value)
  }
}

export const words = new Chosen()
