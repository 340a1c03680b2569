import { expect, test } from 'vitest'

import ja from '../../words/anpiadmin.ja'
import { detailOf, testOf } from './ready'
import type { MailTest, ReadyLine } from './shapes'

const tested = (test: MailTest) => testOf(test, ja.ready.test, (at) => `(${at})`)
const told = (line: ReadyLine) => detailOf(line, ja.ready, String, (at) => `(${at})`)

test('without early warnings it says how late a check starts', () => {
  expect(told({ name: 'early', ok: false })).toBe('緊急地震速報は未接続です。震度速報（揺れの約2～3分後）で発信します。')
})

test('what is missing is counted', () => {
  expect(told({ name: 'areas', ok: false, count: 290, total: 300 })).toContain('10人')
  expect(told({ name: 'areas', ok: true, count: 300, total: 300 })).toBe('全員の地域が登録されています。')
  expect(told({ name: 'contacts', ok: false, count: 0, total: 300 })).toContain('300人')
  expect(told({ name: 'administrators', ok: false, count: 1 })).toBe('1人')
})

test('what was done last has its time', () => {
  expect(told({ name: 'mail', ok: true, at: 5 })).toBe('最後に送信できた日時 (5)')
  expect(told({ name: 'mail', ok: false })).toBe('まだ1通も送信していません。')
  expect(told({ name: 'quake', ok: true, at: 7 })).toBe('最後に受信 (7)')
})

test('of a test mail it says what became of it, in the words of the mail server too', () => {
  expect(tested({ at: 5, outcome: 'sent', way: 1, to: 'mori@hokuto.example' })).toEqual({
    good: true,
    outcome: 'メールサーバが受け付けました。受信箱を確認してください。',
    said: '',
    when: '(5) mori@hokuto.example あて',
  })
  expect(tested({ at: 5, outcome: 'refused', way: 1, said: '550 5.1.1 no such user', by: '森' })).toEqual({
    good: false,
    outcome: 'メールサーバに拒否されました。',
    said: '550 5.1.1 no such user',
    when: '最後のテストメール (5) 森',
  })
})

test('that only the second mail server works is told', () => {
  expect(tested({ at: 5, outcome: 'sent', way: 2 }).outcome).toContain('2番目のメールサーバ')
})

test('every outcome has a sentence', () => {
  for (const outcome of ['', 'later', 'doubtful', 'trouble', 'bounced', 'no_relay', 'no_address', 'lost'] as const)
    expect(tested({ at: 5, outcome }).outcome).toMatch(/。$/)
})
