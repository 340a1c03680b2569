/** The English sentences for saying how one can be reached. */
import type { PresenceWords } from './presence.ja'

export default {
  off: 'Off',
  auto: 'Available (automatic)',
  auto_lead: 'Shown as away after five minutes without activity.',
  away_lead: 'Shown as away even while you are active.',
  out_lead: 'Tells when you will be back.',
  back: 'Back at',
  half_hour: 'In 30 minutes',
  hour: 'In 1 hour',
  today: 'End of today',
  open: 'Not decided',
  pick: 'Choose date and time',
  set: 'Set',
  past: 'Please choose a time to come.',
} satisfies PresenceWords
