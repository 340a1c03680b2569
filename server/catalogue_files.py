"""The sentences about files that may not travel, for ``server/catalogue.py``."""

from __future__ import annotations

from server.catalogue_directory import Both

ERRORS: dict[str, Both] = {
    "file_blocked": {
        "ja": "この形式（.{ext}）のファイルは送信できません。",
        "en": "Files of this type (.{ext}) cannot be sent.",
    },
    "file_disguised": {
        "ja": "ファイルの中身が実行形式のため、送信できません。",
        "en": "This file is an executable in disguise and cannot be sent.",
    },
    "file_archive": {
        "ja": "「{member}」が含まれているため、送信できません。",
        "en": "It contains “{member}”, which cannot be sent.",
    },
    "file_uninspected": {
        "ja": "中身を確認できないファイルのため、送信できません。パスワードのないZIPにするか、"
        "ファイルを1つずつ送信してください。",
        "en": "Its contents cannot be checked, so it cannot be sent. Send the files one by one, or as a ZIP without"
        " a password.",
    },
    "file_not_image": {
        "ja": "送信できるのは jpeg・jpg・png・gif の画像だけです。",
        "en": "Only jpeg, jpg, png and gif images can be sent.",
    },
    "file_heic": {
        "ja": "HEIC形式の写真は送信できません。iPhoneでは「設定」＞「カメラ」＞「フォーマット」で「互換性優先」を"
        "選ぶと、JPEGで撮影できます。",
        "en": "HEIC photos cannot be sent. On an iPhone, choose Settings > Camera > Formats > Most Compatible to take"
        " JPEG photos.",
    },
    "file_wrong_extension": {
        "ja": "名前は .{ext} ですが、中身は {is} の画像です。名前の終わりを .{is} に変えて送信してください。",
        "en": "The name ends with .{ext}, but this is a {is} image. Please rename it to end with .{is}.",
    },
    "file_damaged": {
        "ja": "画像として開けないため、送信できません。壊れているかもしれません。",
        "en": "This cannot be opened as an image and cannot be sent. It may be damaged.",
    },
    "file_pixels": {
        "ja": "画像が大きすぎます。{limit}万画素までの画像を送信できます。",
        "en": "This image is too large. Images may have up to {limit}0,000 pixels.",
    },
    "file_frames": {
        "ja": "動く画像が長すぎます。{limit}コマまで（合わせて{pixels}万画素まで）の画像を送信できます。",
        "en": "This animation is too long. The limit is {limit} frames and {pixels}0,000 pixels in all.",
    },
    "file_disabled": {
        "ja": "ファイルの送信は管理者が無効にしています。",
        "en": "Your administrator has turned off sending files.",
    },
    "file_too_big": {
        "ja": "{max} MBまで送信できます（このファイルは{size} MB）。",
        "en": "The limit is {max} MB (this file: {size} MB).",
    },
    "file_name": {
        "ja": "このファイル名は使えません。名前を変えて送信してください。",
        "en": "This file name cannot be used. Please rename the file.",
    },
    "file_infected": {
        "ja": "ウイルスが見つかったため、送信できません。管理者に連絡してください。",
        "en": "A virus was found in this file, so it cannot be sent. Please tell your administrator.",
    },
    "file_quota": {
        "ja": "送信できるファイルの合計（{limit} MB）に達しています。不要なファイルのメッセージを削除してください。",
        "en": "Your files have reached the limit of {limit} MB. Please delete messages with files you do not need.",
    },
    "file_space": {
        "ja": "サーバの空き容量が足りないため、いまはファイルを送信できません。管理者に連絡してください。",
        "en": "The server is short of space, so files cannot be sent now. Please tell your administrator.",
    },
    "file_unknown": {
        "ja": "このファイルはもうありません。もう一度選んで送信してください。",
        "en": "This file is no longer there. Please choose it again.",
    },
    "upload_offset": {
        "ja": "送信が途中で食い違いました。続きから送信し直してください。",
        "en": "The upload is out of step. Please continue from where it ended.",
    },
    "upload_busy": {
        "ja": "このファイルはいま送信中です。{seconds}秒後にもう一度お試しください。",
        "en": "This file is being sent already. Please try again in {seconds} seconds.",
    },
    "upload_slow": {
        "ja": "通信が遅すぎるため中断しました。続きから送信し直してください。",
        "en": "The connection was too slow. Please continue from where it ended.",
    },
    "tus_version": {
        "ja": "この版の tus には対応していません（1.0.0 のみ）。",
        "en": "This version of tus is not spoken here (1.0.0 only).",
    },
    "tus_type": {
        "ja": "application/offset+octet-stream で送信してください。",
        "en": "Please send application/offset+octet-stream.",
    },
    "range": {
        "ja": "ファイルの終わりを超えています。",
        "en": "This is beyond the end of the file.",
    },
    "file_unscanned": {
        "ja": "ウイルスチェックがいま応答しないため、受け付けられません。しばらくしてからもう一度お試しください。",
        "en": "The virus scanner does not answer, so the file cannot be taken now. Please try again shortly.",
    },
    "store_failed": {
        "ja": "ファイルの保管場所が応答しません。しばらくしてからもう一度お試しください。",
        "en": "The file storage does not answer. Please try again shortly.",
    },
}

FIELDS: dict[str, Both] = {
    "mode": {"ja": "送信出来るファイル種別", "en": "files that can be sent"},
    "extra": {"ja": "追加する拡張子", "en": "further extensions"},
    "files": {"ja": "添付ファイル", "en": "files"},
}
