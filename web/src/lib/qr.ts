/**
 * A QR code (ISO/IEC 18004) of a short text: bytes in UTF-8, error correction M, up to version 10 (213 bytes).
 * Small on purpose: one mode, one level, what a printed address needs.
 */

/** By version: codewords in all, of them for correction in each block, and the number of blocks. */
const SIZES: readonly (readonly [total: number, correction: number, blocks: number])[] = [
  [26, 10, 1],
  [44, 16, 1],
  [70, 26, 1],
  [100, 18, 2],
  [134, 24, 2],
  [172, 16, 4],
  [196, 18, 4],
  [242, 22, 4],
  [292, 22, 5],
  [346, 26, 5],
]
const LEVEL_M = 0
const QUIET = 4

export type Modules = readonly (readonly boolean[])[]

/** The dark modules, row by row, without the quiet zone; null when the text is too long. */
export function qr(text: string): Modules | null {
  const bytes = new TextEncoder().encode(text)
  const version = SIZES.findIndex(([total, correction, blocks], at) => {
    return bytes.length <= total - correction * blocks - (at + 1 < 10 ? 2 : 3)
  }) + 1
  if (!version) return null
  const codewords = interleaved(data(bytes, version), version)
  let best: boolean[][] | null = null
  let least = Number.POSITIVE_INFINITY
  for (let mask = 0; mask < 8; mask++) {
    const drawn = draw(codewords, version, mask)
    const cost = penalty(drawn)
    if (cost < least) [best, least] = [drawn, cost]
  }
  return best
}

/** As the one path of an SVG, with the quiet zone around it; `size` is the side of its viewBox. */
export function qrPath(text: string): { path: string; size: number } | null {
  const modules = qr(text)
  if (!modules) return null
  const dark = modules.flatMap((row, y) => row.flatMap((on, x) => (on ? [`M${x + QUIET} ${y + QUIET}h1v1h-1z`] : [])))
  return { path: dark.join(''), size: modules.length + 2 * QUIET }
}

// ---------------------------------------------------------------- what is written

function data(bytes: Uint8Array, version: number): number[] {
  const [total, correction, blocks] = SIZES[version - 1]!
  const room = total - correction * blocks
  const bits: number[] = []
  const put = (value: number, length: number) => {
    for (let at = length - 1; at >= 0; at--) bits.push((value >> at) & 1)
  }
  put(0b0100, 4)
  put(bytes.length, version < 10 ? 8 : 16)
  for (const byte of bytes) put(byte, 8)
  put(0, Math.min(4, room * 8 - bits.length))
  while (bits.length % 8) bits.push(0)
  const words: number[] = []
  for (let at = 0; at < bits.length; at += 8) words.push(Number.parseInt(bits.slice(at, at + 8).join(''), 2))
  for (let pad = 0xec; words.length < room; pad ^= 0xec ^ 0x11) words.push(pad)
  return words
}

/** Blocks with their correction, one codeword of each in turn; the later blocks may be one longer. */
function interleaved(words: readonly number[], version: number): number[] {
  const [, correction, blocks] = SIZES[version - 1]!
  const short = Math.floor(words.length / blocks)
  const shorter = blocks - (words.length % blocks)
  const parts = Array.from({ length: blocks }, (_, at) => {
    const from = at * short + Math.max(0, at - shorter)
    return words.slice(from, from + short + (at < shorter ? 0 : 1))
  })
  const checks = parts.map((part) => remainder(part, divisor(correction)))
  const column = (lists: number[][], at: number) => lists.flatMap((list) => (at < list.length ? [list[at]!] : []))
  return [
    ...Array.from({ length: short + 1 }, (_, at) => column(parts, at)).flat(),
    ...Array.from({ length: correction }, (_, at) => column(checks, at)).flat(),
  ]
}

/** Multiplication in GF(2⁸) over x⁸ + x⁴ + x³ + x² + 1. */
function times(a: number, b: number): number {
  let product = 0
  for (let at = 7; at >= 0; at--) {
    product = (product << 1) ^ ((product >> 7) * 0x11d)
    product ^= ((b >> at) & 1) * a
  }
  return product
}

function divisor(degree: number): number[] {
  const found: number[] = [...new Array<number>(degree - 1).fill(0), 1]
  let root = 1
  for (let step = 0; step < degree; step++) {
    for (let at = 0; at < degree; at++) found[at] = times(found[at]!, root) ^ (found[at + 1] ?? 0)
    root = times(root, 2)
  }
  return found
}

function remainder(words: readonly number[], by: readonly number[]): number[] {
  let rest = by.map(() => 0)
  for (const word of words) {
    const factor = word ^ rest[0]!
    rest = [...rest.slice(1), 0].map((one, at) => one ^ times(by[at]!, factor))
  }
  return rest
}

// ---------------------------------------------------------------- where it stands

