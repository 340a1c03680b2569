import { expect, test } from 'vitest'

import { marked, markedNumber, type Part, wordsOf } from './marking'

const shown = (parts: Part[]) => parts.map((part) => (part.marked ? `[${part.text}]` : part.text)).join('')

test('every word is marked where it stands', () => {
  expect(shown(marked('静岡工場 第一製造課', wordsOf('製造　静岡')))).toBe('[静岡]工場 第一[製造]課')
  expect(shown(marked('渡邉 花子', []))).toBe('渡邉 花子')
})

test('kana are the same in every form', () => {
  expect(shown(marked('ワタナベ ハナコ', ['わたなべ']))).toBe('[ワタナベ] ハナコ')
  expect(shown(marked('わたなべ', ['ﾜﾀﾅﾍﾞ']))).toBe('[わたなべ]')
  expect(shown(marked('ﾜﾀﾅﾍﾞ', ['なべ']))).toBe('ﾜﾀ[ﾅﾍﾞ]')
})

test('letters are the same large and small, narrow and wide', () => {
  expect(shown(marked('ＮＧＵＹＥＮ Lan', ['nguyen', 'LAN']))).toBe('[ＮＧＵＹＥＮ] [Lan]')
})

test('a kanji outside the basic plane and one with a selector stay whole', () => {
  expect(shown(marked('𠮷野 葛\u{e0100}城', ['葛城']))).toBe('𠮷野 [葛\u{e0100}城]')
  expect(shown(marked('𠮷野', ['𠮷']))).toBe('[𠮷]野')
})

test('a number is found through its hyphens and brackets', () => {
  expect(shown(markedNumber('054-123-4567#12', ['1234']))).toBe('054-[123-4]567#12')
  expect(shown(markedNumber('03(1234)5678', ['0312']))).toBe('[03(12]34)5678')
  expect(shown(markedNumber('054-123-4567', ['わたなべ']))).toBe('054-123-4567')
})
