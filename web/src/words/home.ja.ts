/** The Japanese sentences of the first page. Its shape is the type that the English ones satisfy. */

const ja = {
  morning: (name: string) => `${name}さん、おはようございます`,
  day: (name: string) => `${name}さん、こんにちは`,
  evening: (name: string) => `${name}さん、こんばんは`,
  unread: (n: string) => `未読のメッセージ ${n}件`,
  all_read: '未読のメッセージはありません',
  newest: '最近のトークルーム',
  open_talk: 'トークを開く',
  no_rooms: 'トークルームはまだありません。',
  directory_lead: '氏名・部署・電話番号で探す、電話をかける、トークする',
  settings_lead: '言語、画面の色、ログイン中の端末',
  admin_lead: '部署、ユーザ、企業情報',
  anpi_lead: '災害登録、発信、回答の確認、集計',
  talk_log: 'トークログダウンロード',
  talk_log_lead: '記録されたトークを、期間・トークルーム・メンバーで取り出す',
}

export type HomeWords = typeof ja
export default ja
