/**
 * Keeps the page above the on-screen keyboard where the browser lays it over the page (Safari on iOS). Others
 * shrink the page themselves (`interactive-widget=resizes-content`).
 */
const KEYBOARD_AT_LEAST_PX = 120

export function fitToKeyboard(): void {
  const view = window.visualViewport
  if (!view) return
  const fit = () => {
    const style = document.documentElement.style
    const covered = window.innerHeight - view.height * view.scale
    if (covered < KEYBOARD_AT_LEAST_PX) return style.removeProperty('--app-height')
    style.setProperty('--app-height', `${view.height}px`)
    // Safari scrolls the page under the keyboard; the page is exactly as high as what is left.
    window.scrollTo(0, 0)
  }
  view.addEventListener('resize', fit)
}