function draw(codewords: readonly number[], version: number, mask: number): boolean[][] {
  const size = version * 4 + 17
  const dark = Array.from({ length: size }, () => new Array<boolean>(size).fill(false))
  const taken = Array.from({ length: size }, () => new Array<boolean>(size).fill(false))
  const set = (x: number, y: number, on: boolean) => {
    if (x < 0 || y < 0 || x >= size || y >= size) return
    dark[y]![x] = on
    taken[y]![x] = true
  }
  patterns(set, size, version)
  formats(set, size, mask)
  if (version >= 7) versions(set, size, version)
  let bit = 0
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5
    for (let step = 0; step < size; step++) {
      for (const x of [right, right - 1]) {
        const y = ((right + 1) & 2) === 0 ? size - 1 - step : step
        if (taken[y]![x]) continue
        const on = bit < codewords.length * 8 && ((codewords[bit >> 3]! >> (7 - (bit & 7))) & 1) === 1
        dark[y]![x] = on !== masked(mask, x, y)
        bit++
      }
    }
  }
  return dark
}

type Set = (x: number, y: number, on: boolean) => void

function patterns(set: Set, size: number, version: number): void {
  for (let at = 0; at < size; at++) {
    set(6, at, at % 2 === 0)
    set(at, 6, at % 2 === 0)
  }
  for (const [x, y] of [[3, 3], [size - 4, 3], [3, size - 4]] as const) {
    for (let dy = -4; dy <= 4; dy++) {
      for (let dx = -4; dx <= 4; dx++) {
        const far = Math.max(Math.abs(dx), Math.abs(dy))
        set(x + dx, y + dy, far !== 2 && far !== 4)
      }
    }
  }
  const places = version === 1 ? [] : alignments(version, size)
  for (const x of places) {
    for (const y of places) {
      // The corners belong to the finders.
      if ((x === 6 && (y === 6 || y === size - 7)) || (y === 6 && x === size - 7)) continue
      for (let dy = -2; dy <= 2; dy++) {
        for (let dx = -2; dx <= 2; dx++) set(x + dx, y + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1)
      }
    }
  }
}

function alignments(version: number, size: number): number[] {
  return version < 7 ? [6, size - 7] : [6, Math.floor(size / 2), size - 7]
}

function formats(set: Set, size: number, mask: number): void {
  const value = (LEVEL_M << 3) | mask
  let rest = value
  for (let step = 0; step < 10; step++) rest = (rest << 1) ^ ((rest >> 9) * 0x537)
  const bits = ((value << 10) | rest) ^ 0x5412
  const bit = (at: number) => ((bits >> at) & 1) === 1
  for (let at = 0; at < 6; at++) set(8, at, bit(at))
  set(8, 7, bit(6))
  set(8, 8, bit(7))
  set(7, 8, bit(8))
  for (let at = 9; at < 15; at++) set(14 - at, 8, bit(at))
  for (let at = 0; at < 8; at++) set(size - 1 - at, 8, bit(at))
  for (let at = 8; at < 15; at++) set(8, size - 15 + at, bit(at))
  set(8, size - 8, true)
}

function versions(set: Set, size: number, version: number): void {
  let rest = version
  for (let step = 0; step < 12; step++) rest = (rest << 1) ^ ((rest >> 11) * 0x1f25)
  const bits = (version << 12) | rest
  for (let at = 0; at < 18; at++) {
    const [far, near] = [size - 11 + (at % 3), Math.floor(at / 3)]
    set(far, near, ((bits >> at) & 1) === 1)
    set(near, far, ((bits >> at) & 1) === 1)
  }
}

function masked(mask: number, x: number, y: number): boolean {
  switch (mask) {
    case 0:
      return (x + y) % 2 === 0
    case 1:
      return y % 2 === 0
    case 2:
      return x % 3 === 0
    case 3:
      return (x + y) % 3 === 0
    case 4:
      return (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0
    case 5:
      return ((x * y) % 2) + ((x * y) % 3) === 0
    case 6:
      return (((x * y) % 2) + ((x * y) % 3)) % 2 === 0
    default:
      return (((x + y) % 2) + ((x * y) % 3)) % 2 === 0
  }
}

// ---------------------------------------------------------------- which mask reads best

function penalty(dark: boolean[][]): number {
  const size = dark.length
  const lines = [...dark, ...dark.map((_, x) => dark.map((row) => row[x]!))]
  let cost = 0
  for (const line of lines) {
    const text = line.map(Number).join('')
    for (const run of text.match(/0{5,}|1{5,}/g) ?? []) cost += run.length - 2
    for (const finder of ['10111010000', '00001011101']) {
      for (let at = text.indexOf(finder); at >= 0; at = text.indexOf(finder, at + 1)) cost += 40
    }
  }
  for (let y = 0; y < size - 1; y++) {
    for (let x = 0; x < size - 1; x++) {
      const here = dark[y]![x]
      if (here === dark[y]![x + 1] && here === dark[y + 1]![x] && here === dark[y + 1]![x + 1]) cost += 3
    }
  }
  const share = dark.flat().filter(Boolean).length / (size * size)
  return cost + Math.floor(Math.abs(share * 100 - 50) / 5) * 10
}
