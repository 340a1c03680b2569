/** The details of a line of the 操作ログ as one reads them: `name: before → after`. What counts nothing is left out. */

export function detailText(detail: Readonly<Record<string, unknown>> | undefined, blank: string): string {
  return Object.entries(detail ?? {})
    .flatMap(([name, value]) => (name === 'changed' && isObject(value) ? Object.entries(value) : [[name, value] as const]))
    .filter(([, value]) => value !== 0)
    .map(([name, value]) => `${name}: ${isPair(value) ? value.map((one) => shown(one, blank)).join(' → ') : shown(value, blank)}`)
    .join('、')
}

/** `[before, after]`. A list of names alone is no pair of that kind: lists stand in it as lists. */
function isPair(value: unknown): value is [unknown, unknown] {
  return Array.isArray(value) && value.length === 2
}

function shown(value: unknown, blank: string): string {
  if (Array.isArray(value)) return value.map((one) => shown(one, blank)).join('・') || blank
  if (isObject(value)) return JSON.stringify(value)
  return value === null || value === '' ? blank : String(value)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
