/** The English sentences for making rooms and about them. */
import type { RoomWords } from './rooms.ja'

const plural = (n: string, one: string, many: string) => (n === '1' ? `1 ${one}` : `${n} ${many}`)

export default {
  how: 'Kind of talk',
  direct_lead: 'Choose one person and talk in private',
  group_lead: 'Choose a few people and start at once',
  closed_lead: 'A named room for those who are invited',
  open_lead: 'A named room that anyone can join',
  name: 'Room name',
  people: 'Members',
  person: 'Talk with',
  find: 'Find by name or kana',
  find_member: 'Find a member',
  found_none: 'No one found. You can also search by kana.',
  chosen: 'Chosen',
  take_away: (name) => `Remove ${name}`,
  create: 'Create',
  join: 'Join',
  open_room: 'Open',
  open_find: 'Find an open room',
  open_none: 'There is no open room to join.',
  owner: 'Owner',
  add: 'Add members',
  add_do: 'Add',
  remove: 'Remove',
  remove_ask: (name) => `Remove ${name} from this room?`,
  remove_do: 'Remove',
  rename: 'Rename',
  leave_ask: (room) => `Leave “${room}”?`,
  leave_closed: 'You will not see its messages until somebody adds you again.',
  leave_open: 'It is an open room: you can join again at any time.',
  leave_lead: 'You will no longer see its messages.',
  logged_none: 'This talk is recorded. Nobody has been named yet who can read the record.',
  logged: (n) => `This talk is recorded. ${plural(n, 'person', 'people')} named by your administrator can read the record.`,
} satisfies RoomWords
