import { readFileSync } from 'node:fs'
import { beforeEach, expect, test, vi } from 'vitest'

const CODE = readFileSync('static/sw.js', 'utf8')
const ORIGIN = 'https://renraku.example'

let heard: Record<string, (event: any) => void>
let shown: [string, any][]
let opened: string[]
let windows: { url: string; focus: () => void }[]

beforeEach(() => {
  heard = {}
  shown = []
  opened = []
  windows = []
  const worker = {
    location: { origin: ORIGIN },
    addEventListener: (name: string, listener: (event: any) => void) => (heard[name] = listener),
    skipWaiting: vi.fn(),
    registration: { showNotification: async (...told: [string, any]) => void shown.push(told) },
    clients: {
      claim: vi.fn(),
      matchAll: async () => windows,
      openWindow: async (url: string) => void opened.push(url),
    },
  }
  new Function('self', CODE)(worker)
})

async function pushed(data: unknown): Promise<void> {
  let done: Promise<unknown> | undefined
  heard.push!({ data: { json: () => JSON.parse(String(data)) }, waitUntil: (work: Promise<unknown>) => (done = work) })
  await done
}

async function tapped(url: string): Promise<void> {
  let done: Promise<unknown> | undefined
  heard.notificationclick!({ notification: { close: vi.fn(), data: { url } }, waitUntil: (work: Promise<unknown>) => (done = work) })
  await done
}

test('what is pushed is shown, and a newer one takes its place', async () => {
  await pushed(JSON.stringify({ title: '地震 震度6弱', body: '安否を回答してください。', url: '/a/token', tag: 'anpi7' }))
  expect(shown).toMatchObject([['地震 震度6弱', { body: '安否を回答してください。', tag: 'anpi7', renotify: true, data: { url: '/a/token' } }]])
})

test('whatever is pushed, something is shown, and it never leads to another site', async () => {
  await pushed('{')
  await pushed(JSON.stringify({ title: 5, url: 'https://evil.example/a' }))
  await pushed(JSON.stringify({ title: 'x', url: '//evil.example/' }))
  expect(shown.map(([title, { data }]) => [title, data.url])).toEqual([
    ['安否確認 / Safety check', '/anpi/mine/push'],
    ['安否確認 / Safety check', '/anpi/mine/push'],
    ['x', '/anpi/mine/push'],
  ])
})

test('a tap opens the page, or comes back to the one that is open', async () => {
  await tapped('/a/token')
  expect(opened).toEqual(['/a/token'])
  const focus = vi.fn()
  windows = [{ url: `${ORIGIN}/a/token`, focus }]
  await tapped('/a/token')
  expect([opened.length, focus.mock.calls.length]).toEqual([1, 1])
})

test('it answers no request and keeps nothing', () => {
  expect(heard.fetch).toBeUndefined()
  expect(CODE).not.toContain('caches')
})
