/** How long to wait before the next attempt: full jitter, so that thousands do not come back at once. */

const FIRST_CAP_MS = 500
const LAST_CAP_MS = 30_000

/** `attempt` counts from 0; `random` gives 0 up to 1. */
export function backoff(attempt: number, random: () => number): number {
  const cap = Math.min(LAST_CAP_MS, FIRST_CAP_MS * 2 ** Math.min(attempt, 16))
  return Math.round(random() * cap)
}
