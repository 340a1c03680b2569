/** What every page has, and nothing waits for: fetched after the first drawing. */
import { lateIcons } from './ui/icons.late'
import { icons } from './ui/icons.svelte'

export { default as Banner } from './anpi/mine/Banner.svelte'
export { Photos } from './chat/photos.svelte'

icons.add(lateIcons)
