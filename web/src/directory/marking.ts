/** Where in a text the words that were looked for stand. Folding is the server's; here only what the eye compares. */

export interface Part {
  text: string
  marked: boolean
}

/** The text in parts, of which those are marked that a word has found. */
export function marked(text: string, words: readonly string[]): Part[] {
  return parts(text, foldedWith(text, foldLetter), words.map((word) => foldWord(word, foldLetter)))
}

/** The same for a number: hyphens, blanks and brackets between its digits do not count. */
export function markedNumber(text: string, words: readonly string[]): Part[] {
  return parts(text, foldedWith(text, foldDigit), words.map((word) => foldWord(word, foldDigit)))
}

export function wordsOf(query: string): string[] {
  return query.split(/\s+/u).filter(Boolean)
}

interface Folded {
  text: string
  /** For each unit of `text` where it begins in the original, and where the original goes on. */
  from: number[]
  to: number[]
}

function foldedWith(text: string, fold: (letter: string) => string): Folded {
  const folded: Folded = { text: '', from: [], to: [] }
  let at = 0
  for (const letter of joinedMarks(text)) {
    const made = fold(letter)
    for (let n = 0; n < made.length; n++) {
      folded.from.push(at)
      folded.to.push(at + letter.length)
    }
    folded.text += made
    at += letter.length
  }
  return folded
}

function foldWord(word: string, fold: (letter: string) => string): string {
  return [...joinedMarks(word)].map(fold).join('')
}

/** Letters with the marks that belong to them: half-width ﾀﾞ is one, and so is 葛 with its variation selector. */
function joinedMarks(text: string): string[] {
  return text.match(/\P{M}[\p{M}ﾞﾟ]*|\p{M}+/gsu) ?? []
}

function foldLetter(letter: string): string {
  // Katakana and hiragana differ by 0x60; the selector of a variant kanji is not compared.
  const plain = letter.replace(/[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu, '').normalize('NFKC').toLowerCase()
  return plain.replace(/[ァ-ヶ]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) - 0x60))
}

function foldDigit(letter: string): string {
  return letter.normalize('NFKC').replace(/[^0-9A-Za-z*#+]/g, '')
}

function parts(text: string, folded: Folded, words: readonly string[]): Part[] {
  const hit = new Array<boolean>(text.length).fill(false)
  for (const word of words) {
    if (!word) continue
    for (let at = folded.text.indexOf(word); at >= 0; at = folded.text.indexOf(word, at + word.length)) {
      hit.fill(true, folded.from[at], folded.to[at + word.length - 1])
    }
  }
  const found: Part[] = []
  for (let at = 0; at < text.length; ) {
    let end = at + 1
    while (end < text.length && hit[end] === hit[at]) end++
    found.push({ text: text.slice(at, end), marked: hit[at]! })
    at = end
  }
  return found
}
