"""The fields of people and departments: one table for forms, the import and its error texts.

A field is called by its column in lower case; ``heading`` is its column in the files. The rules are pure: text in,
text as it is kept out, or a refusal that names the field. What is kept is what was given: nothing is normalised.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from server.auth.model import LOGIN_ID_LIMIT, NAME_LIMIT
from server.errors import Invalid
from server.text import is_mail_address, one_line, plain_text

SCORE_LIMIT = 999_999_999
POSTS_LIMIT = 50
AREAS_LIMIT = 10

NUMBER = re.compile(r"[0-9*#,;+-]*")
CODE = re.compile(r"[0-9A-Za-z\-_.@(){}\[\]]+")
LOGIN_ID = re.compile(r"[@a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+")
ANPI_LOGIN_ID = re.compile(r"[0-9A-Za-z]*")
# An address of the web, or one without a scheme; ``javascript:`` and its like never become a link.
URL = re.compile(r"https?://[^\s\x00-\x1f\x7f]+|(?![A-Za-z][A-Za-z0-9+.-]*:)[^\s\x00-\x1f\x7f]+")
# What joins several values of one cell cannot stand in one of them.
UNJOINED = re.compile(r"[^;]*")
SCORE = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name, its column, what people call it, and what it may hold (``limit`` in code points)."""

    name: str
    heading: str
    label: str
    english: str
    limit: int
    pattern: re.Pattern[str] | None = None
    required: bool = False
    # Several lines.
    lines: bool = False
    # By what it is called in a refusal (``field.…`` of the catalogue), where not by its name.
    called: str = ""

    def given(self, text: str) -> str:
        """The text as it is kept, its rules not asked yet: without edges, and on one line where it is one."""
        return plain_text(text).strip() if self.lines else one_line(text)

    def fault(self, text: str) -> str | None:
        """The code of what is wrong with ``text`` (``required``, ``field_too_long``, ``format``), if anything is."""
        if not text:
            return "required" if self.required else None
        if len(text) > self.limit:
            return "field_too_long"
        if self.pattern is not None and not self.pattern.fullmatch(text):
            return "format"
        return "format" if self.name in _ADDRESSES and not is_mail_address(text) else None

    def checked(self, text: str) -> str:
        """The text as it is kept, or a refusal that names this field."""
        text = self.given(text)
        fault = self.fault(text)
        if fault is not None:
            raise Invalid(fault, field=self.name, label=self.called or self.name, limit=self.limit)
        return text


_ADDRESSES = frozenset({"email1", "email2"})

ACCOUNT: Mapping[str, Field] = {
    field.name: field
    for field in (
        Field("login_id", "LOGIN_ID", "ログインID", "Login ID", LOGIN_ID_LIMIT, LOGIN_ID, required=True),
        Field("name", "NAME", "氏名", "Name", NAME_LIMIT, required=True),
        Field("kana", "NAME_KANA", "氏名（カナ）", "Kana", NAME_LIMIT),
        Field("anpi_login_id", "ANPI_LOGIN_ID", "安否ログインID", "Safety check ID", 32, ANPI_LOGIN_ID),
    )
}
"""Of the account: server/auth keeps them."""

PROFILE: Mapping[str, Field] = {
    field.name: field
    for field in (
        Field("alphabet", "NAME_ALPHABET", "氏名（英字）", "Name in letters", 50),
        Field("employee_number", "EMPLOYEE_NUMBER", "社員番号", "Employee number", 50),
        Field("post", "POST", "職務", "Duty", 50),
        Field("extension_number", "EXTENSION_NUMBER", "内線番号", "Extension", 50, NUMBER),
        Field("phone_number", "PHONE_NUMBER", "電話番号", "Phone", 50, NUMBER),
        Field("company_mobile_number", "COMPANY_MOBILE_NUMBER", "会社携帯番号", "Company mobile", 50, NUMBER),
        Field("personal_mobile_number", "PERSONAL_MOBILE_NUMBER", "個人携帯番号", "Private mobile", 50, NUMBER),
        Field("mobile_number", "MOBILE_NUMBER", "携帯番号", "Mobile", 50, NUMBER),
        Field("fax_number", "FAX_NUMBER", "FAX番号", "Fax", 50, NUMBER),
        Field("email1", "Email 1", "メールアドレス1", "Mail address 1", 256),
        Field("email2", "Email 2", "メールアドレス2", "Mail address 2", 256),
        Field("web_url", "WEB_URL", "URL", "Web page", 256, URL),
        Field("comment", "COMMENT", "コメント", "Comment", 500, lines=True),
        Field("remarks", "REMARKS", "備考", "Remarks", 500, lines=True),
        Field("skill", "SKILL", "スキル", "Skills", 500, lines=True),
    )
}
"""Columns of ``people`` that hold text."""

TITLE = Field("title", "POSITION", "役職", "Title", 100, UNJOINED)
AREA = Field("area", "WORK_AREA", "地域", "Area", 100, UNJOINED)
GROUP_NAME = Field("group_name", "", "グループ名", "Group name", 50, required=True)

DEPARTMENT: Mapping[str, Field] = {
    field.name: field
    for field in (
        Field("code", "DEPARTMENT_CODE", "部署コード", "Department code", 100, CODE, required=True),
        Field("name", "DEPARTMENT_NAME", "部署名", "Department name", 100, required=True, called="department_name"),
        Field("kana", "DEPARTMENT_NAME_KANA", "部署名（カナ）", "Kana", 100, called="department_kana"),
        Field(
            "alphabet",
            "DEPARTMENT_NAME_ALPHABET",
            "部署名（英字）",
            "Name in letters",
            100,
            called="department_alphabet",
        ),
        Field("phone_number", "PHONE_NUMBER", "電話番号", "Phone", 50, NUMBER),
        Field("url", "URL", "URL", "Web page", 256, URL),
    )
}
"""Columns of ``departments`` that hold text."""

SORT_SCORE = Field("sort_score", "SORT_SCORE", "表示順", "Sort score", 9, SCORE)


def checked_score(score: int | None) -> int | None:
    """SORT_SCORE as a number from 0 to 999999999, or none."""
    if score is not None and not 0 <= score <= SCORE_LIMIT:
        raise Invalid("format", field="sort_score")
    return score
