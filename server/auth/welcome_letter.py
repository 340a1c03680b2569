"""The 開通案内 (S1): what the first administrator is given when the company is opened, as text, mail and file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from server.auth.company import Company
from server.texts import text, translator

BOM = "\ufeff"

# What some system would not have in the name of a file, or takes for a folder.
_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]')


@dataclass(frozen=True, slots=True)
class WelcomeLetter:
    """One company's 開通案内. ``url`` is empty when nobody has said how the server is reached."""

    company: Company
    login_id: str
    url: str = ""
    password: str = ""
    """Only in the file of the first run: nobody can tell it afterwards."""

    def facts(self, language: str) -> list[tuple[str, list[str]]]:
        """What it tells, under which words, in the order of the manual."""
        t = translator(language)
        told = [
            (t("letter.url"), [self.url] if self.url else []),
            (t("letter.login_id"), [self.login_id]),
            (t("letter.password"), [self.password or t("letter.password_chosen")]),
            (t("letter.group_code"), [self.company.group_code]),
            (t("letter.licences"), [f"{name}: {limit} ID" for name, limit in self.licences(language)]),
        ]
        return [(label, lines) for label, lines in told if lines]

    def licences(self, language: str) -> list[tuple[str, int]]:
        """The three counters by their names (S2)."""
        t, of = translator(language), self.company.licences
        names = ("basic", "talk", "anpi")
        return [
            (t(f"licence.{name}"), limit) for name, limit in zip(names, (of.basic, of.talk, of.anpi), strict=True)
        ]

    def as_text(self, language: str) -> str:
        """The whole letter, with LF line ends."""
        t = translator(language)
        head = [t("letter.dear", company=self.company.name), "", t("letter.title"), ""]
        body = [line for label, lines in self.facts(language) for line in (f"■{label}", *lines, "")]
        return "\n".join([*head, *body])

    def as_file(self, language: str) -> bytes:
        """The letter as Windows' editors read it: UTF-8 with its mark, CRLF."""
        return (BOM + self.as_text(language)).replace("\n", "\r\n").encode()

    @property
    def file_name(self) -> str:
        """``<社名>様_ログイン情報.txt``, whatever the language."""
        return f"{_NOT_IN_NAMES.sub('_', self.company.name)}様_ログイン情報.txt"

    @property
    def disposition(self) -> str:
        """The header that has a browser keep the file under its name."""
        return f"attachment; filename=\"login.txt\"; filename*=UTF-8''{quote(self.file_name, safe='')}"


def subject(language: str) -> str:
    """What stands over the letter when it goes by mail."""
    return text(language, "letter.title")
