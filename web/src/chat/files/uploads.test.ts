import { describe, expect, test } from 'vitest'

import { next, sorted, withAdded, withAgain, withBroken, withKey, withProgress, withReady, withRefused, withSending } from './progress'
import { goes, loose, noUploads, type Upload, type Uploads, without } from './uploads'

const LIMITS = { max_bytes: 100, max_files: 3 }
const FILE = { id: 'k', name: 'a.txt', size: 10 }

function waiting(id: string, more: Partial<Upload> = {}): Upload {
  return { id, channel: 12, name: `${id}.txt`, size: 10, media: 'text/plain', state: 'waiting', sent: 0, ...more }
}

function all(...ids: string[]): Uploads {
  return withAdded(noUploads, ids.map((id) => waiting(id)))
}

describe('what is chosen', () => {
  test('is taken up to the number that a message carries, the rest is turned away', () => {
    const files = [1, 2, 3].map((size) => ({ size }))
    const { taken, turned } = sorted(files, 1, LIMITS)
    expect(taken).toEqual([{ size: 1 }, { size: 2 }])
    expect(turned).toEqual([{ file: { size: 3 }, why: 'too_many' }])
  })

  test('and is too large takes nobody the place', () => {
    const { taken, turned } = sorted([{ size: 101 }, { size: 100 }], 2, LIMITS)
    expect(taken).toEqual([{ size: 100 }])
    expect(turned).toEqual([{ file: { size: 101 }, why: 'too_big' }])
  })

  test('is there once, however often it is found again', () => {
    expect(withAdded(all('a'), [waiting('a'), waiting('b')]).map((one) => one.id)).toEqual(['a', 'b'])
  })
})

describe('an upload', () => {
  test('is sent, looked at, and ready', () => {
    let uploads = withSending(all('a'), 'a')
    uploads = withKey(uploads, 'a', 'key', 0)
    uploads = withProgress(uploads, 'a', 4)
    expect(uploads[0]).toMatchObject({ state: 'sending', sent: 4, key: 'key' })
    uploads = withProgress(uploads, 'a', 12)
    expect(uploads[0]).toMatchObject({ state: 'checking', sent: 10 })
    expect(withReady(uploads, 'a', FILE)[0]).toMatchObject({ state: 'ready', file: FILE })
  })

  test('that broke goes on from where it came to, and one that was let go from the beginning', () => {
    const broken = withBroken(withProgress(withKey(all('a'), 'a', 'key', 0), 'a', 4), 'a')
    expect(withAgain(broken, 'a')[0]).toMatchObject({ state: 'waiting', sent: 4, key: 'key' })
    const afresh = withAgain(withReady(broken, 'a', FILE), 'a', true)[0]!
    expect(afresh).toMatchObject({ state: 'waiting', sent: 0 })
    expect(afresh.key).toBeUndefined()
    expect(afresh.file).toBeUndefined()
  })

  test('that was refused is not taken along, and is unknown to the server', () => {
    const [refused] = withRefused(withKey(all('a'), 'a', 'key', 0), 'a', 'いいえ')
    expect(refused).toMatchObject({ state: 'refused', problem: 'いいえ' })
    expect(refused!.key).toBeUndefined()
    expect(goes(refused!)).toBe(false)
    expect(goes(waiting('b'))).toBe(true)
  })
})

describe('the turn', () => {
  test('comes in the order of choosing, to so many at once', () => {
    expect(next(all('a', 'b', 'c'), 2).map((one) => one.id)).toEqual(['a', 'b'])
    expect(next(withSending(all('a', 'b', 'c'), 'a'), 2).map((one) => one.id)).toEqual(['b'])
  })

  test('is kept by one that broke, and given on by one that is ready or refused', () => {
    const broken = withBroken(withBroken(all('a', 'b', 'c'), 'a'), 'b')
    expect(next(broken, 2)).toEqual([])
    const done = withRefused(withReady(broken, 'a', FILE), 'b', 'いいえ')
    expect(next(done, 2).map((one) => one.id)).toEqual(['c'])
  })
})

test('beside the field lies what no written message carries', () => {
  const uploads = withAdded(all('a', 'b'), [waiting('other', { channel: 13 })])
  expect(loose(uploads, 12, new Set(['a'])).map((one) => one.id)).toEqual(['b'])
  expect(loose(uploads, 14, new Set())).toBe(noUploads)
})

test('what changes nothing gives the same list', () => {
  const uploads = all('a')
  expect(without(uploads, new Set(['z']))).toBe(uploads)
  expect(withSending(uploads, 'z')).toBe(uploads)
  expect(without(uploads, new Set(['a']))).toEqual([])
})
