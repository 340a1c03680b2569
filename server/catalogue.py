"""The strings of ``server/texts.py`` in both languages, in the style of WORDING.

``error.<code>`` is the sentence of a refusal; ``{…}`` is a variable. A test finds a code without a sentence.
"""

from __future__ import annotations

from server import (
    catalogue_anpi,
    catalogue_answers,
    catalogue_directory,
    catalogue_files,
    catalogue_log,
    catalogue_pages,
)
from server.catalogue_directory import Both as Both

_ERRORS: dict[str, Both] = {
    # ---------------------------------------------------------------- any request
    "invalid": {"ja": "この要求は処理できません。", "en": "This request cannot be processed."},
    "signed_out": {
        "ja": "ログインしていません。もう一度ログインしてください。",
        "en": "You are signed out. Please sign in again.",
    },
    "forbidden": {
        "ja": "表示する権限がないか、存在しないページです。",
        "en": "Not found, or not yours to see.",
    },
    "not_found": {
        "ja": "表示する権限がないか、存在しないページです。",
        "en": "Not found, or not yours to see.",
    },
    "conflict": {
        "ja": "ほかの人が先に変更しました。もう一度確認してください。",
        "en": "Someone else made changes first. Please check again.",
    },
    "bad_time": {
        "ja": "戻る時刻は、これから1年以内で指定してください。",
        "en": "Choose a return time within the coming year.",
    },
    "busy": {
        "ja": "混み合っています。{seconds}秒後にもう一度お試しください。",
        "en": "Busy. Please try again in {seconds} seconds.",
    },
    "too_fast": {
        "ja": "送信が速すぎます。{seconds}秒後にもう一度お試しください。",
        "en": "Too fast. Please try again in {seconds} seconds.",
    },
    "unavailable": {
        "ja": "いまは保存できません。しばらくしてからもう一度お試しください。",
        "en": "This cannot be saved right now. Please try again shortly.",
    },
    "disk_full": {
        "ja": "サーバの空き容量が足りないため、いまは保存できません。管理者に連絡してください。",
        "en": "The server's disk is nearly full, so this cannot be saved now. Please tell your administrator.",
    },
    "crowded": {
        "ja": "いまは接続が多すぎます。{seconds}秒後にもう一度お試しください。",
        "en": "Too many are connected right now. Please try again in {seconds} seconds.",
    },
    "internal": {
        "ja": "サーバで問題が起きました。管理者に番号 {request_id} をお伝えください。",
        "en": "Something went wrong on the server. Please tell your administrator this number: {request_id}.",
    },
    "bad_host": {
        "ja": "このサーバは「{host}」という名前では応答しません。"
        "管理者は RENRAKU_PUBLIC_URL か RENRAKU_HOSTS に設定してください。",
        "en": "This server does not answer to the name “{host}”."
        " An administrator can set RENRAKU_PUBLIC_URL or RENRAKU_HOSTS.",
    },
    "cross_site": {
        "ja": "ほかのサイトからの操作は受け付けません。このサイトのページを開いて、もう一度お試しください。",
        "en": "Requests from other sites are refused. Please open this site's own page and try again.",
    },
    "too_large": {
        "ja": "送られた内容が大きすぎます（上限 {limit} バイト）。",
        "en": "This is too large (at most {limit} bytes).",
    },
    "method": {"ja": "この操作はここではできません。", "en": "This cannot be done here."},
    "json_only": {"ja": "JSON で送ってください。", "en": "Please send JSON."},
    "form_only": {"ja": "フォームから送ってください。", "en": "Please send the form."},
    "bad_text": {
        "ja": "使えない文字が含まれています。取り除いてください。",
        "en": "There is a character that cannot be used. Please remove it.",
    },
    "required": {"ja": "{field}を入力してください。", "en": "Please enter {field}."},
    "field_too_long": {
        "ja": "{field}は{limit}文字以内で入力してください。",
        "en": "{field}: at most {limit} characters.",
    },
    "format": {"ja": "{field}の形式を確認してください。", "en": "Please check the format of {field}."},
    "unreadable": {
        "ja": "内容を読み取れませんでした。ファイルが壊れていないか確認してください。",
        "en": "This could not be read. Please check that the file is not damaged.",
    },
    "picture_type": {
        "ja": "JPEG・PNG・GIFの画像を選んでください。",
        "en": "Please choose a JPEG, PNG or GIF picture.",
    },
    "picture_pixels": {
        "ja": "画像が大きすぎます（{limit}万画素まで）。小さくしてからもう一度お試しください。",
        "en": "This picture is too large (at most {limit} × 10,000 pixels). Please make it smaller first.",
    },
    "too_long_to_read": {
        "ja": "読み取りに時間がかかりすぎたため、中止しました。小さく分けてもう一度お試しください。",
        "en": "Reading this took too long and was stopped. Please try again with a smaller file.",
    },
    "outbound_refused": {
        "ja": "このサーバからその接続先には接続できません。管理者に確認してください。",
        "en": "This server does not connect to that address. Please ask your administrator.",
    },
    "outbound_failed": {
        "ja": "接続先から正しい応答がありませんでした。しばらくしてからもう一度お試しください。",
        "en": "The other server did not answer properly. Please try again shortly.",
    },
    # ---------------------------------------------------------------- signing in
    "signin_wrong": {
        "ja": "ログインIDまたはパスワードが違います。",
        "en": "The login ID or password is wrong.",
    },
    "signin_wait": {
        "ja": "ログインに続けて失敗しました。{seconds}秒後にもう一度お試しください。",
        "en": "Too many attempts. Please wait {seconds} seconds.",
    },
    "needs_tls": {
        "ja": "この接続は暗号化されていないため、ログインできません。https のアドレスで開いてください。",
        "en": "This connection is not encrypted, so you cannot sign in. Please use the https address.",
    },
    "initial_expired": {
        "ja": "このパスワードの有効期限が切れています。管理者に新しいパスワードを依頼してください。",
        "en": "This password has expired. Please ask your administrator for a new one.",
    },
    "code_wrong": {
        "ja": "ログインIDまたはコードが違うか、コードの有効期限が切れています。",
        "en": "The login ID or the code is wrong, or the code has expired.",
    },
    "must_change": {
        "ja": "はじめに、新しいパスワードを設定してください。",
        "en": "Please choose a new password first.",
    },
    "must_agree": {
        "ja": "はじめに、利用目的に同意してください。ページを読み込み直すと表示されます。",
        "en": "Please accept the purpose of use first. It is shown when you reload the page.",
    },
    "password_short": {
        "ja": "パスワードは{limit}文字以上にしてください。",
        "en": "Please use at least {limit} characters.",
    },
    "password_long": {
        "ja": "パスワードは{limit}バイト以内にしてください（英数字なら{limit}文字）。",
        "en": "Please use at most {limit} bytes ({limit} letters or digits).",
    },
    "password_characters": {
        "ja": "パスワードに使えない文字が含まれています。取り除いてください。",
        "en": "There is a character that a password cannot have. Please remove it.",
    },
    "password_common": {
        "ja": "よく使われるパスワードです。ほかのパスワードにしてください。",
        "en": "This password is very common. Please choose another one.",
    },
    "password_guessable": {
        "ja": "ログインIDや会社名のほかに、{limit}文字以上を使ってください。",
        "en": "Please use at least {limit} characters besides the login ID and the company's name.",
    },
    "password_same": {
        "ja": "いまと違うパスワードにしてください。",
        "en": "Please choose a password that differs from the current one.",
    },
    "password_differs": {
        "ja": "新しいパスワードが2つで違います。同じものを入力してください。",
        "en": "The two new passwords differ. Please enter the same one twice.",
    },
    "password_current_wrong": {
        "ja": "いまのパスワードが違います。",
        "en": "The current password is wrong.",
    },
    "password_changed_meanwhile": {
        "ja": "パスワードはほかの画面で変更されました。もう一度ログインしてください。",
        "en": "The password was changed elsewhere. Please sign in again.",
    },
    # ---------------------------------------------------------------- the first run
    "setup_code_wrong": {
        "ja": "セットアップコードが違います。あと{left}回入力できます。",
        "en": "The setup code is wrong. Tries left: {left}.",
    },
    "setup_closed": {
        "ja": "セットアップコードを{limit}回間違えたか、まだ表示されていません。"
        "サーバを再起動するか1時間待つと、新しいコードが表示されます。",
        "en": "The setup code was wrong {limit} times, or none was shown yet. "
        "Restart the server for a new one, or wait an hour.",
    },
    # ---------------------------------------------------------------- people
    "no_such_login": {
        "ja": "ログインID「{login_id}」はありません。",
        "en": "There is no login ID “{login_id}”.",
    },
    "login_id_taken": {
        "ja": "ログインID「{login_id}」はすでに使われています。",
        "en": "The login ID “{login_id}” is already in use.",
    },
    "last_administrator": {
        "ja": "ユーザの管理者が1人もいなくなるため、変更できません。先にほかの人を管理者にしてください。",
        "en": "Nobody would be left to administer users. Please make someone else an administrator first.",
    },
    "not_yourself": {
        "ja": "自分に対してはできません。ほかの管理者に依頼してください。",
        "en": "You cannot do this to yourself. Please ask another administrator.",
    },
    "anpi_id_taken": {
        "ja": "安否ログインID「{anpi_login_id}」はすでに使われています。",
        "en": "The safety ID “{anpi_login_id}” is already in use.",
    },
    "anpi_id_first": {
        "ja": "先に安否ログインIDを登録してください。",
        "en": "Please set the safety ID first.",
    },
    "anpi_id_kept": {
        "ja": "安否の管理者です。先に権限コントロールの「安否」を外してください。",
        "en": "This is a safety administrator. Please untick “Safety check” in the privileges first.",
    },
    "anpi_admins_full": {
        "ja": "安否の管理者は{limit}人までです。",
        "en": "There can be up to {limit} safety administrators.",
    },
    "talk_log_needs_right": {
        "ja": "先に権限コントロールの「トーク」を付けてください。",
        "en": "Please tick “Talk” in the privileges first.",
    },
    "user_type_without": {
        "ja": "このユーザ区分では、{field}を設定できません。",
        "en": "A user of this type cannot have {field}.",
    },
    "login_domain": {
        "ja": "ログインIDのドメインが許可されていません。",
        "en": "This domain is not allowed in a login ID.",
    },
    "seats": {
        "ja": "{licence} が上限（{limit} ID）に達しています。",
        "en": "{licence}: the limit of {limit} IDs is reached.",
    },
    "licence_in_use": {
        "ja": "{licence} は {used} ID を使用中です。それより少なくはできません。",
        "en": "{licence}: {used} IDs are in use, so the number cannot be smaller.",
    },
    "too_many_values": {
        "ja": "{field}は{limit}件までです。",
        "en": "{field}: at most {limit}.",
    },
    "no_company": {
        "ja": "会社がまだ登録されていません。",
        "en": "There is no company yet.",
    },
    "no_sign_in": {
        "ja": "ログインしないユーザです。有効にしてから、もう一度お試しください。",
        "en": "This user does not sign in. Please enable the user first.",
    },
    "sheets_limit": {
        "ja": "一度に発行できるのは{limit}人までです。分けて発行してください。",
        "en": "At most {limit} people at once. Please do it in parts.",
    },
    # ---------------------------------------------------------------- imports
    "import_stale": {
        "ja": "プレビューのあとで、対象のデータが変わりました。もう一度プレビューしてください。",
        "en": "The data has changed since the preview. Please preview the file again.",
    },
    "import_other_file": {
        "ja": "プレビューしたファイルと違います。もう一度プレビューしてください。",
        "en": "This is not the file of the preview. Please preview it again.",
    },
    "import_not_ready": {
        "ja": "このプレビューは登録できません。エラーと確認事項を直してください。",
        "en": "This preview cannot be applied. Please mend the errors and tick what is asked.",
    },
    "import_interrupted": {
        "ja": "処理が途中で止まりました。何も登録されていません。もう一度「OK」を押してください。",
        "en": "The work was interrupted, and nothing was changed. Please press OK again.",
    },
    "file_not_written": {
        "ja": "ファイルに書き込めません（{reason}）。",
        "en": "The file cannot be written: {reason}.",
    },
    "nothing_to_undo": {
        "ja": "取り消せるインポートはありません。",
        "en": "There is no import that can be undone.",
    },
    # ---------------------------------------------------------------- talk
    "empty": {"ja": "メッセージを入力してください。", "en": "Please enter a message."},
    "too_long": {"ja": "{limit}文字以内で入力してください。", "en": "At most {limit} characters."},
    "empty_name": {"ja": "名前を入力してください。", "en": "Please enter a name."},
    "talk_disabled": {
        "ja": "トークが有効になっていません。管理者に確認してください。",
        "en": "Talk is not enabled for you. Please ask your administrator.",
    },
    "not_owner": {
        "ja": "トークルームの管理者だけができます。",
        "en": "Only an owner of this room can do this.",
    },
    "not_yours": {
        "ja": "自分のメッセージだけを変更できます。",
        "en": "You can change only your own messages.",
    },
    "already_deleted": {
        "ja": "このメッセージは削除されています。",
        "en": "This message has been deleted.",
    },
    "too_late": {
        "ja": "送信から{hours}時間を過ぎたため、変更できません。",
        "en": "This was sent more than {hours} hours ago and can no longer be changed.",
    },
    "alone": {
        "ja": "自分だけのトークは作れません。相手を選んでください。",
        "en": "Please choose someone else to talk to.",
    },
    "two_only": {
        "ja": "1対1のトークではできません。グループを作ってください。",
        "en": "This cannot be done in a direct talk. Please create a group.",
    },
    "notice_room": {
        "ja": "お知らせには書き込めません。",
        "en": "You cannot write to notices.",
    },
    "large_room": {
        "ja": "{limit}人までのトークルームで使えます。",
        "en": "Only in rooms of at most {limit} members.",
    },
    "too_many": {
        "ja": "メンバーは{limit}人までです。",
        "en": "A room has at most {limit} members.",
    },
    "host": {"ja": "このサーバの名前ではありません。", "en": "This is not this server's name."},
    "origin": {
        "ja": "ほかのサイトからは接続できません。",
        "en": "Other sites cannot connect here.",
    },
    "hello_first": {"ja": "最初に hello を送ってください。", "en": "Please send hello first."},
    "hello_twice": {"ja": "hello は一度だけ送れます。", "en": "Please send hello only once."},
}

