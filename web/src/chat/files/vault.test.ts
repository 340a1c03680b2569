import { beforeEach, expect, test, vi } from 'vitest'

import { keep, kept, keptNames } from '../../lib/keep'
import { forgetUnsent } from '../unsent'
import { Vault } from './vault'

/** As much of a browser's database as is needed: changes one after the other, each answer in a turn of its own. */
class Database {
  readonly stores = { files: new Map<string, unknown>(), blobs: new Map<string, unknown>() }
  private line: Promise<void> = Promise.resolve()

  transaction() {
    const asked: (() => void)[] = []
    const ask = <T>(answer: () => T) => {
      const request: { result?: T; onsuccess?: () => void } = {}
      asked.push(() => ((request.result = answer()), request.onsuccess?.()))
      return request
    }
    const at = {
      oncomplete: () => {},
      objectStore: (name: 'files' | 'blobs') => ({
        put: (value: any, key?: string) => ask(() => this.stores[name].set(key ?? value.id, value)),
        delete: (key: string) => ask(() => this.stores[name].delete(key)),
        count: () => ask(() => this.stores[name].size),
        getAll: () => ask(() => [...this.stores[name].values()]),
        getAllKeys: () => ask(() => [...this.stores[name].keys()]),
      }),
    }
    this.line = this.line.then(turn).then(async () => {
      for (const one of asked) (one(), await turn())
      at.oncomplete()
    })
    return at
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
let database: Database
let deleting: { onsuccess?: () => void }[]

beforeEach(() => {
  database = new Database()
  deleting = []
  vi.stubGlobal('indexedDB', {
    open: () => {
      const asked: { result: Database; onsuccess?: () => void } = { result: database }
      void turn().then(() => asked.onsuccess?.())
      return asked
    },
    deleteDatabase: () => (deleting.push({}), deleting.at(-1)),
  })
})

const file = (id: string) => ({ id, channel: 12, name: id, size: 1, media: '' })
const marked = () => kept('files.1')

test('what is kept is found again, and the mark goes with the last of it', async () => {
  const vault = new Vault(1)
  await vault.put(file('a'), new Blob(['1']))
  await vault.put(file('b'), new Blob(['2']))
  await vault.remove(['a'])
  expect((await vault.all()).map(([one]) => one.id)).toEqual(['b'])
  expect(marked()).toBe(true)
  await vault.remove(['b'])
  expect(marked()).toBeNull()
})

test('the mark stays when a file comes while the last one goes', async () => {
  const vault = new Vault(1)
  await vault.put(file('a'), new Blob(['1']))
  for (const order of [0, 1]) {
    const acts = [() => vault.remove(['a']), () => vault.put(file('b'), new Blob(['2']))]
    await Promise.all((order ? acts.reverse() : acts).map((act) => act()))
    expect(marked()).toBe(true)
    await vault.put(file('a'), new Blob(['1']))
    await vault.remove(['b'])
  }
})

test('who signs out leaves the mark until the files are gone', () => {
  keep('files.1', true)
  keep('files.2', true)
  forgetUnsent(2)
  expect(keptNames('files.').sort()).toEqual(['1', '2'])
  expect(deleting).toHaveLength(1)
  deleting[0]!.onsuccess!()
  expect(keptNames('files.')).toEqual(['2'])
})
