/** What a drag or the clipboard brings. */

export function filesIn(data: DataTransfer): { files: File[]; folders: boolean } {
  const items = [...data.items].filter((item) => item.kind === 'file')
  const isFolder = (item: DataTransferItem) => item.webkitGetAsEntry?.()?.isDirectory ?? false
  const files = items.filter((item) => !isFolder(item)).flatMap((item) => item.getAsFile() ?? [])
  return { files, folders: items.some(isFolder) }
}

/** What is copied from a sheet comes as text and as its picture: the text is meant. */
export function pastedFiles(data: DataTransfer | null): File[] {
  if (!data || data.types.includes('text/plain')) return []
  return [...data.files]
}

export type Over = '' | 'over' | 'beside'

/** What to tell of a drag over `place`; '' when it brings no files. The browser is kept from leaving for them. */
export function draggedOver(event: DragEvent, place: HTMLElement | undefined, off: boolean): Over {
  const data = event.dataTransfer
  if (!data?.types.includes('Files')) return ''
  event.preventDefault()
  const inside = !!place?.contains(event.target as Node)
  data.dropEffect = inside && !off ? 'copy' : 'none'
  return inside ? 'over' : 'beside'
}

/** Whatever is let go beside the places for it: the page stays, instead of the file taking its place. */
export function keepPage(): () => void {
  const keep = (event: DragEvent) => {
    const data = event.dataTransfer
    if (event.defaultPrevented || !data?.types.includes('Files')) return
    // A field for files takes them by itself.
    if ((event.target as Element).closest?.('input[type=file]')) return
    event.preventDefault()
    if (event.type === 'dragover') data.dropEffect = 'none'
  }
  addEventListener('dragover', keep)
  addEventListener('drop', keep)
  return () => {
    removeEventListener('dragover', keep)
    removeEventListener('drop', keep)
  }
}
