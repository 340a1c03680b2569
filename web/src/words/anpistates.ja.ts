/** The Japanese words for how somebody is; of lists, badges and boards. */

const ja = {
  unanswered: '未回答',
  any: '回答済',
  self: { safe: '無事', minor: '軽傷', major: '重傷', other: 'その他' },
  help: '要支援',
  drill: '訓練',
  family: { safe: '全員無事', hurt: 'けが人がいる', checking: '確認中', none: '家族なし・回答しない' },
  house: { none: 'なし', partly: '一部あり', lost: '住めない', unknown: 'わからない' },
  work: { can: '出社できる', home: '在宅で働ける', cannot: '出社できない', unknown: 'わからない' },
  channel: {
    mail: 'メール',
    push: '通知',
    sms: 'SMS',
    talk: 'トーク',
    directory: 'アプリ',
    reply: 'メール返信',
    proxy: '代理回答',
    bulk: '代理回答（まとめて）',
    queue: 'アプリ（オフラインで入力）',
  },
  sent: { reached: '送信済', waiting: '送信待ち', failed: '不達', none: '宛先なし' },
  heads: {
    self: '本人',
    family: '家族の安否',
    house: '自宅の被害',
    work: '出社の可否',
    where: 'いまいる場所',
    comment: 'ひとこと',
    location: '位置情報',
  },
}

export type StateWords = typeof ja
export default ja
