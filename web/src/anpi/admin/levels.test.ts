import { expect, test } from 'vitest'

import ja from '../../words/anpiadmin.ja'
import { levelText } from './levels'

test('a level is told as people say it', () => {
  expect(levelText('earthquake', '5+', ja.why)).toBe('震度5強')
  expect(levelText('early_warning', '4', ja.why)).toBe('震度4')
  expect(levelText('tsunami', 'major', ja.why)).toBe('大津波警報')
  expect(levelText('earthquake', '5-', ja.why, true)).toBe('震度5弱 震度5弱以上と推定（未入電）')
  expect(levelText('earthquake', '', ja.why)).toBe('')
})
