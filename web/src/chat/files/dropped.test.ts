import { afterEach, expect, test } from 'vitest'

import { draggedOver, keepPage } from './dropped'

function drag(kind: string, types: string[], target: HTMLElement): DragEvent {
  const event = new Event(kind, { bubbles: true, cancelable: true }) as DragEvent
  Object.defineProperty(event, 'dataTransfer', { value: { types, dropEffect: 'move' } })
  target.dispatchEvent(event)
  return event
}

const place = document.body.appendChild(document.createElement('div'))
const field = document.body.appendChild(Object.assign(document.createElement('input'), { type: 'file' }))
let stop = () => {}
afterEach(() => stop())

test('a drag says whether it is over the place, and the browser does not leave for it', () => {
  const inside = drag('dragover', ['Files'], place)
  expect(draggedOver(inside, place, false)).toBe('over')
  expect([inside.defaultPrevented, inside.dataTransfer!.dropEffect]).toEqual([true, 'copy'])
  const beside = drag('dragover', ['Files'], document.body)
  expect(draggedOver(beside, place, false)).toBe('beside')
  expect([beside.defaultPrevented, beside.dataTransfer!.dropEffect]).toEqual([true, 'none'])
  expect(draggedOver(drag('dragover', ['Files'], place), place, true)).toBe('over')
})

test('text that is dragged is none of it', () => {
  const event = drag('dragover', ['text/plain'], place)
  expect(draggedOver(event, place, false)).toBe('')
  expect(event.defaultPrevented).toBe(false)
})

test('what is let go anywhere leaves the page where it is, and a field for files takes its own', () => {
  stop = keepPage()
  for (const kind of ['dragover', 'drop']) {
    expect(drag(kind, ['Files'], place).defaultPrevented).toBe(true)
    expect(drag(kind, ['text/plain'], place).defaultPrevented).toBe(false)
    expect(drag(kind, ['Files'], field).defaultPrevented).toBe(false)
  }
})
