import { createHash } from 'node:crypto'

import { expect, test } from 'vitest'

import { qr, qrPath } from './qr'

const hash = (text: string) =>
  createHash('sha256')
    .update(qr(text)!.map((row) => row.map(Number).join('')).join('\n'))
    .digest('hex')
    .slice(0, 16)

test('a code is module for module what another maker of codes draws', () => {
  expect(hash('b'.repeat(62))).toBe('92d3f5947cf4dffc')
  expect(hash('e'.repeat(106))).toBe('07630e5d7def58e5')
  expect(hash('i'.repeat(180))).toBe('644ccf4b5a4a02b5')
  expect(hash('k'.repeat(213))).toBe('ff1730d05c5f3fc1')
})

test('the smallest that holds the text is taken, and what is too long is refused', () => {
  expect(qr('a')!.length).toBe(21)
  expect(qr('あ'.repeat(5))!.length).toBe(25)
  expect(qr('k'.repeat(214))).toBeNull()
})

test('around the code there is a quiet zone', () => {
  const { path, size } = qrPath('a')!
  expect(size).toBe(29)
  expect(path.startsWith('M4 4h1v1h-1z')).toBe(true)
})
