/** Extensions as an administrator writes them: with or without the dot, in any width, several at once. */

/** As the server has it (chat/files/settings.py). */
const LONGEST = 32
const EXTENSION = /^[^\s./\\:*?"<>|\p{Cc}]+$/u

export interface Read {
  /** New ones, in the order in which they were written. */
  added: string[]
  /** Those of the 39, and those that are in the list already. */
  known: string[]
  /** What is no extension. */
  bad: string[]
}

export function readExtensions(text: string, known: ReadonlySet<string>): Read {
  const read: Read = { added: [], known: [], bad: [] }
  for (const word of text.normalize('NFKC').toLowerCase().split(/[\s,;、]+/)) {
    const extension = word.replace(/^[*]?\.+/, '')
    if (!word) continue
    if (!isExtension(extension)) read.bad.push(word)
    else if (known.has(extension) || read.added.includes(extension)) read.known.push(extension)
    else read.added.push(extension)
  }
  return read
}

function isExtension(text: string): boolean {
  return [...text].length <= LONGEST && EXTENSION.test(text)
}

/** Those that are offered and not in any list yet. */
export function stillOffered(offered: readonly string[], known: ReadonlySet<string>): string[] {
  return offered.filter((one) => !known.has(one))
}
