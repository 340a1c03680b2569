/**
 * Enter that belongs to the conversion of kana must never send.
 *
 * Most browsers say so by `isComposing`. Safari ends the composition before it tells of the key that ended it:
 * there the key has the number 229, and follows the end within the same moment.
 */
const SAME_MOMENT_MS = 30

export class Ime {
  private endedAt = Number.NEGATIVE_INFINITY

  /** For `oncompositionend`. */
  readonly ended = (event: Event): void => {
    this.endedAt = event.timeStamp
  }

  owns(event: KeyboardEvent): boolean {
    return event.isComposing || event.keyCode === 229 || event.timeStamp - this.endedAt < SAME_MOMENT_MS
  }
}

/** On a screen keyboard Enter begins a new line, as there is no Shift+Enter: the button sends. */
export function enterBreaksLine(): boolean {
  return matchMedia('(hover: none) and (pointer: coarse)').matches
}
