import { expect, test, vi } from 'vitest'

import { keep, keptNames } from '../lib/keep'
import { Drafts } from './drafts.svelte'
import { forgetUnsent } from './unsent'

function written(): void {
  keep('draft.1.12', '途中')
  keep('draft.11.12', '別の人の途中')
  keep('outbox.1.abc', { text: '送れなかった' })
  keep('outbox.11.def', { text: '別の人の' })
  keep('scheme', 'dark')
  localStorage.setItem('somebody else', 'not ours')
}

test('who signs out leaves no text, and the colours as they were', () => {
  written()
  forgetUnsent()
  expect(keptNames('')).toEqual(['scheme'])
  expect(localStorage.getItem('somebody else')).toBe('not ours')
})

test('who signs in finds his own texts, and nobody finds those of others', () => {
  written()
  forgetUnsent(1)
  expect(keptNames('').sort()).toEqual(['draft.1.12', 'outbox.1.abc', 'scheme'])
})

test('a draft that was forgotten is not stored when the page goes', () => {
  const drafts = new Drafts(1)
  drafts.set(12, '途中')
  drafts.forget()
  drafts.set(13, 'まだ書いている')
  dispatchEvent(new Event('pagehide'))
  expect(drafts.of(12)).toBe('')
  expect(keptNames('')).toEqual([])
})

test('chosen files go too, but for those of who is signed in', () => {
  const deleteDatabase = vi.fn()
  vi.stubGlobal('indexedDB', { deleteDatabase })
  keep('files.1', true)
  keep('files.11', true)
  forgetUnsent(1)
  expect(keptNames('')).toEqual(['files.1'])
  expect(deleteDatabase).toHaveBeenCalledExactlyOnceWith('renraku.files.11')
  forgetUnsent()
  expect(deleteDatabase).toHaveBeenLastCalledWith('renraku.files.1')
})
