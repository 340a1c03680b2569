/** How a file is told of: its name, its size, what kind it is. Pure. */
import type { Language, Message } from '../../lib/wire'
import type { Words } from '../../words/ja'
import type { SentFile } from './types'

export type FileKind = 'image' | 'pdf' | 'text' | 'document' | 'sheet' | 'slides' | 'archive' | 'audio' | 'video' | 'other'

const KINDS: Record<string, FileKind> = kindsOf({
  image: 'jpg jpeg png gif webp heic heif bmp tif tiff svg',
  pdf: 'pdf',
  text: 'txt md log csv tsv json xml',
  document: 'doc docx odt rtf pages jtd',
  sheet: 'xls xlsx xlsm ods numbers',
  slides: 'ppt pptx odp key',
  archive: 'zip 7z rar lzh tar gz tgz bz2 xz',
  audio: 'mp3 m4a wav aac flac ogg',
  video: 'mp4 mov avi mkv webm wmv',
})

/** So much of a long name's end is always shown: it tells the version and the kind. */
const KEPT_END = 18

export function extensionOf(name: string): string {
  return /\.([^.\s]{1,12})\s*$/.exec(name)?.[1]?.toLowerCase() ?? ''
}

export function kindOf(file: { name: string; media?: string }): FileKind {
  if (file.media?.startsWith('image/')) return 'image'
  return KINDS[extensionOf(file.name)] ?? 'other'
}

/** A picture that this page may draw: the server has looked at all of it. */
export function isShown(file: SentFile): boolean {
  return !!file.thumbnail && !!file.width && !!file.height && !!file.media?.startsWith('image/')
}

/** 812 B, 1.4 MB */
export function sizeText(language: Language, bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB']
  let [size, unit] = [bytes, 0]
  while (size >= 999.5 && unit < units.length - 1) [size, unit] = [size / 1024, unit + 1]
  const digits = unit === 0 || size >= 10 ? 0 : 1
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(size)} ${units[unit]}`
}

/** A long name without its middle: `width` in half-width letters, a full-width one counts twice. The end stays. */
export function shortName(name: string, width: number): string {
  const letters = [...name]
  if (widthOf(letters) <= width) return name
  const end: string[] = []
  for (let at = letters.length - 1; at >= 0 && widthOf(end) < KEPT_END; at--) end.unshift(letters[at]!)
  const head: string[] = []
  const room = width - widthOf(end) - 1
  let used = 0
  for (const letter of letters) {
    used += widthOf([letter])
    if (used > room) break
    head.push(letter)
  }
  return `${head.join('')}…${end.join('')}`
}

/** A message in one line: its text, or what it carries. */
export function previewOf(message: Pick<Message, 'text'> & { files?: readonly SentFile[] }, t: Words, n: (value: number) => string): string {
  const files = message.files ?? []
  if (message.text || !files.length) return message.text.slice(0, 200)
  if (files.every((file) => file.media?.startsWith('image/'))) {
    return files.length === 1 ? t.file.photo : t.file.photos(n(files.length))
  }
  const name = shortName(files[0]!.name, 80)
  return files.length === 1 ? t.file.named(name) : t.file.named_more(name, n(files.length - 1))
}

export function pathOf(file: Pick<SentFile, 'id' | 'name'>): string {
  return `/files/${file.id}/${encodeURIComponent(file.name)}`
}

function widthOf(letters: readonly string[]): number {
  return letters.reduce((sum, letter) => sum + (/[\u1100-\uffdc\u{20000}-\u{3ffff}\u{1f000}-\u{1ffff}]/u.test(letter) && !/[\uff61-\uffdc]/.test(letter) ? 2 : 1), 0)
}

function kindsOf(lists: Partial<Record<FileKind, string>>): Record<string, FileKind> {
  const pairs = Object.entries(lists).flatMap(([kind, list]) => list.split(' ').map((each) => [each, kind as FileKind] as const))
  return Object.fromEntries(pairs)
}
