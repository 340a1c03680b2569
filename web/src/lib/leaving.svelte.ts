/** Asks before a page is left on which something is typed and not saved. */

class Leaving {
  /** What waits for the person's word; null: nothing. */
  held = $state.raw<(() => void) | null>(null)
  private readonly guards = new Set<() => boolean>()

  /** While `unsaved` says so, nobody goes without having been asked; until the returned function is called. */
  guard(unsaved: () => boolean): () => void {
    this.guards.add(unsaved)
    return () => {
      this.guards.delete(unsaved)
      this.held = null
    }
  }

  /** Is there something to lose? Then `go` waits until the person has said yes. */
  holds(go: () => void): boolean {
    if (![...this.guards].some((unsaved) => unsaved())) return false
    this.held = go
    return true
  }

  stay(): void {
    this.held = null
  }

  /** What was typed may go. */
  leave(): void {
    const go = this.held
    this.guards.clear()
    this.held = null
    go?.()
  }
}

export const leaving = new Leaving()
