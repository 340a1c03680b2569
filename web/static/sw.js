// Wakes when the server pushes (RFC 8030): shows what it says, and leads to it. It keeps nothing and answers no request.

const PLAIN = { title: '安否確認 / Safety check', body: '', url: '/anpi/mine/push', tag: '' }

self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

self.addEventListener('push', (event) => {
  const told = read(event.data)
  const options = {
    body: told.body,
    tag: told.tag || undefined,
    renotify: Boolean(told.tag),
    requireInteraction: true,
    icon: '/static/icon.svg',
    lang: told.lang,
    data: { url: told.url },
  }
  event.waitUntil(self.registration.showNotification(told.title, options))
})

self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(open(event.notification.data?.url ?? PLAIN.url))
})

// The browser has given this device another address: the server is told, with the session of this browser.
self.addEventListener('pushsubscriptionchange', (event) => {
  const key = event.oldSubscription?.options.applicationServerKey
  if (key) event.waitUntil(again(key))
})

function read(data) {
  try {
    const { title, body, url, tag, lang } = data.json()
    const text = (value) => (typeof value === 'string' ? value : '')
    return { title: text(title) || PLAIN.title, body: text(body), url: ours(url), tag: text(tag), lang: text(lang) }
  } catch {
    return PLAIN
  }
}

/** A path of this server, whatever was pushed. */
function ours(url) {
  const wanted = typeof url === 'string' ? new URL(url, self.location.origin) : null
  return wanted?.origin === self.location.origin ? wanted.pathname + wanted.search : PLAIN.url
}

async function open(url) {
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const there = windows.find((one) => new URL(one.url).pathname === url)
  if (there) return there.focus()
  return self.clients.openWindow(url)
}

async function again(key) {
  const made = await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key })
  await fetch('/api/push', {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(made.toJSON()),
  })
}
