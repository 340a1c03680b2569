/** The shapes of the safety check that its administrators' pages and its people's share. */
export type { Board } from '../lib/wire'
