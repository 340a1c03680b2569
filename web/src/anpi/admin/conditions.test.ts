import { expect, test } from 'vitest'

import { conditionsOf, NOTHING, sameConditions, toggled, whomOf } from './conditions'

test('what is not chosen is not asked for', () => {
  expect(conditionsOf(NOTHING)).toEqual({})
  expect(conditionsOf({ department: 3, text: ' 山田 太郎 ', area: '22', sent: 'failed', answered: 'no', content: 'work:cannot' })).toEqual({
    department: 3,
    text: '山田 太郎',
    area: '22',
    sent: 'failed',
    answered: 'no',
    work: 'cannot',
  })
})

test('conditions are the same when they ask the same', () => {
  expect(sameConditions(NOTHING, { ...NOTHING, text: '　' })).toBe(true)
  expect(sameConditions(NOTHING, { ...NOTHING, content: 'self:safe' })).toBe(false)
})

test('全件, 抽出者全件 and 個別 are one each', () => {
  const found = { ...NOTHING, department: 3 }
  const picked = toggled(toggled(toggled(new Set(), 12, true), 7, true), 7, false)
  expect(whomOf('all', found, picked)).toEqual({ all: true })
  expect(whomOf('found', found, picked)).toEqual({ found: { department: 3 } })
  expect(whomOf('picked', found, toggled(picked, 9, true))).toEqual({ picked: [9, 12] })
})
