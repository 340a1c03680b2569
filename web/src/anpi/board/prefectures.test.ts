import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

import { GRID, middleOf, outlines, PREFECTURES, shortName } from './prefectures'

test('every prefecture has an outline in the map, and the map has no other', () => {
  const drawn = outlines(readFileSync('src/anpi/board/japan.svg', 'utf8'))
  expect([...drawn.keys()].toSorted()).toEqual(PREFECTURES.map((one) => one.outline).toSorted())
  expect([...drawn.values()].every((d) => d.startsWith('m '))).toBe(true)
})

test('codes are those of JIS, and no two share a tile', () => {
  expect(PREFECTURES.map((one) => one.code).slice(0, 2)).toEqual(['01', '02'])
  expect(PREFECTURES.find((one) => one.ja === '静岡県')!.code).toBe('22')
  expect(PREFECTURES.at(-1)!.code).toBe('47')
  expect(new Set(PREFECTURES.map((one) => one.tile.join())).size).toBe(47)
  expect(PREFECTURES.every(({ tile: [column, row] }) => column <= GRID.columns && row <= GRID.rows)).toBe(true)
})

test('in a tile two letters stand for a name, and no two are the same', () => {
  expect(PREFECTURES.filter((one) => ['01', '13', '26', '46'].includes(one.code)).map((one) => shortName(one, 'ja'))).toEqual(['北海', '東京', '京都', '鹿児'])
  expect(new Set(PREFECTURES.map((one) => shortName(one, 'ja'))).size).toBe(47)
  expect(shortName(PREFECTURES[0]!, 'en')).toBe('Hok')
})

test('the middle of a prefecture lies on its largest piece, inside the map', () => {
  expect(middleOf('m 10,10 2,0 0,2 z m 100,100 20,0 0,10 -20,0 z')).toEqual([120, 115])
  const drawn = outlines(readFileSync('src/anpi/board/japan.svg', 'utf8'))
  const middles = new Map([...drawn].map(([id, d]) => [id, middleOf(d)]))
  for (const [x, y] of middles.values()) expect(x > 0 && x < 438 && y > 0 && y < 516).toBe(true)
  expect(middles.get('hokkaido')![1]).toBeLessThan(middles.get('aomori')![1])
  expect(middles.get('tokyo')![0]).toBeGreaterThan(middles.get('osaka')![0])
})
