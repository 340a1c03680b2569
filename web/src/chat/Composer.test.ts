import { fireEvent, render, screen } from '@testing-library/svelte'
import { beforeEach, describe, expect, test, vi } from 'vitest'

import ComposerHarness from '../testing/ComposerHarness.svelte'

const onpost = vi.fn()
const oneditlast = vi.fn()

beforeEach(() => {
  onpost.mockReset()
  oneditlast.mockReset()
})

function field(): HTMLTextAreaElement {
  render(ComposerHarness, { onpost, oneditlast, textLimit: 100 })
  return screen.getByRole('textbox')
}

async function write(box: HTMLTextAreaElement, text: string): Promise<void> {
  await fireEvent.input(box, { target: { value: text } })
}

describe('Enter', () => {
  test('sends, without blanks around, and the field is empty again', async () => {
    const box = field()
    await write(box, '\nおはようございます  ')
    await fireEvent.keyDown(box, { key: 'Enter' })
    expect(onpost).toHaveBeenCalledExactlyOnceWith('おはようございます', [])
    expect(box.value).toBe('')
  })

  test('with Shift it begins a new line', async () => {
    const box = field()
    await write(box, 'おはよう')
    await fireEvent.keyDown(box, { key: 'Enter', shiftKey: true })
    expect(onpost).not.toHaveBeenCalled()
  })

  test.each([
    ['while a conversion goes on', { key: 'Enter', isComposing: true }],
    ['that Safari tells of after the conversion', { key: 'Enter', keyCode: 229 }],
  ])('does not send %s', async (_, init) => {
    const box = field()
    await write(box, 'おはよう')
    await fireEvent.keyDown(box, init)
    expect(onpost).not.toHaveBeenCalled()
  })

  test('does not send in the moment in which a conversion ended', async () => {
    const box = field()
    await write(box, 'おはよう')
    await fireEvent.compositionEnd(box)
    await fireEvent.keyDown(box, { key: 'Enter' })
    expect(onpost).not.toHaveBeenCalled()
  })

  test('says nothing when there is nothing to say', async () => {
    const box = field()
    await write(box, ' \n ')
    await fireEvent.keyDown(box, { key: 'Enter' })
    expect(onpost).not.toHaveBeenCalled()
  })
})

describe('the limit', () => {
  test('counts code points, and what is over it cannot be sent', async () => {
    const box = field()
    await write(box, '𠮷'.repeat(100))
    expect(screen.getByRole('button', { name: '送信' })).toHaveProperty('disabled', false)
    await write(box, '𠮷'.repeat(103))
    expect(screen.getByRole('alert').textContent).toBe('3文字超えています')
    await fireEvent.keyDown(box, { key: 'Enter' })
    expect(onpost).not.toHaveBeenCalled()
  })
})

describe('↑', () => {
  test('in an empty field edits the last message, in a written one it is a key like others', async () => {
    const box = field()
    await fireEvent.keyDown(box, { key: 'ArrowUp' })
    expect(oneditlast).toHaveBeenCalledTimes(1)
    await write(box, 'おはよう')
    await fireEvent.keyDown(box, { key: 'ArrowUp' })
    expect(oneditlast).toHaveBeenCalledTimes(1)
  })
})

test('only a text that grows is told of as writing', async () => {
  const onwrite = vi.fn()
  render(ComposerHarness, { onpost, oneditlast, onwrite, textLimit: 100 })
  const box: HTMLTextAreaElement = screen.getByRole('textbox')
  await write(box, 'おは')
  expect(onwrite).toHaveBeenCalledTimes(1)
  await write(box, 'お')
  await write(box, '')
  expect(onwrite).toHaveBeenCalledTimes(1)
})

test('a draft is there again after a reload', async () => {
  const box = field()
  await write(box, '書きかけ')
  dispatchEvent(new Event('pagehide'))
  document.body.replaceChildren()
  expect(field().value).toBe('書きかけ')
})
