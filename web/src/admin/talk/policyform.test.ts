import { beforeEach, expect, test, vi } from 'vitest'

import { PolicyForm } from './policyform.svelte'

const LICENCE = { used: 1, limit: 100 }
const HELD = { mode: 'default', extra: ['ps1'], look_inside: true, uninspected: 'send', executables: 'send', listed: [], offered: [], licence: LICENCE, version: 'v1' }
let now: Record<string, unknown>
let posted: Record<string, unknown>[]
let late: Promise<unknown> | null
/** What another sets right after the saving. */
let after: Record<string, unknown>

beforeEach(() => {
  now = HELD
  posted = []
  late = null
  after = {}
  vi.stubGlobal('fetch', async (_: string, { method, body }: RequestInit) => {
    const answer = now
    if (method === 'GET') {
      await late
      return new Response(JSON.stringify(answer))
    }
    const { version, ...wanted } = JSON.parse(body as string)
    posted.push({ version, ...wanted })
    if (version !== now.version) return new Response(JSON.stringify({ code: 'conflict', message: 'ほかの人が先に変更しました。' }), { status: 409 })
    now = { ...now, ...wanted, version: `${version}+` }
    const saved = JSON.stringify(now)
    now = { ...now, ...after }
    return new Response(saved)
  })
})

async function form(): Promise<PolicyForm> {
  const made = new PolicyForm()
  await made.load()
  return made
}

test('a change is made on what was shown', async () => {
  const one = await form()
  one.draft.mode = 'off'
  await one.save()
  expect(posted[0]).toMatchObject({ mode: 'off', version: 'v1' })
  expect([one.dirty, one.held!.version, one.savedAt > 0]).toEqual([false, 'v1+', true])
})

test('what another has set meanwhile is shown, and not overwritten', async () => {
  const one = await form()
  now = { ...HELD, mode: 'off', version: 'v2' }
  one.draft.extra = ['ps1', 'reg']
  await one.save()
  expect([now.mode, one.newer!.mode, one.problem, one.busy]).toEqual(['off', 'off', '', false])
  expect(one.draft.extra).toEqual(['ps1', 'reg'])
  one.revert()
  expect([one.draft.mode, one.newer]).toEqual(['off', null])
})

test('an answer to a question from before the saving says nothing any more', async () => {
  const one = await form()
  let come = () => {}
  late = new Promise<void>((resolve) => (come = resolve))
  now = { ...HELD, mode: 'images', version: 'v0' }
  const looking = one.look()
  now = HELD
  one.draft.mode = 'off'
  await one.save()
  come()
  await looking
  expect([one.held!.mode, one.newer, one.savedAt > 0]).toEqual(['off', null, true])
})

test('what is told while it is saved is looked at afterwards', async () => {
  const one = await form()
  one.draft.mode = 'off'
  after = { mode: 'images', version: 'v9' }
  const saving = one.save()
  await one.look()
  await saving
  await vi.waitFor(() => expect(one.held!.mode).toBe('images'))
})
