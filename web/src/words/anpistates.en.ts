/** The English words for how somebody is. */
import type { StateWords } from './anpistates.ja'

export default {
  unanswered: 'No answer',
  any: 'Answered',
  self: { safe: 'Safe', minor: 'Slightly injured', major: 'Badly injured', other: 'Other' },
  help: 'Needs help',
  drill: 'Drill',
  family: { safe: 'All safe', hurt: 'Somebody is hurt', checking: 'Checking', none: 'No family, or not told' },
  house: { none: 'None', partly: 'Some', lost: 'Cannot be lived in', unknown: 'Not known' },
  work: { can: 'Can come', home: 'Can work from home', cannot: 'Cannot come', unknown: 'Not known' },
  channel: {
    mail: 'Mail',
    push: 'Notification',
    sms: 'SMS',
    talk: 'Talk',
    directory: 'App',
    reply: 'Reply by mail',
    proxy: 'Answered for',
    bulk: 'Answered for (several at once)',
    queue: 'App (written offline)',
  },
  sent: { reached: 'Sent', waiting: 'Waiting', failed: 'Undeliverable', none: 'No address' },
  heads: {
    self: 'Person',
    family: 'Family',
    house: 'Damage at home',
    work: 'Can come to work',
    where: 'Where',
    comment: 'Comment',
    location: 'Location',
  },
} satisfies StateWords
