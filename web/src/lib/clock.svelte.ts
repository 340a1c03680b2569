/** The present, as far as labels need it: it moves on once a minute, and when somebody looks again. */
class Clock {
  now = $state(Date.now())

  start(): () => void {
    const tick = () => (this.now = Date.now())
    const timer = setInterval(tick, 60_000)
    addEventListener('focus', tick)
    return () => {
      clearInterval(timer)
      removeEventListener('focus', tick)
    }
  }
}

export const clock = new Clock()
