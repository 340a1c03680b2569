/** Which parts of 管理 somebody sees. No privilege implies another. */
export type Tab = 'departments' | 'users' | 'company' | 'talk' | 'anpi' | 'log'

const OPENED_BY: Record<Tab, readonly string[]> = {
  departments: ['ADMIN_DIVISION'],
  users: ['ADMIN_USER', 'ADMIN_ANPI', 'ADMIN_GOTALK'],
  company: ['ADMIN_COMPANY'],
  talk: ['ADMIN_GOTALK'],
  anpi: ['ADMIN_ANPI'],
  log: ['ADMIN_ACTION_LOG'],
}

export function tabsOf(privileges: readonly string[]): Tab[] {
  return (Object.keys(OPENED_BY) as Tab[]).filter((tab) => OPENED_BY[tab].some((one) => privileges.includes(one)))
}
