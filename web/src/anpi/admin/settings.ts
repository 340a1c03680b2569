/** 自動発信の設定 as the fields hold them, what is wrong with them, and what is sent. Pure. */
import { messageFault, ownFaults, questionsDraft, questionsOf, type Ask, type Faults, type OwnDraft } from './registering'
import type { SettingsBody, SettingsShown } from './shapes'

export interface SettingsDraft {
  outside: boolean
  early_wait_seconds: string
  grace_seconds: string
  guard_hours: string
  jma_drills: boolean
  message: string
  message_early: string
  message_warning: string
  asks: Record<Ask, boolean>
  own: OwnDraft[]
  location: boolean
  /** Minutes, with commas between them. */
  remind: string
  remind_quake_any_hour: boolean
  badge_detail: 'full' | 'support'
  emergency_number: string
  sender_name: string
  managers: number[]
}

export const MESSAGES = ['message', 'message_early', 'message_warning'] as const
/** From and to: as the server has them (anpi/forms.py). */
export const RANGES = { early_wait_seconds: [0, 600], grace_seconds: [0, 600], guard_hours: [0, 72] } as const
const REMIND = [5, 1440] as const
const REMINDS = 3

type NumberField = keyof typeof RANGES

export function settingsDraft(shown: SettingsShown): SettingsDraft {
  return {
    outside: shown.outside,
    early_wait_seconds: String(shown.early_wait_seconds),
    grace_seconds: String(shown.grace_seconds),
    guard_hours: String(shown.guard_hours),
    jma_drills: shown.jma_drills,
    message: shown.message,
    message_early: shown.message_early,
    message_warning: shown.message_warning,
    ...questionsDraft(shown.questions),
    location: shown.location,
    remind: shown.remind.join(', '),
    remind_quake_any_hour: shown.remind_quake_any_hour,
    badge_detail: shown.badge_detail,
    emergency_number: shown.emergency_number,
    sender_name: shown.sender_name,
    managers: shown.administrators.filter((one) => one.manages).map((one) => one.id),
  }
}

/** A whole number in any width; NaN for anything else. */
export function numberOf(text: string): number {
  const plain = text.normalize('NFKC').trim()
  return /^\d{1,6}$/.test(plain) ? Number(plain) : Number.NaN
}

/** Null when something in it is no number of minutes. */
export function minutesOf(text: string): number[] | null {
  const words = text.normalize('NFKC').split(/[\s,、]+/).filter(Boolean)
  const minutes = words.map(numberOf)
  const good = minutes.length <= REMINDS && minutes.every((one) => one >= REMIND[0] && one <= REMIND[1])
  return good ? [...new Set(minutes)].sort((a, b) => a - b) : null
}

export interface SettingsFaults {
  /** Fields whose number is out of its range. */
  numbers: readonly NumberField[]
  remind: boolean
  others: Faults
}

export function settingsFaults(draft: SettingsDraft): SettingsFaults {
  const fields = Object.keys(RANGES) as NumberField[]
  return {
    numbers: fields.filter((field) => {
      const [from, to] = RANGES[field]
      const value = numberOf(draft[field])
      return !(value >= from && value <= to)
    }),
    remind: minutesOf(draft.remind) === null,
    others: {
      ...Object.fromEntries(MESSAGES.flatMap((name) => Object.values(messageFault(draft[name])).map((fault) => [name, fault]))),
      ...ownFaults(draft.own),
    },
  }
}

/** What differs from what is held. */
export function changesOf(draft: SettingsDraft, held: SettingsShown): SettingsBody {
  const body = bodyOf(draft)
  const before = bodyOf(settingsDraft(held))
  const changed = Object.entries(body).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name as keyof SettingsBody]))
  return Object.fromEntries(changed)
}

function bodyOf(draft: SettingsDraft): SettingsBody {
  const { asks, own, remind, ...plain } = draft
  return {
    ...plain,
    early_wait_seconds: numberOf(draft.early_wait_seconds),
    grace_seconds: numberOf(draft.grace_seconds),
    guard_hours: numberOf(draft.guard_hours),
    questions: questionsOf({ asks, own }),
    remind: minutesOf(remind) ?? [],
    managers: [...draft.managers].sort((a, b) => a - b),
  }
}
