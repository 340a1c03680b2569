/** The English sentences of the settings. */
import type { SettingsWords } from './settings.ja'

const plural = (n: string, one: string, many: string) => (n === '1' ? `1 ${one}` : `${n} ${many}`)

export default {
  language: 'Language',
  scheme: 'Colours',
  scheme_auto: 'As the device',
  scheme_light: 'Light',
  scheme_dark: 'Dark',
  scheme_hint: 'Kept in this browser only.',
  account: 'Account',
  profile: 'Profile and photo',
  name: 'Name',
  id: 'Login ID',
  password: 'Password',
  password_change: 'Change password',
  devices: 'Signed-in devices',
  this_device: 'This device',
  seen: (when) => `Last used ${when}`,
  since: (when) => `Signed in ${when}`,
  unknown_device: 'Unknown device',
  end: 'Sign out',
  others: 'Sign out of all other devices',
  others_ask: 'Sign out of all other devices?',
  others_lead: 'You stay signed in on this device.',
  others_do: 'Sign out',
  others_done: 'The other devices are signed out.',
  only_here: 'You are not signed in on any other device.',
  out: 'Sign out',
  out_ask: (n) => `You have ${plural(n, 'message', 'messages')} that ${n === '1' ? 'has' : 'have'} not been sent. Sign out?`,
  out_lead: 'Signing out discards what has not been sent.',
  out_do: 'Sign out',
} satisfies SettingsWords
