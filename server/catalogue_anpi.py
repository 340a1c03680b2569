"""The strings of the safety check: refusals, and the names of what is entered."""

from __future__ import annotations

from server.catalogue_directory import Both

ERRORS: dict[str, Both] = {
    # ---------------------------------------------------------------- sending
    "push_host": {
        "ja": "このブラウザの通知サービスには対応していません。",
        "en": "The notification service of this browser is not supported.",
    },
    # ---------------------------------------------------------------- incidents
    "line_break": {"ja": "{field}は1行で入力してください（改行は使えません）。", "en": "{field}: one line only."},
    "closing_pair": {
        "ja": "終了案内メール発信日時と終了案内メールアドレスは、両方を入力するか、両方とも空にしてください。",
        "en": "Enter both the time and the address of the closing mail, or neither.",
    },
    "closing_past": {
        "ja": "終了案内メール発信日時は、これからの日時にしてください。",
        "en": "The time of the closing mail must lie in the future.",
    },
    "no_public_url": {
        "ja": "回答リンクの公開URLが設定されていないため、登録できません。"
        "サーバの管理者に RENRAKU_PUBLIC_URL の設定を依頼してください。",
        "en": "Links to answer have no public address yet. Please have RENRAKU_PUBLIC_URL set on the server.",
    },
    "incident_closed": {
        "ja": "この安否確認は完了しています。画面を更新してください。",
        "en": "This safety check has been completed. Please reload the page.",
    },
    "incident_suspended": {
        "ja": "この訓練は、実際の安否確認が始まったため中断されています。",
        "en": "This drill was suspended because a real safety check has begun.",
    },
    "incident_cancelled": {
        "ja": "この安否確認は、情報が取り消されたため発信できません。",
        "en": "The report behind this safety check was withdrawn, so nothing more is sent.",
    },
    "incident_fixed": {
        "ja": "すでに発信したため、変更できません。",
        "en": "This has been sent already and can no longer be changed.",
    },
    "asking_again": {
        "ja": "未回答の人への再送を準備しています。少し待ってから、もう一度お試しください。",
        "en": "Those who have not answered are being asked again at this moment. Please try again shortly.",
    },
    "nobody_found": {"ja": "対象になる人がいません。", "en": "Nobody would be asked."},
    "send_count": {
        "ja": "対象者が{people}人に変わりました。確認してもう一度「発信」を押してください。",
        "en": "It would now be sent to {people} people. Please check and press Send again.",
    },
    "not_sent_yet": {"ja": "まだ発信していません。", "en": "This has not been sent yet."},
    "first_question_only": {
        "ja": "必須にできるのは、最初の質問だけです。",
        "en": "Only the first question can be required.",
    },
    "choices_needed": {"ja": "選択肢を2つ以上入力してください。", "en": "Please enter at least two choices."},
    "unknown_variable": {
        "ja": "「{{{name}}}」という変数はありません。使えるのは {{氏名}} {{震度}} {{地域}} {{発生時刻}} です。",
        "en": "There is no variable {{{name}}}. You can use {{氏名}}, {{震度}}, {{地域}} and {{発生時刻}}.",
    },
    # ---------------------------------------------------------------- what the earth does
    "hazard_signature": {
        "ja": "署名または時刻が正しくないため、受け付けません。",
        "en": "The signature or its time is not right.",
    },
    "rule_threshold": {
        "ja": "ルールの基準が、種類に合っていません。",
        "en": "The threshold does not belong to this kind of rule.",
    },
    "rule_area": {
        "ja": "ルールの地域に、使えないコードがあります。",
        "en": "The rule names an area that does not exist.",
    },
    # ---------------------------------------------------------------- 安否の連絡先
    "contact_known": {
        "ja": "このアドレスは登録済みです。",
        "en": "This address is on your list already.",
    },
    "contacts_full": {
        "ja": "安否の連絡先は{limit}件までです。",
        "en": "You can have up to {limit} addresses.",
    },
    "contact_mails_full": {
        "ja": "確認メールは1日に{limit}通までです。明日もう一度お試しください。",
        "en": "Up to {limit} confirmation mails a day. Please try again tomorrow.",
    },
    "templates_full": {"ja": "定型文は{limit}件までです。", "en": "There can be up to {limit} templates."},
}

