/** What can be asked of a frame, and of how a line ended. */
import type { ChannelEvent, Frame } from './wire'

// One entry for each, or the types complain: an event that is missing here would be taken for something else.
const channelEvents: Record<ChannelEvent['is'], true> = {
  'message.posted': true,
  'message.edited': true,
  'message.deleted': true,
  'member.joined': true,
  'member.left': true,
  'member.changed': true,
  'room.renamed': true,
}

export function isChannelEvent(frame: Frame): frame is ChannelEvent {
  return Object.hasOwn(channelEvents, frame.is)
}

/** After these a client does not come back by itself. */
export function isFinal(code: number): boolean {
  return code >= 4400 && code <= 4407
}
