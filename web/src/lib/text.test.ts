import { describe, expect, test } from 'vitest'

import { codePoints, normalised, pieces, trimmedMessage } from './text'

const links = (text: string) => pieces(text).flatMap((piece) => (piece.href ? [piece.href] : []))

describe('counting', () => {
  test('code points after CRLF became LF, as the server does', () => {
    expect(codePoints('𠮷野家')).toBe(3)
    expect(codePoints('👨‍👩‍👧')).toBe(5)
    expect(codePoints(normalised('a\r\nb\rc'))).toBe(5)
  })
})

describe('a message as it is sent', () => {
  test('has no blank lines before it and no blanks after it, but keeps its indent', () => {
    expect(trimmedMessage('\n \r\n  a\n\nb  \n')).toBe('  a\n\nb')
    expect(trimmedMessage(' \n ')).toBe('')
  })

  test('has nothing that the server must refuse', () => {
    expect(trimmedMessage('a\0b\ud800')).toBe('ab\ufffd')
  })
})

describe('links', () => {
  test('are http and https only', () => {
    expect(links('https://a.example と http://b.example/x')).toEqual(['https://a.example', 'http://b.example/x'])
    expect(links('javascript:alert(1) data:text/html,x ftp://a.example')).toEqual([])
  })

  test('end where the sentence goes on', () => {
    expect(links('資料は https://a.example/資料です')).toEqual(['https://a.example/'])
    expect(links('（https://a.example/x）。')).toEqual(['https://a.example/x'])
    expect(links('see https://a.example/x, (https://a.example/y).')).toEqual(['https://a.example/x', 'https://a.example/y'])
    expect(links('https://a.example/Foo_(bar)')).toEqual(['https://a.example/Foo_(bar)'])
  })

  test('all pieces together are the text again', () => {
    for (const text of ['', 'a', 'x https://a.example/?q=1&r=2#z! y', 'https://', 'https://a.example\nhttps://b.example'])
      expect(pieces(text).map((piece) => piece.text).join('')).toBe(text)
  })
})
