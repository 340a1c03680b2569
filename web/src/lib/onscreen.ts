/** Tells when an element comes into sight and when it goes. One observer for all of them. */

const told = new WeakMap<Element, (seen: boolean) => void>()
let observer: IntersectionObserver | undefined

/** `changed` is called with each change, until the returned function is called. */
export function onScreen(element: Element, changed: (seen: boolean) => void): () => void {
  observer ??= new IntersectionObserver((entries) => {
    for (const entry of entries) told.get(entry.target)?.(entry.isIntersecting)
  })
  told.set(element, changed)
  observer.observe(element)
  return () => {
    told.delete(element)
    observer?.unobserve(element)
  }
}
