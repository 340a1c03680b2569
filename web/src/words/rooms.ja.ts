/** The Japanese sentences for making rooms and about them. */

const ja = {
  how: '話し方',
  direct_lead: '1人を選んで、2人だけで話します',
  group_lead: '数人を選んで、すぐに話します',
  closed_lead: '名前を付けて、招待した人だけで話します',
  open_lead: '名前を付けて、だれでも参加できます',
  name: 'トークルームの名前',
  people: 'メンバー',
  person: '話す相手',
  find: '氏名やふりがなで探す',
  find_member: 'メンバーを探す',
  found_none: '見つかりませんでした。ひらがなでも探せます。',
  chosen: '選んだ人',
  take_away: (name: string) => `${name}さんを外す`,
  create: '作成',
  join: '参加',
  open_room: '開く',
  open_find: '公開のトークルームを探す',
  open_none: '参加できる公開のトークルームはありません。',
  owner: '管理者',
  add: 'メンバーを追加',
  add_do: '追加',
  remove: '外す',
  remove_ask: (name: string) => `${name}さんをこのトークルームから外しますか？`,
  remove_do: '外す',
  rename: '名前を変える',
  leave_ask: (room: string) => `「${room}」から退出しますか？`,
  leave_closed: '退出すると、メンバーに追加されるまで、ここのメッセージは表示されません。',
  leave_open: '公開のトークルームなので、いつでもまた参加できます。',
  leave_lead: '退出すると、ここのメッセージは表示されなくなります。',
  logged_none: 'このトークは記録されています。閲覧できる人は、まだ指定されていません。',
  logged: (n: string) => `このトークは記録され、管理者が指定した人（${n}人）が閲覧できます。`,
}

export type RoomWords = typeof ja
export default ja