FIELDS: dict[str, Both] = {
    "areas": {"ja": "地域", "en": "areas"},
    "threshold": {"ja": "基準", "en": "threshold"},
    "incident_title": {"ja": "表題", "en": "title"},
    "message": {"ja": "メッセージ", "en": "message"},
    "count_from": {"ja": "集計開始日時", "en": "start of counting"},
    "closing_at": {"ja": "終了案内メール発信日時", "en": "time of the closing mail"},
    "closing_to": {"ja": "終了案内メールアドレス", "en": "address of the closing mail"},
    "questions": {"ja": "質問", "en": "questions"},
    "choices": {"ja": "選択肢", "en": "choices"},
    "template_name": {"ja": "定型文の名前", "en": "name of the template"},
    "emergency_number": {"ja": "緊急連絡先", "en": "emergency number"},
    "sender_name": {"ja": "発信者の名前", "en": "sender"},
    "remind": {"ja": "自動再送", "en": "asking again"},
    "managers": {"ja": "設定を管理する人", "en": "who manages the settings"},
    "message_early": {"ja": "メッセージ（緊急地震速報）", "en": "message (early warning)"},
    "message_warning": {"ja": "メッセージ（津波・特別警報）", "en": "message (tsunami, special warning)"},
    "people": {"ja": "対象者", "en": "people"},
}

