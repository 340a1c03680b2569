import { expect, test } from 'vitest'

import { changesOf, minutesOf, numberOf, settingsDraft, settingsFaults } from './settings'
import type { SettingsShown } from './shapes'

const HELD: SettingsShown = {
  outside: true,
  early_wait_seconds: 60,
  grace_seconds: 0,
  guard_hours: 6,
  jma_drills: false,
  title: '災害発生/Disaster occurred',
  message: '{地域}で震度{震度}',
  message_early: '{地域}',
  message_warning: '{地域}',
  questions: {},
  location: false,
  remind: [30, 60, 120],
  remind_quake_any_hour: true,
  badge_detail: 'full',
  emergency_number: '',
  sender_name: '',
  administrators: [
    { id: 7, name: '森', manages: true },
    { id: 8, name: '堀', manages: false },
  ],
  changeable: true,
  group_code: 'x',
  site: '',
  linked: true,
}

test('only what differs is sent', () => {
  const draft = settingsDraft(HELD)
  expect(changesOf(draft, HELD)).toEqual({})
  expect(changesOf({ ...draft, guard_hours: '１２', remind: '60、30', outside: false }, HELD)).toEqual({ guard_hours: 12, remind: [30, 60], outside: false })
  expect(changesOf({ ...draft, asks: { ...draft.asks, house: false } }, HELD).questions).toMatchObject({ house: false, work: true })
  expect(changesOf({ ...draft, managers: [] }, HELD)).toEqual({ managers: [] })
})

test('numbers have their ranges', () => {
  const draft = settingsDraft(HELD)
  expect(settingsFaults(draft)).toEqual({ numbers: [], remind: false, others: {} })
  expect(settingsFaults({ ...draft, guard_hours: '73', grace_seconds: '-1', early_wait_seconds: '' }).numbers).toEqual(['early_wait_seconds', 'grace_seconds', 'guard_hours'])
  expect([numberOf(' ６０ '), numberOf('1.5'), numberOf('x')]).toEqual([60, Number.NaN, Number.NaN])
})

test('minutes of asking again: at most three, none is never', () => {
  expect(minutesOf('')).toEqual([])
  expect(minutesOf('120, 30 30')).toEqual([30, 120])
  expect([minutesOf('4'), minutesOf('30,60,90,120'), minutesOf('30分')]).toEqual([null, null, null])
})

test('the automatic message is checked as any other', () => {
  expect(settingsFaults({ ...settingsDraft(HELD), message: '' }).others).toEqual({ message: { is: 'required' } })
  expect(settingsFaults({ ...settingsDraft(HELD), message_early: '{場所}' }).others).toEqual({ message_early: { is: 'variable', name: '場所' } })
})
