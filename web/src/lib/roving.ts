/**
 * One stop for the Tab key in a list of any length; ↑, ↓, Home and End walk through it. The first (or the last, or
 * the current) of what `selector` finds is the stop, until another one has had the focus.
 */
import type { Attachment } from 'svelte/attachments'

export function roving(selector: string, begin: 'first' | 'last' = 'first'): Attachment<HTMLElement> {
  return (list) => {
    let stop: HTMLElement | null = null

    const items = () => [...list.querySelectorAll<HTMLElement>(selector)]

    function settle(): void {
      const all = items()
      const newest = begin === 'last' && !list.contains(document.activeElement)
      if (!stop || newest || !all.includes(stop)) {
        stop = all.find((item) => item.hasAttribute('aria-current')) ?? all.at(begin === 'first' ? 0 : -1) ?? null
      }
      for (const item of all) {
        const wanted = item === stop ? 0 : -1
        if (item.tabIndex !== wanted) item.tabIndex = wanted
      }
    }

    function focused(event: FocusEvent): void {
      const item = (event.target as Element).closest<HTMLElement>(selector)
      if (!item || item === stop) return
      if (stop) stop.tabIndex = -1
      stop = item
      stop.tabIndex = 0
    }

    function pressed(event: KeyboardEvent): void {
      if (event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return
      const all = items()
      const at = all.indexOf(event.target as HTMLElement)
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key]
      if (at < 0 || to === undefined || !all[to]) return
      event.preventDefault()
      all[to].focus()
    }

    settle()
    const watcher = new MutationObserver(settle)
    watcher.observe(list, { childList: true, subtree: true })
    list.addEventListener('focusin', focused)
    list.addEventListener('keydown', pressed)
    return () => {
      watcher.disconnect()
      list.removeEventListener('focusin', focused)
      list.removeEventListener('keydown', pressed)
    }
  }
}
