import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { readExtensions, stillOffered } from './extensions'

const known = new Set(['exe', 'ps1'])

test('extensions are read as people write them', () => {
  expect(readExtensions('.PS2, *.reg；vhd　ｍｓｉｘ、xll', known)).toEqual({
    added: ['ps2', 'reg', 'vhd', 'msix', 'xll'],
    known: [],
    bad: [],
  })
})

test('what is in a list already is not added twice', () => {
  expect(readExtensions('EXE reg reg', known)).toEqual({ added: ['reg'], known: ['exe', 'reg'], bad: [] })
})

test('what is no extension is named', () => {
  const long = 'x'.repeat(33)
  expect(readExtensions(`tar.gz a/b a:b ${long}`, known)).toEqual({ added: [], known: [], bad: ['tar.gz', 'a/b', 'a:b', long] })
  expect(readExtensions('   ', known)).toEqual({ added: [], known: [], bad: [] })
})

test('what the server takes can be typed, all that is offered too', () => {
  expect(readExtensions('search-ms 実行 x', known).added).toEqual(['search-ms', '実行', 'x'])
  const source = readFileSync(join(import.meta.dirname, '../../../../chat/files/extensions.py'), 'utf8')
  const offered = [...(/OFFERED.*?\((.*?)\.split/s.exec(source)?.[1] ?? '').matchAll(/"([^"]*)"/g)].flatMap(([, words]) => words!.trim().split(' '))
  expect(offered).toContain('settingcontent-ms')
  expect(readExtensions(offered.join(' '), new Set())).toEqual({ added: offered, known: [], bad: [] })
})

test('what is offered goes away as it is taken', () => {
  expect(stillOffered(['ps1', 'reg'], known)).toEqual(['reg'])
})
