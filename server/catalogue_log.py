"""The talk log's strings: refusals of its screen, and what stands in the files that are downloaded."""

from __future__ import annotations

from server.catalogue_directory import Both

ERRORS: dict[str, Both] = {
    "log_period": {
        "ja": "期間の開始日は、終了日より前にしてください。",
        "en": "The period must not end before it begins.",
    },
    "log_segment_gone": {
        "ja": "このトークログは保存期間を過ぎたため、ダウンロードできません。",
        "en": "This part of the talk log is no longer kept.",
    },
    "hold_released": {
        "ja": "この保全は、すでに解除されています。",
        "en": "This hold has been released already.",
    },
    "log_downloads_busy": {
        "ja": "ほかのダウンロードが進行中です。{seconds}秒後にもう一度お試しください。",
        "en": "Other downloads are under way. Please try again in {seconds} seconds.",
    },
}

FIELDS: dict[str, Both] = {
    "reason": {"ja": "理由", "en": "reason"},
    "from": {"ja": "期間", "en": "period"},
}

WORDS: dict[str, Both] = {
    "talklog.head_subject": {"ja": "トークログの控え {n}", "en": "Head of the talk log {n}"},
    "talklog.head_mail": {
        "ja": "{company}のトークログの控えです。このメールは消さずに保管してください。\n\n番号　　 : {n}\n"
        "ハッシュ : {hash}\n日時　　 : {at}\n署名鍵　 : {key}\n\n"
        "この番号までの記録が後から変更、削除されていないことを、次の命令で確認できます。\n"
        "renraku talklog verify フォルダー --head {n}:{hash}\n",
        "en": "This is the head of the talk log of {company}. Please keep this mail.\n\nNumber: {n}\nHash: {hash}\n"
        "Time: {at}\nKey: {key}\n\nThat nothing up to this number was changed or removed later can be proved by\n"
        "renraku talklog verify FOLDER --head {n}:{hash}\n",
    },
    "log.column.at": {"ja": "日時", "en": "Time"},
    "log.column.n": {"ja": "番号", "en": "Number"},
    "log.column.kind": {"ja": "種別", "en": "Kind"},
    "log.column.room": {"ja": "トークルーム", "en": "Room"},
    "log.column.sender": {"ja": "送信者", "en": "Sender"},
    "log.column.receiver": {"ja": "受信者", "en": "Receiver"},
    "log.column.text": {"ja": "本文", "en": "Text"},
    "log.column.before": {"ja": "変更前", "en": "Before"},
    "log.column.files": {"ja": "ファイル", "en": "Files"},
    "log.column.sha256": {"ja": "SHA-256（送信時）", "en": "SHA-256 as sent"},
    "log.column.stored_sha256": {"ja": "SHA-256（保存時）", "en": "SHA-256 as stored"},
    "log.kind.sent": {"ja": "送信", "en": "sent"},
    "log.kind.edited": {"ja": "編集", "en": "edited"},
    "log.kind.deleted": {"ja": "削除", "en": "deleted"},
    "log.kind.created": {"ja": "ルーム作成", "en": "room made"},
    "log.kind.joined": {"ja": "参加", "en": "joined"},
    "log.kind.left": {"ja": "退出", "en": "left"},
    "log.kind.renamed": {"ja": "ルーム名変更", "en": "room renamed"},
    "log.kind.owner": {"ja": "管理者の交代", "en": "new owner"},
    "log.kind.file_refused": {"ja": "ファイル送信不可", "en": "file refused"},
    "log.kind.policy": {"ja": "ファイル種別の設定変更", "en": "file policy changed"},
    "log.kind.privilege": {"ja": "権限の変更", "en": "rights changed"},
    "log.kind.download": {"ja": "トークログダウンロード", "en": "talk log downloaded"},
    "log.kind.file_read": {"ja": "ファイルの閲覧", "en": "file read from the log"},
    "log.kind.hold": {"ja": "保全", "en": "legal hold"},
    "log.kind.expired": {"ja": "保存期間終了", "en": "no longer kept"},
    "log.direct": {"ja": "1対1トーク", "en": "direct talk"},
    "log.members": {"ja": "{members}人", "en": "{members} people"},
    "log.conversations": {"ja": "トークルーム", "en": "Conversations"},
    "log.roomless": {"ja": "ルーム以外の記録", "en": "Records outside rooms"},
    "log.file_gone": {"ja": "このファイルは保存されていません", "en": "this file is kept no more"},
    "log.left_company": {"ja": "{name}（退職）", "en": "{name} (has left)"},
    "log.title": {"ja": "トークログ", "en": "Talk log"},
    "log.fact.by": {"ja": "ダウンロードした人", "en": "Downloaded by"},
    "log.fact.at": {"ja": "ダウンロード日時", "en": "Downloaded at"},
    "log.fact.reason": {"ja": "理由", "en": "Reason"},
    "log.fact.period": {"ja": "期間", "en": "Period"},
    "log.fact.people": {"ja": "メンバー", "en": "People"},
    "log.fact.rooms": {"ja": "トークルーム", "en": "Rooms"},
    "log.fact.until": {"ja": "最後の番号", "en": "Up to number"},
    "log.fact.lines": {"ja": "行数", "en": "Lines"},
    "log.fact.all": {"ja": "すべて", "en": "all"},
}
