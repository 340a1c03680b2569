/** The Japanese sentences of the settings. */

const ja = {
  language: '言語',
  scheme: '画面の色',
  scheme_auto: '端末の設定に合わせる',
  scheme_light: 'ライト',
  scheme_dark: 'ダーク',
  scheme_hint: 'このブラウザだけに保存されます。',
  account: 'アカウント',
  profile: 'プロフィールと写真',
  name: '氏名',
  id: 'ログインID',
  password: 'パスワード',
  password_change: 'パスワードを変更',
  devices: 'ログイン中の端末',
  this_device: 'この端末',
  seen: (when: string) => `最終利用 ${when}`,
  since: (when: string) => `ログイン ${when}`,
  unknown_device: '不明な端末',
  end: 'ログアウトさせる',
  others: 'ほかの端末をすべてログアウト',
  others_ask: 'ほかの端末をすべてログアウトしますか？',
  others_lead: 'この端末はログインしたままです。',
  others_do: 'ログアウトさせる',
  others_done: 'ほかの端末をログアウトしました。',
  only_here: 'ほかにログイン中の端末はありません。',
  out: 'ログアウト',
  out_ask: (n: string) => `まだ送信されていないメッセージが${n}件あります。ログアウトしますか？`,
  out_lead: 'ログアウトすると、送信されずに消えます。',
  out_do: 'ログアウトする',
}

export type SettingsWords = typeof ja
export default ja
