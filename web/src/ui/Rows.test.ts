import { fireEvent, render, screen } from '@testing-library/svelte'
import { createRawSnippet } from 'svelte'
import { expect, test } from 'vitest'

import Rows from './Rows.svelte'

const row = createRawSnippet<[unknown]>((item) => ({ render: () => `<button>人${item()}</button>` }))
const items = Array.from({ length: 1000 }, (_, n) => n)
const drawn = () => screen.getAllByRole('listitem').map((one) => one.textContent!.trim())

function scrolledBy(px: number): Promise<unknown> {
  screen.getByRole('list').getBoundingClientRect = () => ({ top: -px }) as DOMRect
  return fireEvent.scroll(document)
}

test('of a thousand rows those are drawn that can be seen, and each says which of how many it is', async () => {
  render(Rows, { items, key: (item: unknown) => item as number, row })
  expect(drawn().length).toBeLessThan(40)
  expect(drawn()[0]).toBe('人0')
  await scrolledBy(48 * 500)
  expect(drawn()).toContain('人500')
  expect(drawn()).not.toContain('人0')
  const one = screen.getByText('人500').closest('li')!
  expect([one.ariaPosInSet ?? one.getAttribute('aria-posinset'), one.getAttribute('aria-setsize')]).toEqual(['501', '1000'])
})

test('the row with the focus stays, wherever one scrolls', async () => {
  render(Rows, { items, key: (item: unknown) => item as number, row })
  await fireEvent.focusIn(screen.getByText('人3'))
  await scrolledBy(48 * 500)
  expect(drawn()).toContain('人3')
})
