"""The words of the pages that the server makes itself: errors, sign-in, the first run, and what follows it."""

from __future__ import annotations

from server.catalogue_directory import Both

TITLES: dict[str, Both] = {
    "400": {"ja": "処理できません", "en": "This did not work"},
    "401": {"ja": "ログインが必要です", "en": "Please sign in"},
    "403": {"ja": "許可されていません", "en": "Not allowed"},
    "404": {"ja": "ページがありません", "en": "Page not found"},
    "409": {"ja": "変更できません", "en": "This did not work"},
    "413": {"ja": "大きすぎます", "en": "Too large"},
    "429": {"ja": "混み合っています", "en": "Busy"},
    "500": {"ja": "サーバの問題", "en": "A problem on the server"},
    "503": {"ja": "いまは使えません", "en": "Not available right now"},
    "507": {"ja": "空き容量が足りません", "en": "Disk nearly full"},
    "other": {"ja": "処理できません", "en": "This did not work"},
}

_PAGES: dict[str, Both] = {
    "page.language": {"ja": "言語", "en": "Language"},
    "page.top": {"ja": "トップへ", "en": "Back to home"},
    "page.insecure": {
        "ja": "この接続は暗号化されていません。パスワードや会話を他人に読まれるおそれがあります。",
        "en": "This connection is not encrypted. Others may be able to read your password and messages.",
    },
    "page.not_built": {
        "ja": "画面がまだ作られていません。サーバのフォルダで ./run を実行してください。",
        "en": "The app has not been built yet. Please run ./run in the server's folder.",
    },
    "page.not_built_title": {"ja": "準備中です", "en": "Not ready yet"},
    "page.group_code_wrong": {"ja": "団体コードが違います。", "en": "The group code is wrong."},
    "signin.id": {"ja": "ログインID", "en": "Login ID"},
    "signin.password": {"ja": "パスワード", "en": "Password"},
    "signin.submit": {"ja": "ログイン", "en": "Sign in"},
    "signin.change": {
        "ja": "はじめに、新しいパスワードを設定してください。",
        "en": "Please choose a new password first.",
    },
    "signin.forgot": {
        "ja": "パスワードを忘れた方・コードをお持ちの方",
        "en": "Forgot your password, or have a code?",
    },
    "code.title": {"ja": "コードでログイン", "en": "Sign in with a code"},
    "code.lead": {
        "ja": "管理者に電話などで連絡し、8桁のコードを聞いて入力してください。コードは15分間使えます。",
        "en": "Ask your administrator, by phone for example, for a code of 8 digits. It works for 15 minutes.",
    },
    "code.code": {"ja": "8桁のコード", "en": "Code of 8 digits"},
    "code.submit": {"ja": "次へ", "en": "Next"},
    "code.right": {
        "ja": "新しいパスワードを設定してください。",
        "en": "Please choose a new password.",
    },
    "code.back": {"ja": "ログインに戻る", "en": "Back to sign-in"},
    "purpose.title": {"ja": "利用目的", "en": "Purpose of use"},
    "purpose.lead": {
        "ja": "ご利用の前に、内容を確認してください。",
        "en": "Please read this before you begin.",
    },
    "purpose.submit": {"ja": "同意して始める", "en": "Accept and begin"},
    "signin.out": {"ja": "ログアウト", "en": "Sign out"},
    "signin.needs_tls": {
        "ja": "この接続は暗号化されていないため、ログインできません。"
        "管理者は TLS を用意してください。例えば Caddy なら次の設定です。",
        "en": "This connection is not encrypted, so signing in is not possible."
        " An administrator has to set up TLS. With Caddy, for example:",
    },
    "password.title": {"ja": "パスワードの変更", "en": "Change password"},
    "password.current": {"ja": "いまのパスワード", "en": "Current password"},
    "password.new": {"ja": "新しいパスワード", "en": "New password"},
    "password.again": {"ja": "新しいパスワード（確認）", "en": "New password again"},
    "password.rule": {
        "ja": "{n}文字以上。記号や大文字は必須ではありません。長いほど安全です。",
        "en": "At least {n} characters. Symbols and capitals are not required; longer is safer.",
    },
    "password.submit": {"ja": "変更する", "en": "Change password"},
    "password.show": {"ja": "表示", "en": "Show"},
    "password.hide": {"ja": "隠す", "en": "Hide"},
    "password.back": {"ja": "設定に戻る", "en": "Back to settings"},
}

