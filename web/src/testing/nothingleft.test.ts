import { expect, test } from 'vitest'

import { keep, kept } from '../lib/keep'

test('a test keeps something and sets something going', () => {
  keep('left', 1)
  setTimeout(() => keep('late', 1), 5)
  setInterval(() => keep('again', 1), 5)
})

test('the next one finds neither, and nothing comes later', async () => {
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(['left', 'late', 'again'].map(kept)).toEqual([null, null, null])
})
