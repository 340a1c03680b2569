/** Which page the address names. Links are plain `<a href>`; one listener keeps the known ones in this page. */

import { leaving } from './leaving.svelte'

export type Route =
  | { name: 'home' }
  | { name: 'talk'; channel: number | null }
  | { name: 'settings' }
  | { name: 'profile' }
  | { name: 'directory'; person: number | null }
  /** Group 0 is one's favourites. */
  | { name: 'groups'; group: number; person: number | null }
  | { name: 'admin' | 'anpi'; path: readonly string[] }
  | { name: 'talklog' }
  | { name: 'lost' }

export function parse(path: string): Route {
  const [head = '', tail, ...rest] = path.replace(/\/+$/, '').split('/').slice(1)
  if (head === 'admin' || head === 'anpi') return { name: head, path: tail === undefined ? [] : [tail, ...rest] }
  if (head === 'groups') return groups([tail, ...rest])
  if (rest.length) return { name: 'lost' }
  if (head === 'directory' && (tail === undefined || isId(tail))) return { name: 'directory', person: tail ? Number(tail) : null }
  if (head === '' && tail === undefined) return { name: 'home' }
  if (head === 'settings' && tail === undefined) return { name: 'settings' }
  if (head === 'settings' && tail === 'profile') return { name: 'profile' }
  if (head === 'talk-log' && tail === undefined) return { name: 'talklog' }
  if (head === 'talk' && tail === undefined) return { name: 'talk', channel: null }
  if (head === 'talk' && isId(tail!)) return { name: 'talk', channel: Number(tail) }
  return { name: 'lost' }
}

/** /groups, /groups/3, /groups/3/17 */
function groups([group, person, ...rest]: (string | undefined)[]): Route {
  if (rest.length || (group !== undefined && !isId(group)) || (person !== undefined && !isId(person))) return { name: 'lost' }
  return { name: 'groups', group: group ? Number(group) : 0, person: person ? Number(person) : null }
}

function isId(text: string): boolean {
  return /^\d{1,15}$/.test(text)
}

class Router {
  route = $state.raw<Route>(parse(location.pathname))
  private here = location.pathname

  /** `replace` leaves no step behind for the back button. */
  go(path: string, replace = false): void {
    if (path === location.pathname || leaving.holds(() => this.go(path, replace))) return
    this.here = path
    history[replace ? 'replaceState' : 'pushState'](null, '', path)
    this.route = parse(path)
  }

  /** Follows the address and the links of this page until the returned function is called. */
  start(): () => void {
    const moved = () => {
      // The browser has gone back already: forward again, until the person has said yes.
      if (leaving.holds(() => history.back())) history.pushState(null, '', this.here)
      else this.route = parse((this.here = location.pathname))
    }
    const clicked = (event: MouseEvent) => {
      const link = event.target instanceof Element ? event.target.closest('a') : null
      if (!link || !isOurs(link, event)) return
      event.preventDefault()
      this.go(link.pathname)
    }
    addEventListener('popstate', moved)
    addEventListener('click', clicked)
    return () => {
      removeEventListener('popstate', moved)
      removeEventListener('click', clicked)
    }
  }
}

/** A plain click on a link to one of our pages; anything else is the browser's. */
function isOurs(link: HTMLAnchorElement, event: MouseEvent): boolean {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) {
    return false
  }
  if (link.target || link.origin !== location.origin || link.hash || link.hasAttribute('download')) return false
  return parse(link.pathname).name !== 'lost'
}

export const router = new Router()
