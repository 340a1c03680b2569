/** The shapes of import and export, as the dialog holds them. */
import type { Counts, ImportRows } from '../../lib/wire'

export type {
  Counts as ImportCounts,
  Heading,
  ImportDone,
  ImportPreview,
  ImportProgress,
  ImportRow as DiffRow,
  ImportSheets as Sheets,
  Kept,
  LastImport,
  Problem as ImportProblem,
} from '../../lib/wire'

export type DiffPage = ImportRows
export type ImportKind = 'departments' | 'users'
/** What the counts of a preview count. */
export type Act = Extract<keyof Counts, 'add' | 'change' | 'remove'>
export type Level = 'error' | 'warning' | 'repair'

export interface ImportOptions {
  keep_passwords: boolean
  zeros: boolean
  marks: boolean
  make_passwords: boolean
  sheet: string
  /** What unknown headings mean, as chosen by hand. */
  columns: Record<string, string>
}
