/**
 * The 47 prefectures: their JIS codes, names, outlines in `japan.svg`, and places on a grid of equal tiles, on which
 * Tokyo is as large as Hokkaido. Pure.
 */

export interface Prefecture {
  /** "01" … "47". */
  readonly code: string
  readonly ja: string
  readonly en: string
  /** The id of its outline. */
  readonly outline: string
  /** Column and row on the grid, from 1. */
  readonly tile: readonly [number, number]
}

/** Wide enough for the names that fit into a tile. */
export const GRID = { columns: 14, rows: 12 }

const LIST: readonly [string, string, number, number][] = [
  ['北海道', 'Hokkaido', 14, 1],
  ['青森県', 'Aomori', 13, 2],
  ['岩手県', 'Iwate', 13, 3],
  ['宮城県', 'Miyagi', 13, 4],
  ['秋田県', 'Akita', 12, 3],
  ['山形県', 'Yamagata', 12, 4],
  ['福島県', 'Fukushima', 12, 5],
  ['茨城県', 'Ibaraki', 13, 6],
  ['栃木県', 'Tochigi', 12, 6],
  ['群馬県', 'Gunma', 11, 6],
  ['埼玉県', 'Saitama', 11, 7],
  ['千葉県', 'Chiba', 13, 7],
  ['東京都', 'Tokyo', 12, 7],
  ['神奈川県', 'Kanagawa', 11, 8],
  ['新潟県', 'Niigata', 11, 5],
  ['富山県', 'Toyama', 10, 5],
  ['石川県', 'Ishikawa', 9, 5],
  ['福井県', 'Fukui', 9, 6],
  ['山梨県', 'Yamanashi', 10, 7],
  ['長野県', 'Nagano', 10, 6],
  ['岐阜県', 'Gifu', 9, 7],
  ['静岡県', 'Shizuoka', 10, 8],
  ['愛知県', 'Aichi', 9, 8],
  ['三重県', 'Mie', 8, 8],
  ['滋賀県', 'Shiga', 8, 7],
  ['京都府', 'Kyoto', 7, 7],
  ['大阪府', 'Osaka', 6, 8],
  ['兵庫県', 'Hyogo', 6, 7],
  ['奈良県', 'Nara', 7, 8],
  ['和歌山県', 'Wakayama', 7, 9],
  ['鳥取県', 'Tottori', 5, 7],
  ['島根県', 'Shimane', 4, 7],
  ['岡山県', 'Okayama', 5, 8],
  ['広島県', 'Hiroshima', 4, 8],
  ['山口県', 'Yamaguchi', 3, 7],
  ['徳島県', 'Tokushima', 5, 11],
  ['香川県', 'Kagawa', 5, 10],
  ['愛媛県', 'Ehime', 4, 10],
  ['高知県', 'Kochi', 4, 11],
  ['福岡県', 'Fukuoka', 2, 8],
  ['佐賀県', 'Saga', 1, 8],
  ['長崎県', 'Nagasaki', 1, 9],
  ['熊本県', 'Kumamoto', 1, 10],
  ['大分県', 'Oita', 2, 9],
  ['宮崎県', 'Miyazaki', 2, 10],
  ['鹿児島県', 'Kagoshima', 2, 11],
  ['沖縄県', 'Okinawa', 1, 12],
]

export const PREFECTURES: readonly Prefecture[] = LIST.map(([ja, en, column, row], at) => ({
  code: String(at + 1).padStart(2, '0'),
  ja,
  en,
  outline: en.toLowerCase(),
  tile: [column, row],
}))

/** As it stands in a tile: two letters of kanji, three of Latin, tell them all apart but by their place. */
export function shortName(one: Prefecture, language: string): string {
  return language === 'en' ? one.en.slice(0, 3) : one.ja.slice(0, 2)
}

/** The outlines of a map, by their ids. */
export function outlines(svg: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [, id, d] of svg.matchAll(/<path\s+id="([a-z]+)"[^>]*?\sd="([^"]+)"/g)) found.set(id!, d!)
  return found
}

/** The middle of the largest piece of an outline: islands far away do not pull it into the sea. */
export function middleOf(d: string): readonly [number, number] {
  let best = { size: -1, x: 0, y: 0 }
  for (const box of boxesOf(d)) {
    const size = (box.right - box.left) * (box.bottom - box.top)
    if (size > best.size) best = { size, x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2 }
  }
  return [Math.round(best.x * 10) / 10, Math.round(best.y * 10) / 10]
}

interface Box {
  left: number
  right: number
  top: number
  bottom: number
}

/** The map's own way of writing: "m" with relative steps, "z" back to where the piece began. */
function boxesOf(d: string): Box[] {
  const boxes: Box[] = []
  let [x, y] = [0, 0]
  for (const [, piece] of d.matchAll(/m([^mz]+)z?/g)) {
    const numbers = piece!.match(/-?[\d.]+(?:e-?\d+)?/g)!.map(Number)
    const box: Box = { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity }
    let [startX, startY] = [x, y]
    for (let at = 0; at + 1 < numbers.length; at += 2) {
      x += numbers[at]!
      y += numbers[at + 1]!
      if (!at) [startX, startY] = [x, y]
      box.left = Math.min(box.left, x)
      box.right = Math.max(box.right, x)
      box.top = Math.min(box.top, y)
      box.bottom = Math.max(box.bottom, y)
    }
    boxes.push(box)
    ;[x, y] = [startX, startY]
  }
  return boxes
}
