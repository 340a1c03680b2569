"""A mail as bytes: made once for an incident, a round and a language, filled for each person.

10,000 mails built one by one by the standard library are 16 s of a core. So the header and the text are made once;
for each mail the name, the link and a few header lines are put in, and the text is written as base64: what goes over
the line is ASCII in short lines, whatever was typed.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from dataclasses import dataclass
from datetime import datetime, tzinfo
from email.utils import format_datetime
from zoneinfo import ZoneInfo

from anpi.model import TITLE_LABEL
from anpi.sending import words
from anpi.sending.variables import NO_FACTS, Facts
from anpi.sending.variables import check as check_variables
from anpi.sending.words import LINK_SLOT, NAME_SLOT, Occasion
from server.errors import Invalid
from server.text import one_line, plain_text

LINE = 76
"""Characters of base64 on a line (RFC 2045)."""
WORD_BYTES = 39
"""Bytes in one encoded word of a header: with ``Subject: `` before it the line stays within 76 characters."""
TITLE_LIMIT, MESSAGE_LIMIT = 200, 5000
TOKYO = ZoneInfo("Asia/Tokyo")

_SIMPLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.,:()/-]*(?: [A-Za-z0-9.,:()/-]+)*")
_SLOTS = re.compile(f"([{NAME_SLOT}{LINK_SLOT}])")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Sender:
    """From whom all mails are: an address of the operator's, under the company's name."""

    address: str
    company: str = ""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom one mail is for, and what it alone has."""

    address: str
    name: str
    message_id: str
    link: str = ""
    reply_to: str = ""


class Template:
    """Mails of one incident, round and language."""

    def __init__(self, occasion: Occasion, language: str, sender: Sender, zone: tzinfo = TOKYO) -> None:
        self._head = _head(occasion, sender)
        whole = words.text(occasion, language, zone).replace("\n", "\r\n")
        # Every second piece is a slot.
        pieces = _SLOTS.split(whole)
        self._pieces = [piece.encode() for piece in pieces]
        self._names = [i for i in range(1, len(pieces), 2) if pieces[i] == NAME_SLOT]
        self._links = [i for i in range(1, len(pieces), 2) if pieces[i] == LINK_SLOT]

    def mail(self, recipient: Recipient, at: datetime) -> bytes:
        """The whole mail as it goes over the line, CRLF after each line."""
        head = f"To: {recipient.address}\r\nDate: {format_datetime(at)}\r\nMessage-ID: <{recipient.message_id}>\r\n"
        if recipient.reply_to:
            head += f"Reply-To: {recipient.reply_to}\r\n"
        return b"".join((head.encode("ascii"), self._head, base64_lines(self._body(recipient))))

    def _body(self, recipient: Recipient) -> bytes:
        pieces = list(self._pieces)
        name, link = recipient.name.encode(), recipient.link.encode()
        for place in self._names:
            pieces[place] = name
        for place in self._links:
            pieces[place] = link
        return b"".join(pieces)


def check(title: str, message: str, company: str = "", emergency: str = "", facts: Facts = NO_FACTS) -> None:
    """Refuse what no mail can be built of, with the field that is wrong; by building one, in both languages."""
    if _CONTROL.search(title) or not title.strip():
        raise Invalid("format", field="title", label=TITLE_LABEL)
    if len(title) > TITLE_LIMIT:
        raise Invalid("field_too_long", field="title", label=TITLE_LABEL, limit=TITLE_LIMIT)
    if len(plain_text(message)) > MESSAGE_LIMIT:
        raise Invalid("field_too_long", field="message", limit=MESSAGE_LIMIT)
    check_variables(message)
    occasion = Occasion(0, 0, title, message, facts=facts, company=company, emergency=emergency, drill=True)
    for field, said in (("title", title), ("message", message)):
        if not _encodes(said):
            raise Invalid("bad_text", field=field)
    someone = Recipient("a@example.jp", "山田 太郎", "1@example.jp", "https://example.jp/a/x", "b@example.jp")
    for language in ("ja", "en"):
        template = Template(occasion, language, Sender("a@example.jp", company))
        template.mail(someone, datetime(2027, 1, 1, tzinfo=TOKYO))


def base64_lines(body: bytes) -> bytes:
    """The bytes in lines of base64."""
    coded = b2a_base64(body, newline=False)
    return b"\r\n".join([coded[start : start + LINE] for start in range(0, len(coded), LINE)]) + b"\r\n"


def encoded(text: str) -> str:
    """A header's text in ASCII: as it is when it is plain, else in encoded words, cut between characters."""
    if len(text) <= 60 and _SIMPLE.fullmatch(text):
        return text
    return "\r\n ".join(f"=?utf-8?b?{b2a_base64(part, newline=False).decode()}?=" for part in _parts(text))


def _head(occasion: Occasion, sender: Sender) -> bytes:
    company = one_line(sender.company)
    name = encoded(f"安否確認（{company}）" if company else "安否確認")
    lines = (
        f"From: {name}\r\n <{sender.address}>",
        f"Subject: {encoded(occasion.subject)}",
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: All",
        "Importance: high",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: base64",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("ascii")


def _parts(text: str) -> list[bytes]:
    parts, part = [], b""
    for char in text:
        more = char.encode()
        if len(part) + len(more) > WORD_BYTES:
            parts.append(part)
            part = b""
        part += more
    return [*parts, part]


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text
