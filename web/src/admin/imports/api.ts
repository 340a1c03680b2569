/** Import and export over HTTP. The server keeps no copy of a file: it is sent once to look, once to do. */
import { call } from '../../lib/api'
import { query } from '../api'
import type {
  Act,
  DiffPage,
  ImportDone,
  ImportKind,
  ImportOptions,
  ImportPreview,
  ImportProgress,
  LastImport,
  Sheets,
} from './shapes'

const FILE_MS = 180_000
/** It answers when all is done: hundreds of passwords take minutes. */
const WORK_MS = 3_600_000
const ROOT = '/api/admin/imports'

export function preview(kind: ImportKind, file: Blob, options: ImportOptions): Promise<ImportPreview> {
  return call('PUT', `${ROOT}/${kind}?${optionsQuery(options)}`, bytes(file), FILE_MS)
}

export const apply = (id: number, file: Blob) => call<ImportDone>('PUT', `${ROOT}/${id}/apply`, bytes(file), WORK_MS)
export const progress = (id: number) => call<ImportProgress>('GET', `${ROOT}/${id}`)
export const rows = (id: number, act: Act, start: number) =>
  call<DiffPage>('GET', `${ROOT}/${id}/rows?${query({ act, start })}`)
export const sheets = (id: number) => call<Sheets>('POST', `${ROOT}/${id}/sheets`, {}, FILE_MS)
export const last = (kind: ImportKind) => call<LastImport>('GET', `${ROOT}/${kind}/last`)
export const undoPreview = (kind: ImportKind) => call<ImportPreview>('POST', `${ROOT}/${kind}/undo-preview`, {}, FILE_MS)
export const undo = (id: number) => call<ImportProgress>('POST', `${ROOT}/${id}/undo`, {}, WORK_MS)

export const errorFile = (id: number) => `${ROOT}/${id}/errors.tsv`
export const exportFile = (kind: ImportKind, encoding: string) => `/api/admin/exports/${kind}?${query({ encoding })}`
export const sampleFile = (kind: ImportKind) => `/api/admin/samples/${kind}`

export function optionsQuery(options: ImportOptions): string {
  const { columns, sheet, ...ticks } = options
  const flags = Object.entries(ticks).map(([name, value]) => [name, Number(value)])
  return query({ ...Object.fromEntries(flags), sheet, columns: Object.keys(columns).length ? JSON.stringify(columns) : '' })
}

/** Whatever the browser takes the file for: it is bytes. */
function bytes(file: Blob): Blob {
  return file.slice(0, file.size, 'application/octet-stream')
}
