import { beforeEach, expect, test, vi } from 'vitest'

import { Transfer } from './imports/transfer.svelte'

const preview = { id: 7, kind: 'users', counts: { add: 1, change: 0, remove: 0, unchanged: 0 }, ready: true }
const file = new File(['LOGIN_ID'], 'user.tsv')
let asked: string[]
let answers: Record<string, unknown>

beforeEach(() => {
  asked = []
  vi.useFakeTimers()
  vi.stubGlobal('fetch', async (path: string, { method }: RequestInit) => {
    asked.push(`${method} ${path}`)
    const answer = answers[`${method} ${path.split('?')[0]}`]
    const body = await (Array.isArray(answer) ? (answer.length > 1 ? answer.shift() : answer[0]) : answer)
    if (body === 'lost') throw new TypeError('no line')
    return new Response(JSON.stringify(body), { status: body && (body as any).code ? 409 : 200 })
  })
})

test('nothing is applied before OK, and then the same file is sent again', async () => {
  answers = {
    'PUT /api/admin/imports/users': preview,
    'PUT /api/admin/imports/7/apply': new Promise((resolve) => setTimeout(() => resolve({ id: 7, state: 'applied' }), 1_200)),
    'GET /api/admin/imports/7': [{ id: 7, state: 'previewed' }, { id: 7, state: 'hashing', done: 1, total: 2 }],
  }
  const changed = vi.fn()
  const transfer = new Transfer('users', changed)
  transfer.choose(file)
  await transfer.run()
  expect(transfer.stage).toBe('preview')
  expect(asked).toEqual(['PUT /api/admin/imports/users?keep_passwords=1&zeros=0&marks=0&make_passwords=0'])

  const doing = transfer.ok()
  await vi.advanceTimersByTimeAsync(1_100)
  expect([transfer.stage, transfer.progress?.state, transfer.progress?.done]).toEqual(['applying', 'hashing', 1])
  await vi.advanceTimersByTimeAsync(1_000)
  await doing
  expect(transfer.stage).toBe('done')
  expect(changed).toHaveBeenCalledOnce()
  expect(asked.slice(1)).toEqual([
    'PUT /api/admin/imports/7/apply',
    'GET /api/admin/imports/7',
    'GET /api/admin/imports/7',
  ])
})

test('when the line is lost meanwhile, one goes on looking until it is done', async () => {
  answers = {
    'PUT /api/admin/imports/users': preview,
    'PUT /api/admin/imports/7/apply': 'lost',
    'GET /api/admin/imports/7': ['lost', { id: 7, state: 'applying' }, { id: 7, state: 'applied' }],
  }
  const transfer = new Transfer('users', () => {})
  transfer.choose(file)
  await transfer.run()
  const doing = transfer.ok()
  await vi.advanceTimersByTimeAsync(3_000)
  await doing
  expect(transfer.stage).toBe('done')
})

test('what was refused brings one back to the preview with the reason, and nothing counts as changed', async () => {
  answers = {
    'PUT /api/admin/imports/users': preview,
    'PUT /api/admin/imports/7/apply': { code: 'stale', message: 'ほかの管理者が先に変更しました。' },
  }
  const changed = vi.fn()
  const transfer = new Transfer('users', changed)
  transfer.choose(file)
  await transfer.run()
  await transfer.ok()
  expect([transfer.stage, transfer.problem]).toEqual(['preview', 'ほかの管理者が先に変更しました。'])
  expect(changed).not.toHaveBeenCalled()
})

test('a work that fails on the way says why', async () => {
  answers = {
    'PUT /api/admin/imports/users': preview,
    'PUT /api/admin/imports/7/apply': 'lost',
    'GET /api/admin/imports/7': { id: 7, state: 'failed', message: 'いまは保存できません。' },
  }
  const transfer = new Transfer('users', () => {})
  transfer.choose(file)
  await transfer.run()
  const doing = transfer.ok()
  await vi.advanceTimersByTimeAsync(1_000)
  await doing
  expect([transfer.stage, transfer.problem]).toEqual(['preview', 'いまは保存できません。'])
})

test('undoing shows first what it would do, and sends no file', async () => {
  answers = {
    'POST /api/admin/imports/users/undo-preview': preview,
    'POST /api/admin/imports/7/undo': { id: 7, state: 'undone' },
  }
  const transfer = new Transfer('users', () => {})
  await transfer.runUndo()
  expect(transfer.stage).toBe('preview')
  await transfer.ok()
  expect(transfer.stage).toBe('done')
  expect(asked.at(-1)).toBe('POST /api/admin/imports/7/undo')
})

test('an undo is offered when there is something to undo, and not without an answer', async () => {
  const transfer = new Transfer('users', () => {})
  for (const [answer, offered] of [[{ undoable: false }, false], [{ undoable: true }, true], ['lost', false]] as const) {
    answers = { 'GET /api/admin/imports/users/last': answer }
    await transfer.askLast()
    expect(transfer.undoable).toBe(offered)
  }
  expect(transfer.problem).toBe('')
})

test('another file forgets the ticks that were made for the first', () => {
  const transfer = new Transfer('users', () => {})
  transfer.options = { ...transfer.options, zeros: true, marks: true, keep_passwords: false }
  transfer.choose(file)
  expect(transfer.options).toMatchObject({ zeros: false, marks: false, keep_passwords: false })
})

test('sheets that came with the answer are let go by the server at once', async () => {
  const sheet = { id: 0, company: '', name: '佐野', login_id: 'sano', password: 'x', address: '', until: 0 }
  answers = {
    'PUT /api/admin/imports/users': preview,
    'PUT /api/admin/imports/7/apply': { id: 7, state: 'applied', sheets: 1, login_sheets: [sheet] },
    'POST /api/admin/imports/7/sheets': { sheets: [sheet] },
  }
  const transfer = new Transfer('users', vi.fn())
  transfer.choose(file)
  await transfer.run()
  await transfer.ok()
  expect(transfer.sheets).toEqual([sheet])
  expect(asked).toContain('POST /api/admin/imports/7/sheets')
})
