/** The English sentences of the first page. */
import type { HomeWords } from './home.ja'

const en: HomeWords = {
  morning: (name) => `Good morning, ${name}`,
  day: (name) => `Hello, ${name}`,
  evening: (name) => `Good evening, ${name}`,
  unread: (n) => `You have ${n} ${n === '1' ? 'unread message' : 'unread messages'}`,
  all_read: 'You have read everything',
  newest: 'Recent rooms',
  open_talk: 'Open Talk',
  no_rooms: 'There are no rooms yet.',
  directory_lead: 'Find people, call them, talk to them',
  settings_lead: 'Language, colours, signed-in devices',
  admin_lead: 'Departments, users, company',
  anpi_lead: 'Register, send, see answers, totals',
  talk_log: 'Talk log download',
  talk_log_lead: 'Get what was recorded, by period, room and member',
}

export default en
