/** The Japanese sentences about files that are needed when there is one. */

const ja = {
  chosen: '添付するファイル',
  too_big: (max: string, size: string) => `${max} MBまで送信できます（このファイルは${size} MB）。`,
  too_many: (n: string) => `1回に送信できるファイルは${n}個までです。`,
  waiting: '順番を待っています',
  broken: '接続を待っています。続きから送信します。',
  sending: (sent: string, size: string) => `${sent} / ${size}`,
  checking: '確認中…',
  ready: '送信できます',
  failed: 'アップロードできませんでした。',
  retry: 'もう一度試す',
  remove: (name: string) => `${name}を外す`,
  progress: (name: string) => `${name}のアップロード`,
  done: (name: string) => `${name}をアップロードしました。`,
  refused: (name: string, why: string) => `${name}: ${why}`,
  viewer: '画像',
  place: (at: string, of: string) => `${at} / ${of}`,
  previous: '前の画像',
  next: '次の画像',
  zoom_in: '実際の大きさで表示',
  zoom_out: '画面に合わせる',
  from: (name: string, when: string) => `${name}さん・${when}`,
  broken_image: 'この画像は表示できません。削除されたか、トークルームから退出した可能性があります。',
}

export type FileWords = typeof ja
export default ja
