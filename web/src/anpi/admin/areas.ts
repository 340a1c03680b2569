/** Prefectures and their areas, asked once: they do not change while the page lives. */
import * as api from './api'
import type { AreaChoice } from './shapes'

let known: Promise<readonly AreaChoice[]> | undefined

export function areaChoices(): Promise<readonly AreaChoice[]> {
  known ??= api.rules().then(({ choices }) => inOrder(choices))
  known.catch(() => (known = undefined))
  return known
}

/** Each prefecture, then its areas, in the order of their numbers. */
export function inOrder(choices: readonly AreaChoice[]): AreaChoice[] {
  const prefectures = choices.filter((one) => one.code.length === 2)
  const inside = (prefecture: AreaChoice) =>
    choices.filter((one) => one.code.length > 2 && (one.prefecture === prefecture.code || one.prefecture === prefecture.name))
  const sorted = prefectures.flatMap((one) => [one, ...inside(one)])
  return [...sorted, ...choices.filter((one) => !sorted.includes(one))]
}
