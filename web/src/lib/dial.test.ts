import { expect, test } from 'vitest'

import { dialLink, isScheme } from './dial'

const SOFTPHONE = 'com050voipbiz://keypad?tel='

test('what is dialled has no hyphens, blanks and brackets, and the rest is encoded', () => {
  expect(dialLink(SOFTPHONE, '054-123-4567#12')).toBe('com050voipbiz://keypad?tel=0541234567%2312')
  expect(dialLink('tel:', '03(1234)5678')).toBe('tel:0312345678')
  expect(dialLink('tel:', '03 1234 5678')).toBe('tel:0312345678')
  expect(dialLink('tel:', '+81-3-1234-5678')).toBe('tel:%2B81312345678')
  expect(dialLink('tel:', '*67,0312345678;9')).toBe('tel:*67%2C0312345678%3B9')
})

test('dashes and brackets of every kind are hyphens and brackets', () => {
  for (const dash of ['‐', '‑', '–', '—', '―', '−', '－', 'ー']) expect(dialLink('tel:', `03${dash}1`)).toBe('tel:031')
  expect(dialLink('tel:', '（03）1234　5678')).toBe('tel:0312345678')
})

test('nothing to dial is no link', () => {
  expect(dialLink('tel:', '')).toBe('')
  expect(dialLink('tel:', ' - ')).toBe('')
})

test('an address that would run something is never made', () => {
  for (const scheme of ['javascript:', 'JavaScript:alert(1)//', 'data:', 'vbscript:', 'file:', 'no scheme', '']) {
    expect(isScheme(scheme)).toBe(false)
    expect(dialLink(scheme, '1')).toBe('tel:1')
  }
})
