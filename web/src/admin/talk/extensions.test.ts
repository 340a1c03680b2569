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
  expect(readExtensions('tar.gz 実行 a/b', known)).toEqual({ added: [], known: [], bad: ['tar.gz', '実行', 'a/b'] })
  expect(readExtensions('   ', known)).toEqual({ added: [], known: [], bad: [] })
})

test('what is offered goes away as it is taken', () => {
  expect(stillOffered(['ps1', 'reg'], known)).toEqual(['reg'])
})
