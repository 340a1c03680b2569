import { expect, test } from 'vitest'

import { parse } from '../lib/router.svelte'
import { query } from './api'
import { linesOf } from './fields'
import { optionsQuery } from './imports/api'
import { duration, share } from './imports/duration'
import { signInAddress } from './sheets/address'
import { tabsOf } from './tabs'

test('a tab is there for each privilege, and for nobody without one', () => {
  expect(tabsOf([])).toEqual([])
  expect(tabsOf(['ADMIN_GOTALK'])).toEqual(['users', 'talk'])
  expect(tabsOf(['ADMIN_ACTION_LOG', 'ADMIN_DIVISION'])).toEqual(['departments', 'log'])
  expect(tabsOf(['ADMIN_COMPANY', 'ADMIN_USER', 'ADMIN_DIVISION'])).toEqual(['departments', 'users', 'company'])
})

test('whatever is below /admin is a part of 管理', () => {
  expect(parse('/admin')).toEqual({ name: 'admin', path: [] })
  expect(parse('/admin/users/5')).toEqual({ name: 'admin', path: ['users', '5'] })
  expect(parse('/administration')).toEqual({ name: 'lost' })
  expect(parse('/talk-log')).toEqual({ name: 'talklog' })
  expect(parse('/talk-log/3')).toEqual({ name: 'lost' })
})

test('what is blank is not asked for, and nothing breaks out of a question', () => {
  expect(query({ text: '', department: null, state: 'never', from: 0 })).toBe('state=never&from=0')
  expect(query({ text: 'a&b=c 佐' })).toBe('text=a%26b%3Dc+%E4%BD%90')
})

test('ticks go as 0 and 1', () => {
  const options = { keep_passwords: true, zeros: false, marks: false, make_passwords: true, sheet: '', columns: {} }
  expect(optionsQuery(options)).toBe('keep_passwords=1&zeros=0&marks=0&make_passwords=1')
  const told = optionsQuery({ ...options, sheet: '社員', columns: { 'ID番号': 'LOGIN_ID' } })
  expect(JSON.parse(new URLSearchParams(told).get('columns')!)).toEqual({ 'ID番号': 'LOGIN_ID' })
  expect(new URLSearchParams(told).get('sheet')).toBe('社員')
})

test('the time that is left is told in steps', () => {
  const words = { seconds: (n: string) => `${n}秒`, minutes: (n: string) => `${n}分` }
  expect([0, 5, 6, 59, 60, 61].map((seconds) => duration(seconds, words))).toEqual(['5秒', '5秒', '10秒', '60秒', '1分', '2分'])
  expect([share(undefined, undefined), share(1, 4), share(9, 4)]).toEqual([null, 0.25, 1])
})

test('the printed code leads to the sign-in page with the login ID, whatever is in it', () => {
  expect(signInAddress('https://renraku.hokuto.example', 'a&b=c@x')).toBe(
    'https://renraku.hokuto.example/signin?login_id=a%26b%3Dc%40x',
  )
})

test('areas are one a line', () => {
  expect(linesOf(' 静岡県\n\n焼津市 \n')).toEqual(['静岡県', '焼津市'])
})
