/** The shapes of the talk administrator's addresses, as the elements here hold them. */
import type { LogDownloadWish, TalkSettings } from '../../lib/wire'

export type {
  LogDownload as Download,
  LogHold as Hold,
  LogSegment as Segment,
  LogWanted as Wanted,
  TalkLog,
  TalkSettings,
} from '../../lib/wire'

/** What can be set of files. */
export type Policy = Pick<TalkSettings, 'mode' | 'extra' | 'look_inside' | 'uninspected' | 'executables'>
export type Mode = Policy['mode']
export type Treatment = Policy['uninspected']
export type Form = LogDownloadWish['form']

/** Somebody, or a room, that lines can be chosen by. */
export interface Choice {
  id: number
  name: string
  /** What tells apart who is called the same. */
  more: string
  gone: boolean
}
