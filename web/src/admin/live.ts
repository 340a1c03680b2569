/** What other people change in the directory shows in the lists of 管理 too. */
import type { Talk } from '../chat/talk.svelte'
import { directoryOf } from '../directory/directory.svelte'

/** Several changes in a row are asked for once, and not by every administrator in the same moment. */
const REST_MS = 150
const WITHIN_MS = 350

/** Calls `look` a moment after each change, until the returned function is called. */
export function followed(talk: Talk, look: () => void): () => void {
  const directory = directoryOf(talk)
  let timer: ReturnType<typeof setTimeout> | undefined
  const leave = directory.enter()
  const forget = directory.onChange(() => {
    timer ??= setTimeout(
      () => {
        timer = undefined
        look()
      },
      REST_MS + Math.random() * WITHIN_MS,
    )
  })
  return () => {
    clearTimeout(timer)
    forget()
    leave()
  }
}
