/* Extras for those who have JavaScript. */

// A button that shows what was typed as password.
for (const box of document.querySelectorAll('.secret[data-show]')) {
  const input = box.querySelector('input')
  const button = document.createElement('button')
  const show = (shown) => {
    input.type = shown ? 'text' : 'password'
    button.textContent = shown ? box.dataset.hide : box.dataset.show
    button.setAttribute('aria-pressed', String(shown))
  }
  button.type = 'button'
  button.className = 'reveal'
  button.setAttribute('aria-controls', input.id)
  button.addEventListener('click', () => {
    show(input.type === 'password')
    input.focus()
  })
  // What leaves the page leaves it as a password, so that browsers offer to keep it.
  input.form.addEventListener('submit', () => show(false))
  show(false)
  box.append(button)
}

// Signing out leaves nothing that was written here, as in the app (web/src/chat/unsent.ts).
document.querySelector('form[action="/signout"]')?.addEventListener('submit', () => {
  for (const key of Object.keys(localStorage)) if (/^renraku\.(draft|outbox)\./.test(key)) localStorage.removeItem(key)
})
