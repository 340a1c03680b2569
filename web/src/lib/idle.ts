/** Notices that nobody has touched this page for a while, and the first touch after that. */

export const IDLE_AFTER_MS = 5 * 60_000

const SIGNS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart', 'focus'] as const

export class Idleness {
  idle = false
  private timer: ReturnType<typeof setTimeout> | undefined
  private touchedAt = 0

  constructor(private readonly changed: (idle: boolean) => void) {}

  start(): () => void {
    for (const sign of SIGNS) addEventListener(sign, this.touched, { capture: true, passive: true })
    this.touchedAt = Date.now()
    this.look()
    return () => {
      for (const sign of SIGNS) removeEventListener(sign, this.touched, { capture: true })
      clearTimeout(this.timer)
    }
  }

  private readonly touched = () => {
    // Comes with every step of a mouse: no timer is set anew here.
    this.touchedAt = Date.now()
    if (!this.idle) return
    this.set(false)
    this.look()
  }

  private readonly look = () => {
    const left = this.touchedAt + IDLE_AFTER_MS - Date.now()
    if (left > 0) this.timer = setTimeout(this.look, left)
    else this.set(true)
  }

  private set(idle: boolean): void {
    this.idle = idle
    this.changed(idle)
  }
}
