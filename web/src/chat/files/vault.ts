/**
 * Chosen files that are not sent yet, with what the server calls them: kept in this browser over a reload, one
 * database an account. Storage may be full or switched off: what cannot be kept lives as long as the page.
 */
import { drop, keep, kept } from '../../lib/keep'
import { MARK, vaultOf } from './forgetting'

export interface Kept {
  id: string
  channel: number
  name: string
  size: number
  media: string
  key?: string
  /** There was no room for it on the server, which said so. */
  later?: true
  problem?: string
}

export class Vault {
  private database: Promise<IDBDatabase> | undefined
  private closed = false

  constructor(private readonly account: number) {}

  async put(one: Kept, blob: Blob): Promise<void> {
    keep(MARK + this.account, true)
    await this.change((files, blobs) => {
      blobs.put(blob, one.id)
      files.put(one)
    })
    // What was removed meanwhile may have been the last, and have taken the mark along.
    keep(MARK + this.account, true)
  }

  /** Something about it changed; its bytes stay. */
  async note(one: Kept): Promise<void> {
    await this.change((files) => files.put(one))
  }

  /** These; the mark goes with the last one, in the same breath. */
  async remove(ids: Iterable<string>): Promise<void> {
    if (!kept(MARK + this.account)) return
    await this.change((files, blobs) => {
      for (const id of ids) (files.delete(id), blobs.delete(id))
      const left = files.count()
      left.onsuccess = () => left.result || drop(MARK + this.account)
    })
  }

  async all(): Promise<[Kept, Blob][]> {
    try {
      const at = (await this.open()).transaction(['files', 'blobs'])
      const [all, ids, blobs] = [at.objectStore('files').getAll(), at.objectStore('blobs').getAllKeys(), at.objectStore('blobs').getAll()]
      await finished(at)
      const bytes = new Map(ids.result.map((id, index) => [id, blobs.result[index] as Blob]))
      return (all.result as Kept[]).flatMap((one) => (bytes.has(one.id) ? [[one, bytes.get(one.id)!] as [Kept, Blob]] : []))
    } catch {
      return []
    }
  }

  close(): void {
    this.closed = true
    void this.database?.then((database) => database.close()).catch(() => {})
  }

  private async change(act: (files: IDBObjectStore, blobs: IDBObjectStore) => void): Promise<void> {
    if (this.closed) return
    try {
      const at = (await this.open()).transaction(['files', 'blobs'], 'readwrite')
      act(at.objectStore('files'), at.objectStore('blobs'))
      await finished(at)
    } catch {
      // As above: it lives as long as the page.
    }
  }

  private open(): Promise<IDBDatabase> {
    this.database ??= new Promise((resolve, reject) => {
      const asked = indexedDB.open(vaultOf(this.account), 1)
      asked.onupgradeneeded = () => {
        asked.result.createObjectStore('files', { keyPath: 'id' })
        asked.result.createObjectStore('blobs')
      }
      asked.onerror = () => reject(asked.error)
      asked.onsuccess = () => {
        // Somebody signs out in another window: what is kept here goes.
        asked.result.onversionchange = () => asked.result.close()
        resolve(asked.result)
      }
    })
    return this.database
  }
}

function finished(at: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    at.oncomplete = () => resolve()
    at.onerror = at.onabort = () => reject(at.error)
  })
}
