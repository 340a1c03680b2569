/** The shapes of one's own safety checks. */
import type { Said } from '../../lib/wire'

export type { Check, MyChecks, OwnAnswer, OwnQuestion as Question, Place, Questions, Said, Wording } from '../../lib/wire'
export type Self = Said['self']
