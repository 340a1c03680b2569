/** Is there room for a third column beside the list? */
import { MediaQuery } from 'svelte/reactivity'

export const threeColumns = new MediaQuery('(min-width: 1120px)')
export const phone = new MediaQuery('(max-width: 720px)')
