/** 検索条件 as the fields hold them, and as they are asked. Pure. */
import type { Conditions, Whom } from './shapes'

export interface Chosen {
  department: number | null
  text: string
  area: string
  sent: '' | 'not_sent' | 'waiting' | 'sent' | 'failed'
  answered: '' | 'yes' | 'no'
  /** One of 回答内容: what is asked about, a colon, what was answered. */
  content: string
}

export type Choice = 'all' | 'found' | 'picked'

export const NOTHING: Chosen = { department: null, text: '', area: '', sent: '', answered: '', content: '' }

/** What is not chosen is not asked for. */
export function conditionsOf({ department, text, area, sent, answered, content }: Chosen): Conditions {
  const [about, word] = content.split(':')
  return {
    ...(department === null ? {} : { department }),
    ...(text.trim() ? { text: text.trim() } : {}),
    ...(area ? { area } : {}),
    ...(sent ? { sent } : {}),
    ...(answered ? { answered } : {}),
    ...(about && word ? { [about]: word } : {}),
  }
}

export function sameConditions(one: Chosen, other: Chosen): boolean {
  return JSON.stringify(conditionsOf(one)) === JSON.stringify(conditionsOf(other))
}

/** 全件 asks everybody, 抽出者全件 who was found, 個別 who was picked. */
export function whomOf(choice: Choice, found: Chosen, picked: ReadonlySet<number>): Whom {
  if (choice === 'all') return { all: true }
  return choice === 'found' ? { found: conditionsOf(found) } : { picked: [...picked].sort((a, b) => a - b) }
}

/** With this one, or without him. */
export function toggled(picked: ReadonlySet<number>, id: number, on: boolean): ReadonlySet<number> {
  const next = new Set(picked)
  if (on) next.add(id)
  else next.delete(id)
  return next
}
