/** How long something still takes, as people say it. */
export interface DurationWords {
  seconds(n: string): string
  minutes(n: string): string
}

/** Up to a minute in steps of five seconds, above it in minutes: a number that jumps says less. */
export function duration(seconds: number, words: DurationWords): string {
  if (seconds < 60) return words.seconds(String(Math.max(5, Math.ceil(seconds / 5) * 5)))
  return words.minutes(String(Math.ceil(seconds / 60)))
}

/** Between 0 and 1; null while nobody knows. */
export function share(done: number | undefined, total: number | undefined): number | null {
  return total ? Math.min(1, Math.max(0, (done ?? 0) / total)) : null
}