_FIRST_RUN: dict[str, Both] = {
    "setup.title": {"ja": "はじめての設定", "en": "First setup"},
    "setup.lead": {
        "ja": "会社と最初の管理者を登録します。この画面は一度だけ使えます。",
        "en": "Register your company and its first administrator. This page works once.",
    },
    "setup.code": {"ja": "セットアップコード", "en": "Setup code"},
    "setup.code_hint": {
        "ja": "サーバを起動した画面か、サーバのログ（setup.code）に表示されています。",
        "en": "Shown where the server was started, and in its log (setup.code).",
    },
    "setup.server": {"ja": "サーバURL", "en": "Server URL"},
    "setup.about_company": {"ja": "会社", "en": "Company"},
    "setup.about_you": {"ja": "最初の管理者", "en": "First administrator"},
    "setup.company": {"ja": "社名", "en": "Company name"},
    "setup.name": {"ja": "氏名", "en": "Name"},
    "setup.kana": {"ja": "氏名カナ", "en": "Kana"},
    "setup.optional": {"ja": "任意", "en": "optional"},
    "setup.login_hint": {
        "ja": "メールアドレスの形で入力します。",
        "en": "In the form of a mail address.",
    },
    "setup.login_mailed": {
        "ja": "メールアドレスの形で入力します。開通案内がそのアドレスに届きます。",
        "en": "In the form of a mail address. Your welcome letter is sent there.",
    },
    "setup.again": {"ja": "パスワード（確認）", "en": "Password again"},
    "setup.submit": {"ja": "登録する", "en": "Register"},
    "setup.needs_tls": {
        "ja": "この接続は暗号化されていないため、設定できません。"
        "サーバのある機器のブラウザで開くか、TLS を用意してください。例えば Caddy なら次の設定です。",
        "en": "This connection is not encrypted, so nothing can be set up here."
        " Open it in a browser on the server's own machine, or set up TLS. With Caddy, for example:",
    },
    "licence.basic": {"ja": "基本ユーザライセンス数", "en": "Basic user licences"},
    "licence.talk": {"ja": "トークライセンス数", "en": "Talk licences"},
    "licence.anpi": {"ja": "安否確認機能数", "en": "Safety check licences"},
    "letter.title": {"ja": "Renraku（連絡）開通のご案内", "en": "Welcome to Renraku (連絡)"},
    "letter.dear": {"ja": "{company} 様", "en": "{company}"},
    "letter.url": {"ja": "サーバURL", "en": "Server URL"},
    "letter.login_id": {"ja": "ログインID（管理者用権限付与）", "en": "Login ID (administrator)"},
    "letter.password": {"ja": "ログインPW", "en": "Password"},
    "letter.password_chosen": {"ja": "登録のときに決めたもの", "en": "the one chosen at the first setup"},
    "letter.group_code": {"ja": "団体コード", "en": "Group code"},
    "letter.licences": {"ja": "備考", "en": "Licences"},
    "welcome.title": {"ja": "開通案内", "en": "Welcome letter"},
    "welcome.lead": {
        "ja": "登録が終わりました。{name} さんとしてログインしています。",
        "en": "You are all set, and signed in as {name}.",
    },
    "welcome.file": {"ja": "ログイン情報を保存", "en": "Save the sign-in details"},
    "welcome.file_hint": {
        "ja": "パスワードも書かれたファイルです。保存できるのは、いまこの画面だけです。",
        "en": "The file holds your password too. It can be saved only now, from this page.",
    },
    "welcome.next": {"ja": "次にすること", "en": "What to do next"},
    "welcome.next_file": {
        "ja": "ログイン情報を保存し、ほかの人の目に触れない場所に置いてください。",
        "en": "Save the sign-in details and keep them where nobody else looks.",
    },
    "welcome.next_people": {
        "ja": "部署は管理＞部署で、ほかの人は管理＞ユーザで登録します。Excelの表は、それぞれの画面の"
        "「インポート/エクスポート」でまとめて読み込めます。",
        "en": "Add departments in Administration > Departments and people in Administration > Users; "
        "“Import/Export” there takes whole tables from Excel.",
    },
    "welcome.next_url": {
        "ja": "ほかの端末から使うには、TLS を用意し、そのアドレスを RENRAKU_PUBLIC_URL に設定します。",
        "en": "To use it from other devices, set up TLS and put its address into RENRAKU_PUBLIC_URL.",
    },
    "actions.at": {"ja": "日時", "en": "Time"},
    "actions.actor": {"ja": "操作した人", "en": "By"},
    "actions.action": {"ja": "操作", "en": "Action"},
    "actions.target": {"ja": "対象", "en": "Target"},
    "actions.result": {"ja": "結果", "en": "Result"},
    "actions.detail": {"ja": "内容", "en": "Detail"},
    "actions.address": {"ja": "接続元", "en": "Address"},
    "welcome.next_outside": {
        "ja": "地震などの情報を、気象庁とP2P地震情報のサーバから受信します（はじめから有効）。"
        "管理＞安否で停止できます。",
        "en": "Earthquake reports are fetched from the servers of JMA and P2P Quake (on from the beginning). "
        "You can switch this off in Administration > Safety check.",
    },
    "welcome.start": {"ja": "はじめる", "en": "Start"},
}

WORDS = _PAGES | _FIRST_RUN
