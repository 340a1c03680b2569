/** How components reach talk: it is made once, by the app. */
import { getContext, setContext } from 'svelte'

import type { Drafts } from './drafts.svelte'
import type { Talk } from './talk.svelte'

interface Context {
  talk: Talk
  drafts: Drafts
  /** Before signing out: nothing that was written here and not sent stays in this browser. */
  forget(): void
}

const KEY = Symbol('talk')

export function provideTalk(context: Context): void {
  setContext(KEY, context)
}

export function useTalk(): Context {
  return getContext<Context>(KEY)
}
