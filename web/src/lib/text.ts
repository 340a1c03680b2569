/** Text as the server counts and keeps it. */

/** Line ends as LF; without what the server refuses (NUL, halves of characters). */
export function normalised(text: string): string {
  return text.replace(/\r\n?/g, '\n').replaceAll('\0', '').toWellFormed()
}

/** A message as it is sent: without blank lines before and blanks after it. */
export function trimmedMessage(text: string): string {
  return normalised(text).replace(/^(?:[^\S\n]*\n)+/, '').trimEnd()
}

/** Code points, not UTF-16 units: 𠮷 and most emoji count once. */
export function codePoints(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

/** As texts are compared when one looks for them: full-width letters and half-width kana find what they mean. */
export function folded(text: string): string {
  return text.normalize('NFKC').toLowerCase()
}

export interface Piece {
  text: string
  href?: string
}

// Only http and https, and nothing that cannot stand in an address. Japanese follows an address without a blank
// between, so full-width characters end it.
const ADDRESS = /https?:\/\/[\w\-.~:/?#[\]@!$&'()*+,;=%]+/g

/** Text cut into plain pieces and addresses that may become links. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = []
  let from = 0
  for (const match of text.matchAll(ADDRESS)) {
    const address = trimmedAddress(match[0])
    if (!URL.canParse(address)) continue
    if (match.index > from) found.push({ text: text.slice(from, match.index) })
    found.push({ text: address, href: address })
    from = match.index + address.length
  }
  if (from < text.length) found.push({ text: text.slice(from) })
  return found
}

/** Without the punctuation of the sentence around it; a closing bracket stays if it was opened in the address. */
function trimmedAddress(address: string): string {
  let end = address.length
  for (;;) {
    const mark = address[end - 1]!
    const head = address.slice(0, end)
    const unopened = mark === ')' && head.split(')').length > head.split('(').length
    if (unopened || (mark !== ')' && `.,;:!?'*]&`.includes(mark))) end--
    else return head
  }
}