_FIELDS: dict[str, Both] = {
    "login_id": {"ja": "ログインID", "en": "login ID"},
    "name": {"ja": "氏名", "en": "name"},
    "kana": {"ja": "氏名カナ", "en": "kana"},
    "language": {"ja": "言語", "en": "language"},
    "password": {"ja": "パスワード", "en": "password"},
    "privilege": {"ja": "権限コントロール", "en": "privilege"},
    "address": {"ja": "メールアドレス", "en": "mail address"},
    "company": {"ja": "社名", "en": "company name"},
    "user_type": {"ja": "ユーザ区分", "en": "user type"},
    "enabled": {"ja": "有効/無効", "en": "enabled"},
    "privileges": {"ja": "権限コントロール", "en": "privileges"},
    "talk": {"ja": "トーク", "en": "talk"},
    "talk_log": {"ja": "トークログダウンロード", "en": "talk log download"},
    "anpi_login_id": {"ja": "安否ログインID", "en": "safety ID"},
    "phone_scheme": {"ja": "電話番号URLスキーム", "en": "phone number URL scheme"},
    "licences": {"ja": "ライセンス", "en": "licences"},
    "visibility": {"ja": "公開範囲", "en": "visibility"},
    "purpose": {"ja": "利用目的", "en": "purpose of use"},
    "login_domains": {"ja": "ログインIDのドメイン", "en": "login ID domains"},
}

_PARTS = (catalogue_anpi, catalogue_answers, catalogue_directory, catalogue_files, catalogue_log)
_ALL_ERRORS = _ERRORS | {code: both for part in _PARTS for code, both in part.ERRORS.items()}
_ALL_FIELDS = _FIELDS | {name: both for part in _PARTS for name, both in part.FIELDS.items()}

CATALOGUE: dict[str, Both] = {
    **{f"error.{code}": both for code, both in _ALL_ERRORS.items()},
    **{f"field.{name}": both for name, both in _ALL_FIELDS.items()},
    **{f"title.{status}": both for status, both in catalogue_pages.TITLES.items()},
    **catalogue_pages.WORDS,
    **catalogue_anpi.WORDS,
    **catalogue_answers.WORDS,
    **catalogue_log.WORDS,
}
