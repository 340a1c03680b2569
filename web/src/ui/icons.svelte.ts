/** Signs, drawn on 24 × 24. Those of parts that are fetched later come after the first drawing (`icons.late.ts`). */
import type { LateIcon } from './icons.late'

const first = {
  home: 'M4 10.5 12 4l8 6.5V19a1 1 0 0 1-1 1h-4.5v-5.5h-5V20H5a1 1 0 0 1-1-1z',
  talk: 'M5 5h14a1.5 1.5 0 0 1 1.5 1.5v8A1.5 1.5 0 0 1 19 16h-7l-4.5 3.8V16H5a1.5 1.5 0 0 1-1.5-1.5v-8A1.5 1.5 0 0 1 5 5zM8 9h8M8 12h5',
  settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 4.8a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4zM9 14.8a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4z',
  plus: 'M12 5v14M5 12h14',
  directory: 'M6.5 3.5H18a1 1 0 0 1 1 1v15a1 1 0 0 1-1 1H6.5a1 1 0 0 1-1-1v-15a1 1 0 0 1 1-1zM3.5 8h3M3.5 12h3M3.5 16h3M12.5 7.8a2.1 2.1 0 1 0 0 4.2 2.1 2.1 0 0 0 0-4.2zM9 16.5c.3-1.8 1.7-2.7 3.5-2.7s3.2.9 3.5 2.7',
  mail: 'M4.5 5.5h15a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1h-15a1 1 0 0 1-1-1v-11a1 1 0 0 1 1-1zM4 7l8 6 8-6',
  search: 'M10.5 4.5a6 6 0 1 0 0 12 6 6 0 0 0 0-12zM15 15l4.5 4.5',
  send: 'M4.5 12 4 5l16.5 7L4 19zM4.5 12H12',
  back: 'M15 5l-7 7 7 7',
  down: 'M12 5v14M6 13l6 6 6-6',
  more: 'M5.5 12h.01M12 12h.01M18.5 12h.01',
  close: 'M6 6l12 12M18 6 6 18',
  open: 'M9.5 4 7.5 20M16.5 4l-2 16M4.5 9h16M3.5 15h16',
  closed: 'M6.5 11h11a1 1 0 0 1 1 1v7a1 1 0 0 1-1 1h-11a1 1 0 0 1-1-1v-7a1 1 0 0 1 1-1zM8 11V8a4 4 0 0 1 8 0v3',
  direct: 'M12 4.5a3.75 3.75 0 1 0 0 7.5 3.75 3.75 0 0 0 0-7.5zM5 20c.6-3.6 3.3-5.5 7-5.5s6.4 1.9 7 5.5',
  group: 'M9 5.5a3.25 3.25 0 1 0 0 6.5 3.25 3.25 0 0 0 0-6.5zM2.8 19c.5-3.2 2.9-4.8 6.2-4.8s5.7 1.6 6.2 4.8M15.8 5.8a3 3 0 0 1 0 5.9M17.5 14.5c2.1.5 3.4 2 3.7 4.5',
  notice: 'M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 2h-15zM10 21h4',
  info: 'M12 3.8a8.2 8.2 0 1 0 0 16.4 8.2 8.2 0 0 0 0-16.4zM12 11v5M12 8h.01',
  edit: 'M5 19l.8-3.8L16 5l3 3L8.8 18.2zM14 7l3 3',
  trash: 'M5 7h14M10 7V5h4v2M7 7l.8 12h8.4L17 7',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  alert: 'M12 4.5 3.5 19.5h17zM12 10v4.5M12 17h.01',
  offline: 'M4 9.5a12 12 0 0 1 5-2.9M12.5 6a12 12 0 0 1 7.5 3.5M7 13a7.5 7.5 0 0 1 4-2.1M16 12.3l1 .7M12 17.5h.01M4 4l16 16',
  admin: 'M12 3.8l7 2.7v5c0 4.3-2.9 7.2-7 8.7-4.1-1.5-7-4.4-7-8.7v-5zM9 12l2.2 2.2L15.2 10',
  download: 'M12 4.5v11M7.5 11.5 12 16l4.5-4.5M5 19.5h14',
  log: 'M6.5 3.5h8l4 4v12a1 1 0 0 1-1 1h-11a1 1 0 0 1-1-1v-15a1 1 0 0 1 1-1zM14 3.5V8h4.5M9 12h6M9 15.5h6',
  clip: 'M19.5 11.5l-7.8 7.8a5 5 0 0 1-7-7l8.1-8.2a3.4 3.4 0 0 1 4.8 4.8l-8 8a1.7 1.7 0 0 1-2.5-2.4l7.3-7.3',
  refresh: 'M19 12a7 7 0 1 1-2.2-5.1M19 4v4h-4',
}

export type IconName = keyof typeof first | LateIcon

class Icons {
  paths = $state.raw<Partial<Record<IconName, string>>>(first)

  add(more: Record<LateIcon, string>): void {
    this.paths = { ...this.paths, ...more }
  }
}

export const icons = new Icons()
