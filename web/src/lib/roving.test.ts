import { beforeEach, expect, test } from 'vitest'

import { roving } from './roving'

let list: HTMLElement

beforeEach(() => {
  list = document.createElement('div')
  list.innerHTML = '<button>a</button><button>b</button><button aria-current="page">c</button><button>d</button>'
  document.body.replaceChildren(list)
})

const buttons = () => [...list.querySelectorAll('button')]
const stops = () => buttons().filter((button) => button.tabIndex === 0).map((button) => button.textContent)
const press = (key: string) =>
  document.activeElement!.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))

test('the current one is the only stop', () => {
  roving('button')(list)
  expect(stops()).toEqual(['c'])
})

test('the arrows walk, Home and End jump, and the stop goes along', () => {
  roving('button')(list)
  buttons()[2]!.focus()
  press('ArrowDown')
  expect(document.activeElement!.textContent).toBe('d')
  press('ArrowDown')
  expect(document.activeElement!.textContent).toBe('d')
  press('Home')
  expect(stops()).toEqual(['a'])
  press('End')
  press('ArrowUp')
  expect(stops()).toEqual(['c'])
})

test('at the upper end the key is left for who stands above', () => {
  roving('button')(list)
  buttons()[0]!.focus()
  expect(press('ArrowUp')).toBe(true)
  expect(press('ArrowDown')).toBe(false)
})

test('what is added later is no stop of its own, and when the stop goes there is another', async () => {
  roving('button')(list)
  list.append(document.createElement('button'))
  buttons()[2]!.remove()
  await new Promise((done) => setTimeout(done))
  expect(stops()).toEqual(['a'])
})

test('from the last on, the newest is the stop', async () => {
  buttons()[2]!.removeAttribute('aria-current')
  roving('button', 'last')(list)
  expect(stops()).toEqual(['d'])
  list.insertAdjacentHTML('beforeend', '<button>e</button>')
  await new Promise((done) => setTimeout(done))
  expect(stops()).toEqual(['e'])
})
