/** The Japanese sentences for saying how one can be reached. */

const ja = {
  off: 'オフ',
  auto: '在席（自動）',
  auto_lead: '5分間操作がないと、離席中と表示されます。',
  away_lead: '操作していても、離席中と表示されます。',
  out_lead: '戻る時刻を知らせます。',
  back: '戻る時刻',
  half_hour: '30分後',
  hour: '1時間後',
  today: '今日の終わり',
  open: '決めない',
  pick: '日時を選ぶ',
  set: '設定',
  past: 'これからの日時を選んでください。',
}

export type PresenceWords = typeof ja
export default ja