WORDS: dict[str, Both] = {
    # ---------------------------------------------------------------- letters about incidents
    "anpi.closing_subject": {"ja": "終了案内：{title}", "en": "Closing notice: {title}"},
    "anpi.closing_mail": {
        "ja": "安否確認「{title}」の終了案内です。\n\n対象者　 : {people}人\n回答済み : {answered}人\n"
        "未回答　 : {unanswered}人\n要支援　 : {support}人\n\n集計 : {link}\n",
        "en": "This is the closing notice of the safety check “{title}”.\n\nAsked: {people}\nAnswered: {answered}\n"
        "No answer: {unanswered}\nIn need of help: {support}\n\nTotals: {link}\n",
    },
    "anpi.open_subject": {"ja": "まだ完了していません：{title}", "en": "Still open: {title}"},
    "anpi.open_mail": {
        "ja": "安否確認「{title}」は、発信から72時間以上受付中のままです。\n"
        "確認が終わっていれば「完了にする」を押してください。電話帳の安否表示が消えます。\n\n{link}\n",
        "en": "The safety check “{title}” has been open for more than 72 hours.\n"
        "If it is over, please press Complete: the safety marks in the directory will go.\n\n{link}\n",
    },
    # ---------------------------------------------------------------- a mail that is sent to be seen
    "anpi.trial_title": {"ja": "【テスト】安否確認メールの送信テスト", "en": "[TEST] Safety check mail"},
    "anpi.trial_message": {
        "ja": "これはテストメールです。災害は発生していません。\n"
        "安否確認のメールが届くことを確かめるため、「自動発信の準備」から送信しました。",
        "en": "This is a test. Nothing has happened.\n"
        "It was sent from “Ready for automatic sending”, to see whether mails of the safety check arrive.",
    },
    # ---------------------------------------------------------------- sources that fall silent, to administrators
    "hazard.silent_subject": {
        "ja": "安否確認：{source}から受信していません",
        "en": "Safety check: nothing is heard from {source}",
    },
    "hazard.silent": {
        "ja": "{source}から、{minutes}分以上何も受信していません。\n"
        "受信が再開するまで、この情報源からは安否確認を自動で発信できません。\n\n"
        "最後の受信 : {heard}\n受信中のほかの情報源 : {others}\n",
        "en": "Nothing has been heard from {source} for more than {minutes} minutes.\n"
        "Until it is back, it cannot start a safety check by itself.\n\n"
        "Last heard: {heard}\nOther sources that are heard: {others}\n",
    },
    "hazard.back_subject": {
        "ja": "安否確認：{source}からの受信が再開しました",
        "en": "Safety check: {source} is heard again",
    },
    "hazard.back": {
        "ja": "{source}からの受信が再開しました（{heard}）。\n",
        "en": "Again we hear from {source} ({heard}).\n",
    },
    "hazard.source.jma": {"ja": "気象庁防災情報XML", "en": "the JMA XML feed"},
    "hazard.source.p2p": {"ja": "P2P地震情報", "en": "P2P Quake"},
    "hazard.source.dmdata": {"ja": "dmdata.jp", "en": "dmdata.jp"},
    "hazard.source.none": {"ja": "なし", "en": "none"},
    "hazard.source.never": {"ja": "なし", "en": "never"},
    # ---------------------------------------------------------------- what the earth does, to administrators
    "hazard.subject": {
        "ja": "安否確認：災害情報を受信しました",
        "en": "Safety check: a hazard report has come in",
    },
    "hazard.told.aftershock": {
        "ja": "しばらく前に安否を確認した地域について、また災害情報を受信しました。"
        "前回と同じかそれより弱いため、自動では発信していません。",
        "en": "Another report is about areas where people were asked a short while ago, no stronger than before. "
        "Nobody was asked again.",
    },
    "hazard.told.too_old": {
        "ja": "基準に達する災害情報を受信しましたが、発表から時間がたっているため、自動では発信していません。"
        "必要であれば、災害登録から発信してください。",
        "en": "A report reached your rules, but it was issued too long ago to act upon. Nobody was asked. If people "
        "should be asked, please register the disaster yourself.",
    },
    "hazard.told.cancelled_waiting": {
        "ja": "発信を待っている間に情報が取り消されたため、発信していません。",
        "en": "The report was withdrawn while its sending was waiting. Nobody was asked.",
    },
    "hazard.told.unobserved": {
        "ja": "緊急地震速報によって安否確認を発信しましたが、10分たっても、基準に達する震度は観測されていません"
        "（EEWのみ・観測なし）。自動の再送を止めました。必要がなければ、完了にしてください。",
        "en": "An early warning started a safety check, and after ten minutes no intensity at your rules has been "
        "observed. Nobody is reminded any more. If it is not needed, complete it.",
    },
    "hazard.told.cancelled": {
        "ja": "この安否確認のもとになった情報が取り消されました。"
        "届いた人には取消のお知らせを送っています。回答は残ります。",
        "en": "The report behind this safety check was withdrawn. Those who were reached are being told. Answers "
        "stay.",
    },
    "hazard.told.other": {
        "ja": "災害情報の扱いが変わりました。自動では発信していません。",
        "en": "What is known of a hazard has changed. Nobody was asked.",
    },
    "hazard.what": {"ja": "{at}　{place}　最大震度 {level}", "en": "{at}  {place}  maximum intensity {level}"},
    "hazard.credit": {"ja": "出典：気象庁", "en": "Source: Japan Meteorological Agency"},
    # ---------------------------------------------------------------- 安否の連絡先
    "contact.subject": {"ja": "安否の連絡先の確認", "en": "Please confirm your address for safety checks"},
    "contact.mail": {
        "ja": "{name} 様\n\n"
        "このアドレスが、安否の連絡先として登録されました。\n"
        "次のページを開いて、「このアドレスで受け取る」を押してください。\n\n"
        "{link}\n\n"
        "リンクは{days}日間使えます。心当たりがないときは、このメールを削除してください。何も起こりません。\n",
        "en": "Dear {name},\n\n"
        "This address was entered for safety checks.\n"
        "Please open this page and press “Receive safety checks here”:\n\n"
        "{link}\n\n"
        "The link works for {days} days. If you did not expect this mail, delete it; nothing will happen.\n",
    },
    "contact.title": {"ja": "安否の連絡先の確認", "en": "Your address for safety checks"},
    "contact.ask": {
        "ja": "地震などのとき、{address} に安否確認のメールを送ります。",
        "en": "After an earthquake, safety checks are sent to {address}.",
    },
    "contact.confirm": {"ja": "このアドレスで受け取る", "en": "Receive safety checks here"},
    "contact.done": {
        "ja": "確認できました。安否確認のメールは、このアドレスにも届きます。",
        "en": "Confirmed. Safety checks will be sent to this address, too.",
    },
    "contact.invalid": {
        "ja": "このリンクは使えません。設定の「安否の連絡先」から、確認メールをもう一度送ってください。",
        "en": "This link does not work. Please send the confirmation mail again from Settings.",
    },
}
