/** Which page of 管理者メニュー the address names. Pure. */

export type Menu = 'list' | 'register' | 'templates' | 'settings' | 'why' | 'unreachable'

export type Place =
  | { name: Menu; menu: Menu }
  | { name: 'incident'; menu: 'list'; id: number; part: '' | 'board' | 'totals' | 'why' }
  | { name: 'event'; menu: 'why'; id: number }

const MENUS: readonly string[] = ['register', 'templates', 'settings', 'why', 'unreachable'] satisfies Menu[]
const PARTS: readonly string[] = ['', 'board', 'totals', 'why']

/** Null: there is no such page. */
export function placeOf(path: readonly string[]): Place | null {
  const [head = '', id, part = '', ...rest] = path
  if (rest.length) return null
  if (head === '' || (head === 'incidents' && id === undefined)) return { name: 'list', menu: 'list' }
  if (head === 'incidents' && isId(id) && PARTS.includes(part)) {
    return { name: 'incident', menu: 'list', id: Number(id), part: part as '' | 'board' | 'totals' | 'why' }
  }
  if (head === 'why' && isId(id) && !part) return { name: 'event', menu: 'why', id: Number(id) }
  return MENUS.includes(head) && id === undefined ? { name: head as Menu, menu: head as Menu } : null
}

function isId(text: string | undefined): boolean {
  return text !== undefined && /^\d{1,15}$/.test(text)
}
