import { describe, expect, test } from 'vitest'

import { inLanguage, missing, NO_ANSWER, noDraft, saidOf, tooLong } from './answers'

const question = (required = false) => ({ text: { ja: '車で来られますか', en: 'By car?' }, kind: 'text' as const, required })
const place = { lat: 35, lon: 139, accuracy: 20 }

describe('a draft', () => {
  test('has nothing chosen, and cannot be sent so', () => {
    expect(noDraft().self).toBe('')
    expect(missing(noDraft(), {})).toBe('self')
  })

  test('lacks what must be answered, and nothing else', () => {
    const draft = { ...noDraft(), self: 'safe' as const }
    expect(missing(draft, { own: [question()] })).toBeNull()
    expect(missing(draft, { own: [question(true)] })).toBe('own1')
    expect(missing({ ...draft, own: { 1: ' 　' } }, { own: [question(true)] })).toBe('own1')
    expect(missing({ ...draft, own: { 1: 'はい' } }, { own: [question(true)] })).toBeNull()
  })

  test('counts characters as the server does', () => {
    const draft = { ...noDraft(), self: 'safe' as const }
    expect(tooLong({ ...draft, where: '𠮷'.repeat(200) })).toBeNull()
    expect(tooLong({ ...draft, where: '𠮷'.repeat(201) })).toEqual(['where', 200])
    expect(tooLong({ ...draft, comment: `${'あ'.repeat(1000)}\n` })).toBeNull()
    expect(tooLong({ ...draft, own: { 2: 'x'.repeat(501) } })).toEqual(['own2', 500])
  })
})

describe('what goes out', () => {
  const full = { self: 'minor' as const, help: true, where: ' 自宅 ', family: 'safe', house: 'partly', work: 'cannot', comment: ' 道が\r\n通れません ', own: { 1: 'はい', 2: '' }, locate: true }

  test('is what is asked, without blanks', () => {
    expect(saidOf(full, { family: false, house: false, own: [question()], location: true }, place)).toEqual({
      self: 'minor',
      help: true,
      where: '自宅',
      work: 'cannot',
      comment: '道が\n通れません',
      own: { 1: 'はい' },
      location: place,
    })
  })

  test('is everything where nothing is said to be left out', () => {
    expect(Object.keys(saidOf(full, {}))).toEqual(['self', 'help', 'where', 'family', 'house', 'work', 'comment'])
    expect(saidOf(full, { help: false, where: false, family: false, house: false, work: false, comment: false })).toEqual({ self: 'minor' })
  })

  test('has nothing of a choice that was left again', () => {
    const left = { ...noDraft(), self: 'safe' as const, house: NO_ANSWER, work: NO_ANSWER, own: { 1: NO_ANSWER } }
    expect(saidOf(left, { own: [question()] })).toEqual({ self: 'safe' })
    expect(missing(left, { own: [question(true)] })).toBe('own1')
  })

  test('has no location unless it is asked, ticked and found', () => {
    const asked = { location: true }
    expect(saidOf({ ...full, locate: false }, asked, place).location).toBeUndefined()
    expect(saidOf(full, { location: false }, place).location).toBeUndefined()
    expect(saidOf(full, asked, null).location).toBeUndefined()
    expect(saidOf(full, asked, place).location).toEqual(place)
  })
})

test('a question stands in the language of the reader, if it was written in it', () => {
  expect(['ja', 'en'].map((language) => inLanguage(question().text, language))).toEqual(['車で来られますか', 'By car?'])
  expect(inLanguage({ ja: '車' }, 'en')).toBe('車')
  expect(inLanguage('車', 'en')).toBe('車')
})
