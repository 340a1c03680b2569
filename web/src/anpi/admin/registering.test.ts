import { expect, test } from 'vitest'

import { bodyOf, choicesOf, counted, draftOf, faultsOf, marked, newDraft, newOwn, questionsOf } from './registering'
import type { IncidentShown } from './shapes'

const NOW = new Date('2027-09-14T10:30:20').getTime()

function draft(changes: Partial<ReturnType<typeof newDraft>> = {}) {
  return { ...newDraft(NOW), title: '台風', message: '出社できますか。', ...changes }
}

const faults = (changes: Parameters<typeof draft>[0]) => faultsOf(draft(changes), NOW)

test('characters are code points after line ends are one', () => {
  expect(counted('𠮷')).toBe(1)
  expect(counted('👨‍👩‍👧')).toBe(5)
  expect(counted('a\r\nb')).toBe(3)
})

test('a title has up to 200 characters and one line', () => {
  expect(faults({ title: '𠮷'.repeat(200) })).toEqual({})
  expect(faults({ title: '𠮷'.repeat(201) })).toEqual({ title: { is: 'too_long', limit: 200 } })
  expect(faults({ title: '台風\n14号' })).toEqual({ title: { is: 'one_line' } })
  expect(faults({ title: '台風\n' })).toEqual({ title: { is: 'one_line' } })
  expect(faults({ title: ' 　' })).toEqual({ title: { is: 'required' } })
})

test('a message has up to 5,000 characters, and no variable that does not exist', () => {
  expect(faults({ message: `${'あ'.repeat(4998)}\r\n𠮷` })).toEqual({})
  expect(faults({ message: 'あ'.repeat(5001) })).toEqual({ message: { is: 'too_long', limit: 5000 } })
  expect(faults({ message: '{氏名} 様、{震度} {地域} {発生時刻} {}' })).toEqual({})
  expect(faults({ message: '{名前} 様' })).toEqual({ message: { is: 'variable', name: '名前' } })
})

test('集計開始日時 is required, and begins as now', () => {
  expect(newDraft(NOW).count_from).toBe('2027-09-14T10:30')
  expect(faults({ count_from: '' })).toEqual({ count_from: { is: 'required' } })
})

test('an end notice has both of its fields or neither, and lies ahead', () => {
  const at = '2027-09-15T17:00'
  const to = 'bousai@example.co.jp'
  expect(faults({ closing_at: at })).toEqual({ closing_to: { is: 'both' } })
  expect(faults({ closing_to: to })).toEqual({ closing_at: { is: 'both' } })
  expect(faults({ closing_at: at, closing_to: to })).toEqual({})
  expect(faults({ closing_at: '2027-09-14T10:30', closing_to: to })).toEqual({ closing_at: { is: 'past' } })
  expect(faults({ closing_at: at, closing_to: 'bousai' })).toEqual({ closing_to: { is: 'address' } })
})

test('own questions have a text, and two choices at least', () => {
  const own = { ...newOwn(), text: '避難しましたか', choices: 'はい\nいいえ | No' }
  expect(faults({ own: [own] })).toEqual({})
  expect(faults({ own: [own, { ...own, text: ' ', choices: 'はい' }] })).toEqual({ own1: { is: 'required' }, choices1: { is: 'choices_few' } })
  expect(faults({ own: [{ ...own, kind: 'text', choices: '' }] })).toEqual({})
  expect(faults({ own: [{ ...own, choices: 'x\n'.repeat(11) }] })).toEqual({ choices0: { is: 'choices_many' } })
  expect(choicesOf('はい\r\n\n いいえ ｜ No ')).toEqual([{ ja: 'はい' }, { ja: 'いいえ', en: 'No' }])
})

test('only the first question can be required', () => {
  const own = { ...newOwn(), text: '避難しましたか', kind: 'text' as const, required: true }
  expect(questionsOf(draft({ own: [own, own] })).own!.map((one) => one.required)).toEqual([true, undefined])
})

test('a drill is marked in its title, once', () => {
  expect(marked('津波', true)).toBe('【訓練】津波')
  expect(marked('【訓練】津波', true)).toBe('【訓練】津波')
  expect(marked('【訓練】津波', false)).toBe('津波')
})

test('the title goes as it was typed; moments that were not touched keep their milliseconds', () => {
  const before = { title: '台風 ', message: 'x', count_from: NOW, kind: 'ask', drill: false, location: false, questions: {} } as IncidentShown
  const body = bodyOf(draftOf(before), before)
  expect([body.title, body.count_from, body.closing_at, body.closing_to]).toEqual(['台風 ', NOW, null, ''])
  expect(bodyOf({ ...draftOf(before), count_from: '2027-09-14T11:00' }, before).count_from).toBe(new Date('2027-09-14T11:00').getTime())
})
