/** A short sentence at the foot of the screen: what was done, or why not. */
import { ApiError } from '../lib/api'
import { NoAnswer, Refused } from '../lib/socket'
import { words } from '../words/words.svelte'

const SHOWN_MS = 5_000

class Said {
  text = $state('')
  private timer: ReturnType<typeof setTimeout> | undefined

  say(text: string): void {
    this.text = text
    clearTimeout(this.timer)
    this.timer = setTimeout(() => (this.text = ''), SHOWN_MS)
  }
}

export const said = new Said()

export function say(text: string): void {
  said.say(text)
}

export function sayProblem(error: unknown): void {
  said.say(problemText(error))
}

/** The server's own sentence when it gave one. */
export function problemText(error: unknown): string {
  if (error instanceof Refused || (error instanceof ApiError && error.message)) return error.message
  if (error instanceof NoAnswer || error instanceof ApiError) return words.t.err.unreachable
  return words.t.err.not_done
}
