/** Begins the app: who is signed in, in which language, then the page. */
import { mount } from 'svelte'

import App from './App.svelte'
import * as api from './lib/api'
import { showScheme } from './lib/scheme'
import { fitToKeyboard } from './lib/viewport'
import Unreachable from './shell/Unreachable.svelte'
import './styles/base.css'
import { words } from './words/words.svelte'

const target = document.getElementById('app')!

async function begin(): Promise<void> {
  // Fetched while the server is asked who is signed in; whoever comes to his talk needs none of it.
  if (location.pathname === '/') import('./home/Home.svelte').catch(() => {})
  showScheme()
  fitToKeyboard()
  try {
    const me = await api.me()
    await words.choose(me.language)
    mount(App, { target, props: { me } })
  } catch (error) {
    if (!api.mendedElsewhere(error)) mount(Unreachable, { target })
  }
}

void begin()
