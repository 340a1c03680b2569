/** Being woken by the server when no page is open: only by a tap of the person (RFC 8030). */
import { call } from '../../lib/api'
import type { PushState } from '../../lib/wire'

const WORKER = '/sw.js'
const PATH = '/api/push'

export type Means = 'insecure' | 'none' | 'install' | 'denied' | 'ready'

/** What this browser can do. */
export function means(): Means {
  if (!isSecureContext) return 'insecure'
  const able = 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window
  // Only what was put on the home screen is woken there.
  if (!able) return /iPhone|iPad/.test(navigator.userAgent) ? 'install' : 'none'
  return Notification.permission === 'denied' ? 'denied' : 'ready'
}

/** Does the server push, and is this browser among those it pushes to? */
export async function pushed(): Promise<{ offered: PushState; here: boolean }> {
  const offered = await call<PushState>('GET', PATH)
  const worker = await navigator.serviceWorker.getRegistration(WORKER)
  const made = await worker?.pushManager.getSubscription()
  return { offered, here: !!made && offered.on }
}

/** The browser asks the person; false when he says no. */
export async function turnOn(key: string): Promise<boolean> {
  if ((await Notification.requestPermission()) !== 'granted') return false
  await navigator.serviceWorker.register(WORKER, { scope: '/' })
  const worker = await navigator.serviceWorker.ready
  const made = await subscribed(worker.pushManager, key)
  const { endpoint, keys } = made.toJSON()
  await call('POST', PATH, { endpoint, keys: { p256dh: keys?.p256dh, auth: keys?.auth } })
  return true
}

export async function turnOff(): Promise<void> {
  const worker = await navigator.serviceWorker.getRegistration(WORKER)
  const made = await worker?.pushManager.getSubscription()
  if (!made) return
  await call('DELETE', PATH, { endpoint: made.endpoint })
  await made.unsubscribe()
}

/** A server that has got another key: what was made for the old one is of no use. */
async function subscribed(manager: PushManager, key: string): Promise<PushSubscription> {
  const options = { userVisibleOnly: true, applicationServerKey: bytesOf(key) }
  try {
    return await manager.subscribe(options)
  } catch (error) {
    const old = await manager.getSubscription()
    if (!old) throw error
    await old.unsubscribe()
    return manager.subscribe(options)
  }
}

/** base64url, as the server writes its key. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const raw = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  const bytes = new Uint8Array(raw.length)
  for (let at = 0; at < raw.length; at++) bytes[at] = raw.charCodeAt(at)
  return bytes
}
