/** The files of a message that waits for them, as they are drawn. Pure. */
import type { Item } from '../outbox'
import type { Upload, Uploads } from './uploads'

/** One that this window does not bring itself waits, until it is heard of. */
export function pendingOf(item: Item, uploads: Uploads): Uploads {
  return (item.files ?? []).map((one): Upload => {
    const known = uploads.find((upload) => upload.id === one.upload)
    const base = known ?? { id: one.upload, channel: item.channel, name: one.name, size: one.size, media: one.media, sent: 0, state: 'waiting' }
    if (one.problem) return { ...base, state: 'refused', problem: one.problem }
    return one.file ? { ...base, state: 'ready', sent: one.size } : base
  })
}
