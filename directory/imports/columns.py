"""The columns of both files: their names, what they may hold, and what a blank cell means."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from directory.imports.model import Kind

DEPARTMENTS_A_PERSON = 50


@dataclass(frozen=True)
class Column:
    """``kind`` chooses the rule (``directory/imports/cells.py``); ``default`` is what a blank cell means."""

    name: str
    kind: str
    limit: int = 0
    default: str = ""
    aliases: tuple[str, ...] = ()
    field: str = ""
    """The column of ``people`` or ``departments`` that holds it as it is."""

    @property
    def is_free(self) -> bool:
        """Whether it is free text, which Excel could take for a formula (A5)."""
        return self.kind in ("line", "name", "text", "titles", "areas")


def _phone(name: str, *aliases: str) -> Column:
    return Column(name, "phone", 50, aliases=aliases, field=name.lower())


USERS = (
    Column("MODE", "mode", default="U", aliases=("モード", "処理区分")),
    Column("LOGIN_ID", "login", 254, aliases=("ログインID", "ログインＩＤ")),
    Column("PASSWORD", "password", aliases=("パスワード", "初期パスワード")),
    Column("INITIAL_PASSWORD_FORCE_CHANGE", "force", aliases=("初回パスワード変更",)),
    Column("USER_TYPE", "type", default="REGULAR_USER", aliases=("ユーザ種別", "ユーザー種別")),
    Column("ENABLED", "flag", default="1", aliases=("有効", "利用")),
    Column("NAME", "name", 50, aliases=("FULLNAME", "氏名", "名前", "社員名", "ユーザ名")),
    Column("NAME_KANA", "kana", 50, aliases=("氏名カナ", "カナ", "フリガナ", "ふりがな", "氏名かな", "氏名(カナ)")),
    Column("NAME_ALPHABET", "line", 50, aliases=("氏名ローマ字", "ローマ字", "英字氏名"), field="alphabet"),
    Column("EMPLOYEE_NUMBER", "line", 50, aliases=("社員番号", "従業員番号", "社員コード"), field="employee_number"),
    Column("DEPARTMENT_CODE", "codes", 100, aliases=("DIVISION_CODE", "所属", "部署", "部署コード", "所属コード")),
    Column("POSITION", "titles", 100, aliases=("役職", "肩書")),
    Column("POST", "line", 50, aliases=("職務",), field="post"),
    _phone("EXTENSION_NUMBER", "内線", "内線番号"),
    _phone("PHONE_NUMBER", "電話番号", "電話", "TEL", "外線番号"),
    _phone("COMPANY_MOBILE_NUMBER", "社用携帯", "会社携帯", "社用携帯番号"),
    _phone("PERSONAL_MOBILE_NUMBER", "個人携帯", "私用携帯", "個人携帯番号"),
    _phone("MOBILE_NUMBER", "携帯", "携帯電話", "携帯番号", "携帯電話番号"),
    _phone("FAX_NUMBER", "FAX", "FAX番号"),
    Column(
        "Email 1",
        "email",
        256,
        aliases=("EMAIL1", "EMAIL", "メール", "メールアドレス", "E-mail", "メールアドレス1"),
        field="email1",
    ),
    Column("Email 2", "email", 256, aliases=("EMAIL2", "メールアドレス2"), field="email2"),
    Column("WEB_URL", "line", 256, aliases=("URL", "ホームページ"), field="web_url"),
    Column("COMMENT", "text", 500, aliases=("コメント",), field="comment"),
    Column("REMARKS", "text", 500, aliases=("備考",), field="remarks"),
    Column("SKILL", "text", 500, aliases=("スキル",), field="skill"),
    Column("SORT_SCORE", "score", aliases=("並び順", "表示順")),
    Column("PRIVILEGES", "privileges", aliases=("権限", "権限コントロール")),
    Column("TALK_AVAILABLE", "flag", default="0", aliases=("GOTALK_AVAILABLE", "トーク")),
    Column("TALK_LOG_DOWNLOAD_AVAILABLE", "flag", default="0", aliases=("トークログダウンロード",)),
    Column("ANPI_LOGIN_ID", "anpi", 32, aliases=("安否ログインID",)),
    Column("BIG_IMAGE", "image", 256, aliases=("写真",), field="photo"),
    Column("WORK_AREA", "areas", 500, aliases=("勤務地", "勤務地域")),
    Column("HOME_AREA", "areas", 500, aliases=("居住地", "自宅地域")),
    Column("LANGUAGE", "language", default="ja", aliases=("言語",)),
)

DEPARTMENTS = (
    Column("MODE", "mode", default="U", aliases=("モード", "処理区分")),
    Column("DEPARTMENT_CODE", "code", 100, aliases=("DIVISION_CODE", "部署コード", "所属コード")),
    Column(
        "PARENT_DEPARTMENT_CODE", "parent", 100, aliases=("PARENT_DIVISION_CODE", "上位部署コード", "親部署コード")
    ),
    Column("DEPARTMENT_NAME", "name", 100, aliases=("DIVISION_NAME", "部署名", "所属名", "部署名称"), field="name"),
    Column(
        "DEPARTMENT_NAME_KANA", "kana", 100, aliases=("DIVISION_NAME_KANA", "部署名カナ", "部署カナ"), field="kana"
    ),
    Column(
        "DEPARTMENT_NAME_ALPHABET",
        "line",
        100,
        aliases=("DIVISION_NAME_ALPHABET", "部署名ローマ字", "部署名英字"),
        field="alphabet",
    ),
    _phone("PHONE_NUMBER", "電話番号", "代表番号", "電話"),
    Column("URL", "line", 256, field="url"),
    Column("SORT_SCORE", "score", aliases=("並び順", "表示順")),
)

COLUMNS: dict[Kind, dict[str, Column]] = {
    "users": {each.name: each for each in USERS},
    "departments": {each.name: each for each in DEPARTMENTS},
}
KEY: dict[Kind, str] = {"users": "LOGIN_ID", "departments": "DEPARTMENT_CODE"}
NAME: dict[Kind, str] = {"users": "NAME", "departments": "DEPARTMENT_NAME"}

_IGNORED = re.compile(r"[\s_　]+")


def folded_heading(heading: str) -> str:
    """A heading as it is compared: without width, case, blanks and underscores."""
    return _IGNORED.sub("", unicodedata.normalize("NFKC", heading)).casefold()


def _known(kind: Kind) -> dict[str, str]:
    return {
        folded_heading(spelled): column.name
        for column in COLUMNS[kind].values()
        for spelled in (*column.aliases, column.name)
    }


KNOWN_HEADINGS: dict[Kind, dict[str, str]] = {"users": _known("users"), "departments": _known("departments")}
