import { describe, expect, test } from 'vitest'

import en from '../../words/en'
import ja from '../../words/ja'
import { extensionOf, isShown, kindOf, pathOf, previewOf, shortName, sizeText } from './names'

const PICTURE = { id: 'p', name: '現場.jpg', size: 1, media: 'image/jpeg', width: 40, height: 30, thumbnail: true }
const SHEET = { id: 's', name: '見積書.xlsx', size: 1 }

describe('a long name', () => {
  test('keeps its beginning and its end', () => {
    const name = '２０２７年度第一四半期静岡工場設備更新計画書（最終版・承認済み・製造部確認）_v12.xlsx'
    const short = shortName(name, 50)
    expect(short.startsWith('２０２７年度')).toBe(true)
    expect(short.endsWith('_v12.xlsx')).toBe(true)
    expect(short).toContain('…')
    expect([...short].length).toBeLessThan([...name].length)
  })

  test('full-width letters count twice, half-width kana once', () => {
    expect(shortName('あ'.repeat(25), 50)).toBe('あ'.repeat(25))
    expect(shortName('あ'.repeat(26), 50)).toContain('…')
    expect(shortName('ｱ'.repeat(50), 50)).toBe('ｱ'.repeat(50))
  })

  test('no letter is cut in two', () => {
    expect(shortName('𠮷'.repeat(60), 50).isWellFormed()).toBe(true)
  })
})

test.each([
  [0, '0 B'],
  [812, '812 B'],
  [1_500, '1.5 KB'],
  [26_214_400, '25 MB'],
  [1_468_006, '1.4 MB'],
  [1_020_000, '996 KB'],
  [1_023_990, '1 MB'],
])('%d bytes are %s', (bytes, text) => expect(sizeText('ja', bytes)).toBe(text))

describe('the kind', () => {
  test('is known by the end of the name', () => {
    expect(kindOf(SHEET)).toBe('sheet')
    expect(kindOf({ name: 'a.TAR.GZ' })).toBe('archive')
    expect(kindOf({ name: 'README' })).toBe('other')
    expect(extensionOf('a.b c')).toBe('')
  })

  test('of a picture is the server’s word', () => {
    expect(kindOf({ name: 'x', media: 'image/png' })).toBe('image')
    expect(isShown(PICTURE)).toBe(true)
    expect(isShown({ ...PICTURE, thumbnail: false })).toBe(false)
    // Its name alone is nobody's promise.
    expect(isShown({ ...PICTURE, media: '' })).toBe(false)
  })
})

describe('in the list of rooms', () => {
  const n = String
  test.each([
    ['text goes first', { text: '見てください', files: [PICTURE] }, '見てください', '見てください'],
    ['one picture', { text: '', files: [PICTURE] }, '写真', 'Photo'],
    ['pictures', { text: '', files: [PICTURE, PICTURE, PICTURE] }, '写真 3枚', '3 photos'],
    ['one file', { text: '', files: [SHEET] }, 'ファイル: 見積書.xlsx', 'File: 見積書.xlsx'],
    ['several', { text: '', files: [SHEET, PICTURE] }, 'ファイル: 見積書.xlsx ほか1件', 'File: 見積書.xlsx and 1 more'],
    ['nothing', { text: '' }, '', ''],
  ])('%s', (_, message, japanese, english) => {
    expect(previewOf(message, ja, n)).toBe(japanese)
    expect(previewOf(message, en, n)).toBe(english)
  })
})

test('a name cannot lead elsewhere', () => {
  expect(pathOf({ id: 'abc', name: '../../a?b#c/見積.xlsx' })).toBe(`/files/abc/${encodeURIComponent('../../a?b#c/見積.xlsx')}`)
  expect(new URL(pathOf({ id: 'abc', name: '../x' }), 'http://a').pathname).toBe('/files/abc/..%2Fx')
})
