/** What is written of a file that somebody has chosen. Pure. */
import { words } from '../../words/words.svelte'

/** What is pasted has the same name every time: the time tells them apart. */
export function nameOf(file: File): string {
  if (!/^image\.(png|jpe?g|gif)$/i.test(file.name)) return file.name
  const when = new Date(file.lastModified || Date.now())
  const two = (n: number) => String(n).padStart(2, '0')
  const day = `${when.getFullYear()}${two(when.getMonth() + 1)}${two(when.getDate())}`
  return file.name.replace('.', `-${day}-${two(when.getHours())}${two(when.getMinutes())}${two(when.getSeconds())}.`)
}

/** With one figure after the point, rounded up: never less than it is. */
export function mebibytes(bytes: number): string {
  return words.n(Math.ceil((bytes / 1024 / 1024) * 10) / 10)
}
