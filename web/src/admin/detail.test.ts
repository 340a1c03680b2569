import { expect, test } from 'vitest'

import adminEn from '../words/admin.en'
import adminJa from '../words/admin.ja'
import talkEn from '../words/talkadmin.en'
import talkJa from '../words/talkadmin.ja'
import trailEn from '../words/trail.en'
import trailJa from '../words/trail.ja'
import { actionText, details, type Speech, targetText } from './detail'

const ja: Speech = { language: 'ja', n: String, admin: adminJa, talk: talkJa, trail: trailJa }
const en: Speech = { language: 'en', n: String, admin: adminEn, talk: talkEn, trail: trailEn }

function told(action: string, detail: Record<string, unknown> | undefined, speech = ja): string[] {
  return details(action, detail, speech).map((one) => `${one.name}: ${one.text}`)
}

test('what was changed is told as before and after, in the words of the forms', () => {
  const changed = { talk: [false, true], privileges: [['ADMIN_USER', 'ADMIN_ANPI'], []], user_type: ['REGULAR_USER', 'FACILITY'] }
  expect(told('account.change', { changed })).toEqual([
    'トーク: 無効 → 有効',
    '権限コントロール: ユーザ・安否 → （空欄）',
    'ユーザ種別: 通常のユーザ → 設備',
  ])
  expect(told('account.change', { changed }, en)[0]).toBe('Talk: Disabled → Enabled')
  const company = { name: ['北斗', '北斗精機'], licence_talk: [100, 120], 'visibility email1': ['everybody', 'self'], purpose: true }
  expect(told('company.change', { changed: company })).toEqual([
    '社名: 北斗 → 北斗精機',
    'トークライセンス数: 100 → 120',
    '公開範囲（メールアドレス1）: 全員 → 本人のみ',
    '利用目的: 変更',
  ])
  expect(told('department.change', { changed: { name: ['製造', '製造部'], code: ['S1', 'S10'] } })).toEqual([
    '部署名: 製造 → 製造部',
    '部署コード: S1 → S10',
  ])
})

test('two names are a list, and no change', () => {
  expect(told('account.add', { name: '佐野', talk: false, privileges: ['ADMIN_USER', 'ADMIN_ANPI'] })).toEqual([
    '氏名: 佐野',
    'トーク: 無効',
    '権限コントロール: ユーザ・安否',
  ])
  expect(told('person.change', { fields: ['email1', 'skill'] })).toEqual(['項目: メールアドレス1・スキル'])
})

test('what counts nothing and what another detail says better is left out', () => {
  const refused = { rule: 'content:pe', code: 'file_disguised', size: 1_500_000, sha256: 'ab12' }
  expect(told('file.refuse', refused)).toEqual(['理由: 中身が実行形式', 'サイズ: 1.4 MB'])
  expect(told('file.refuse', { rule: 'name' })).toEqual(['判定: name'])
  expect(told('directory.import.users', { add: 5, change: 0, unchanged: 9, passwords: 3 })).toEqual(['追加: 5'])
  expect(told('signin', { known: true })).toEqual([])
  expect(told('signin', { known: false })).toEqual(['ログインID: 登録されていない'])
  expect(told('signin', undefined)).toEqual([])
})

test('nothing means something where a place or a picture is told', () => {
  expect(told('department.move', { parent: '' })).toEqual(['上位部署: （最上位）'])
  expect([told('person.photo', { picture: '' }), told('company.logo', { picture: 'f00' })]).toEqual([['写真: 外した'], ['ロゴ: 変更']])
  expect(told('department.remove', { departments: 2, people: 3 })).toEqual(['削除した部署: 2', '所属が外れた人: 3'])
})

test('settings of talk and downloads of its log are told in full', () => {
  const changed = { mode: ['default', 'off'], uninspected: ['send', 'refuse'], extra: { added: ['ps1', 'reg'], removed: ['bat'] } }
  expect(told('talk.policy', { changed })).toEqual([
    '送信出来るファイル種別: 一部の実行形式を除くすべてのファイルを許可 → 無効',
    '中身を確認できない圧縮ファイル: 送信できる → 送信できない',
    '追加する送信不可ファイル形式: 追加 ps1・reg、削除 bat',
  ])
  const wanted = { file: 'a.csv', from: '2027-04-01', people: [{ id: 3, name: '森' }, { id: 4, name: '堀' }], rooms: [] }
  expect(told('talk.log_download', { reason: '相談案件', until_n: 12, wanted })).toEqual([
    '理由: 相談案件',
    '開始日: 2027-04-01',
    'メンバー: 森・堀',
  ])
})

test('what has no word is told as it stands', () => {
  expect(told('x.new', { constructor: 'a', shape: { b: 1 }, changed: 'cut' })).toEqual(['constructor: a', 'shape: {"b":1}', 'changed: cut'])
  expect(actionText('x.new', ja)).toBe('x.new')
  expect(actionText('toString', ja)).toBe('toString')
})

test('an action says of what it is, and a target that is a number says of whom', () => {
  expect(actionText('directory.export.users', ja)).toBe('エクスポート（ユーザ）')
  expect(actionText('directory.import.departments', en)).toBe('Import (departments)')
  expect(actionText('account.add', ja)).toBe('ユーザの登録')
  expect(targetText('directory.import.users', '7', ja)).toBe('インポート 7')
  expect(targetText('talk.hold', 'room 7', ja)).toBe('トークルーム（番号 7）')
  expect([targetText('account.add', 'person 7', ja), targetText('signin', undefined, ja)]).toEqual(['person 7', ''])
})
