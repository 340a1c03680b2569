import { describe, expect, it, vi } from 'vitest'

import { leaving } from './leaving.svelte'

describe('leaving a page', () => {
  it('asks while something is unsaved, and goes when the person says so', () => {
    const go = vi.fn()
    leaving.guard(() => true)
    expect(leaving.holds(go)).toBe(true)
    leaving.stay()
    expect(leaving.held).toBeNull()
    expect(leaving.holds(go)).toBe(true)
    leaving.leave()
    expect(go).toHaveBeenCalledOnce()
    expect(leaving.holds(go)).toBe(false)
  })

  it('does not ask when nothing is typed, nor after the page has gone', () => {
    const done = leaving.guard(() => false)
    expect(leaving.holds(() => {})).toBe(false)
    done()
    leaving.guard(() => true)()
    expect(leaving.holds(() => {})).toBe(false)
  })
})
