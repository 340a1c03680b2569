import { render, screen } from '@testing-library/svelte'
import { expect, test, vi } from 'vitest'

import InsecureBar from './InsecureBar.svelte'

test('on plain http people are told, and nowhere else', () => {
  vi.stubGlobal('isSecureContext', true)
  render(InsecureBar)
  expect(screen.queryByRole('note')).toBeNull()

  vi.stubGlobal('isSecureContext', false)
  render(InsecureBar)
  expect(screen.getByRole('note').textContent).toBe('この接続は暗号化されていません。')
})
