/** One import from the choice of the file to the end: 「ファイルを選択」 → 「実行」 → preview → 「OK」 → done. */
import { ApiError } from '../../lib/api'
import { problemText } from '../../ui/said.svelte'
import * as api from './api'
import type { LoginSheet } from '../shapes'
import type { ImportDone, ImportKind, ImportOptions, ImportPreview, ImportProgress } from './shapes'

export type Stage = 'start' | 'running' | 'preview' | 'applying' | 'done'

const LOOK_EVERY_MS = 500
/** So many questions in a row may stay without an answer: the work goes on without being watched. */
const MISSED_AT_MOST = 20

export class Transfer {
  stage = $state<Stage>('start')
  file = $state.raw<File | null>(null)
  preview = $state.raw<ImportPreview | null>(null)
  progress = $state.raw<ImportProgress | null>(null)
  /** What was made with the import: the answer alone is sure to have it, wherever one asks afterwards. */
  sheets = $state.raw<readonly LoginSheet[] | null>(null)
  problem = $state('')
  undoing = $state(false)
  /** There is a last import, and it can be undone. */
  undoable = $state(false)
  options = $state<ImportOptions>({
    keep_passwords: true,
    zeros: false,
    marks: false,
    make_passwords: false,
    sheet: '',
    columns: {},
  })
  private stopped = false

  constructor(
    readonly kind: ImportKind,
    private readonly changed: () => void,
  ) {}

  stop(): void {
    this.stopped = true
  }

  choose(file: File | undefined): void {
    if (!file) return
    this.file = file
    this.problem = ''
    this.options = { ...this.options, zeros: false, marks: false, sheet: '', columns: {} }
  }

  /** 「実行」: nothing is written yet. */
  async run(): Promise<void> {
    const { file } = this
    if (!file) return
    this.undoing = false
    await this.look(() => api.preview(this.kind, file, this.options))
  }

  /** Without an answer nothing is offered; the importing goes on all the same. */
  async askLast(): Promise<void> {
    this.undoable = await api.last(this.kind).then((last) => !!last.undoable, () => false)
  }

  async runUndo(): Promise<void> {
    this.undoing = true
    await this.look(() => api.undoPreview(this.kind))
  }

  /** A tick in the preview: it is made anew. */
  async with(options: Partial<ImportOptions>): Promise<void> {
    this.options = { ...this.options, ...options }
    await this.run()
  }

  /** An unknown heading is given a meaning; a blank one takes it back. */
  async mean(heading: string, column: string): Promise<void> {
    const { [heading]: _, ...others } = this.options.columns
    await this.with({ columns: column ? { ...others, [heading]: column } : others })
  }

  /** 「OK」. */
  async ok(): Promise<void> {
    const { preview, file } = this
    if (!preview) return
    this.problem = ''
    this.progress = { id: preview.id, kind: this.kind, state: 'applying' }
    this.stage = 'applying'
    try {
      await this.watch(preview.id, this.undoing ? api.undo(preview.id) : api.apply(preview.id, file!))
    } catch (error) {
      this.problem = problemText(error)
      this.stage = 'preview'
    }
  }

  back(): void {
    this.stage = 'start'
    this.preview = null
    this.problem = ''
  }

  private async look(ask: () => Promise<ImportPreview>): Promise<void> {
    const from = this.stage
    this.stage = 'running'
    this.problem = ''
    try {
      this.preview = await ask()
      this.stage = 'preview'
    } catch (error) {
      this.problem = unreadable(error) ? CHANGED_FILE : problemText(error)
      this.stage = from === 'preview' && this.preview ? 'preview' : 'start'
    }
  }

  /** The answer comes when all is done; until then, and should the line be lost, one looks how far it is. */
  private async watch(id: number, doing: Promise<ImportProgress | ImportDone>): Promise<void> {
    let refusal: unknown = null
    const finished = doing.then(
      (answer) => {
        this.sheets = 'login_sheets' in answer && answer.login_sheets?.length ? answer.login_sheets : null
        // They are here: the server need not keep passwords for an answer that might have been lost.
        if (this.sheets) api.sheets(id).catch(() => {})
        this.progress = answer
      },
      (error) => (refusal = error),
    )
    for (let missed = 0; !over(this.progress); ) {
      await Promise.race([refusal ? null : finished, sleep(LOOK_EVERY_MS)].filter((one) => one !== null))
      if (this.stopped) return
      if (refusal && !unheard(refusal)) throw refusal
      if (over(this.progress)) break
      const seen = await api.progress(id).catch((error: unknown) => {
        if (!unheard(error) || ++missed > MISSED_AT_MOST) throw error
        return null
      })
      if (seen) missed = 0
      // Before it has begun there is nothing to show yet.
      if (seen && seen.state !== 'previewed' && !over(this.progress)) this.progress = seen
      else if (seen && refusal) throw refusal
    }
    this.ended(this.progress!)
  }

  private ended(progress: ImportProgress): void {
    if (progress.state === 'failed') {
      this.problem = progress.message ?? ''
      this.stage = 'preview'
    } else {
      this.stage = 'done'
      this.changed()
    }
  }
}

/** Said in the person's words by the screen. */
export const CHANGED_FILE = 'changed file'

/** A file that was saved anew after it was chosen cannot be read by the browser: the request does not even begin. */
function unreadable(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'NotReadableError'
}

/** No word from the server itself: it may be at work all the same. */
function unheard(error: unknown): boolean {
  return error instanceof ApiError && !error.message
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function over(progress: ImportProgress | null): boolean {
  return progress !== null && ['applied', 'undone', 'failed'].includes(progress.state)
}
