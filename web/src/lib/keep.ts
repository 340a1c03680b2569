/** What this browser keeps. Storage may be full, switched off or held by hands we do not know: never throw. */

const PREFIX = 'renraku.'

export function kept<T>(key: string): T | null {
  try {
    const text = localStorage.getItem(PREFIX + key)
    return text === null ? null : (JSON.parse(text) as T)
  } catch {
    return null
  }
}

export function keep(key: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(value))
  } catch {
    // What cannot be kept lives as long as the page.
  }
}

export function drop(key: string): void {
  try {
    localStorage.removeItem(PREFIX + key)
  } catch {
    // As above.
  }
}

/** Another window of this browser has dropped something under `prefix`: its name, without it. */
export function onDropped(prefix: string, heard: (name: string) => void): () => void {
  const event = ({ key, newValue }: StorageEvent) => {
    if (newValue === null && key?.startsWith(PREFIX + prefix)) heard(key.slice((PREFIX + prefix).length))
  }
  addEventListener('storage', event)
  return () => removeEventListener('storage', event)
}

/** The names under `prefix`, without it. */
export function keptNames(prefix: string): string[] {
  try {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(PREFIX + prefix))
      .map((key) => key.slice((PREFIX + prefix).length))
  } catch {
    return []
  }
}
