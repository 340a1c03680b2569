"""What comes back by mail: sent back for good or for now, answered by a machine, or an answer. Pure; in the sandbox.

Servers say in many ways that a mail could not be delivered: as RFC 3464 wants it, or in words of their own. Only the
envelope (``returns.py``) says which delivery it was; here it is said what it means.
"""

from __future__ import annotations

import html
import re
import unicodedata
from datetime import UTC
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import Literal

from msgspec import Struct

Kind = Literal["hard", "soft", "machine", "answer", "nothing"]
TEXT_LIMIT = 64 * 1024
LINES_LOOKED_AT = 20

_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_CODE = re.compile(r"(?<![\d.])([45]\d\d)(?:[ -]|$)")
_UNKNOWN = re.compile(
    r"user unknown|unknown user|no such user|does not exist|doesn't exist|address not found|recipnotfound"
    r"|account .{0,20}disabled|宛先.{0,20}(?:存在し|見つか)|該当.{0,10}ユーザ",
    re.IGNORECASE,
)
_LATER = re.compile(
    r"mailbox (?:is )?full|over ?quota|quota exceeded|容量|delayed|will retry|try again", re.IGNORECASE
)
_DAEMON = re.compile(r"mailer-daemon|postmaster|mail delivery|microsoftexchange", re.IGNORECASE)
_MACHINE_SUBJECT = re.compile(
    r"^[\s【\[(（]*(?:自動(?:返信|応答)|不在|out of office|automatic reply|auto.?reply|vacation)", re.IGNORECASE
)
"""At its beginning: a person's reply begins with "Re:", whatever our own title says."""
_TAG = re.compile(r"<[^<>]{0,500}>")
_QUOTED = re.compile(r"^\s*[>|＞]")

_ANSWERS: dict[str, str] = {
    "1": "safe",
    "無事": "safe",
    "無事です": "safe",
    "safe": "safe",
    "2": "minor",
    "軽いけが": "minor",
    "軽傷": "minor",
    "3": "major",
    "大けが": "major",
    "重傷": "major",
}
_NUMBER = re.compile(r"^([123])[.、。,:)）]?(?:\s*$|(?<=[.、。,:)）])(?!\s*\d)|\s+(.*))")
"""A digit alone, before a stop, or before a blank and its own word: 「1 人では動けません」 and 「1、2人けが」 are no
無事."""


class Came(Struct, frozen=True):
    """What a mail that came back says. ``status``: as RFC 3463 writes it, if it is known; ``answer``: 本人の安否;
    ``at``: when a reply was written, in milliseconds, by its own word; 0: it does not say."""

    kind: Kind
    status: str = ""
    answer: str = ""
    at: int = 0


def read_bounce(raw: bytes) -> Came:
    """What a mail to a bounce address says."""
    mail = _mail(raw)
    if _by_machine(mail) and not _is_report(mail) and not _from_daemon(mail):
        return Came("machine")
    told = _reported(mail)
    if told is not None:
        return told
    return _in_words(_text(mail)) if _from_daemon(mail) else Came("nothing")


def read_reply(raw: bytes) -> Came:
    """What a mail to a reply address says: the first line that somebody has written decides."""
    mail = _mail(raw)
    if _by_machine(mail) or _is_report(mail) or _from_daemon(mail):
        return Came("machine")
    for line in _text(mail).splitlines()[:LINES_LOOKED_AT]:
        said = unicodedata.normalize("NFKC", line).strip()
        if not said or _QUOTED.match(line):
            continue
        answer = _answered(said)
        return Came("answer", answer=answer, at=_written_at(mail)) if answer is not None else Came("nothing")
    return Came("nothing")


def _answered(said: str) -> str | None:
    answer = _ANSWERS.get(_bare(said))
    number = _NUMBER.match(said)
    if answer is not None or number is None:
        return answer
    meant = _ANSWERS[number[1]]
    return meant if not number[2] or _ANSWERS.get(_bare(number[2])) == meant else None


def _bare(said: str) -> str:
    return said.strip().rstrip("。.!").lower()


def _mail(raw: bytes) -> EmailMessage:
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def _header(mail: EmailMessage, name: str) -> str:
    """A header as text; one that cannot be read is none."""
    try:
        return str(mail.get(name, ""))
    except (ValueError, IndexError, LookupError, AttributeError, TypeError):
        return ""


def _written_at(mail: EmailMessage) -> int:
    try:
        at = parsedate_to_datetime(_header(mail, "Date"))
        # Without a zone (-0000 too) it is UTC, whatever the clock on our wall says.
        return max(0, int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000))
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0


def _by_machine(mail: EmailMessage) -> bool:
    auto = _header(mail, "Auto-Submitted").strip().lower()
    if auto and auto != "no":
        return True
    if any(mail.get(name) is not None for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Reply")):
        return True
    precedence = _header(mail, "Precedence").strip().lower()
    return precedence in ("auto_reply", "bulk", "junk", "list") or bool(
        _MACHINE_SUBJECT.search(_header(mail, "Subject"))
    )


def _is_report(mail: EmailMessage) -> bool:
    return mail.get_content_type() == "multipart/report"


def _from_daemon(mail: EmailMessage) -> bool:
    return bool(_DAEMON.search(_header(mail, "From"))) or _header(mail, "Return-Path").strip() == "<>"


def _reported(mail: EmailMessage) -> Came | None:
    """What the part for machines says (RFC 3464); None without one."""
    for part in mail.walk():
        if part.get_content_type() not in ("message/delivery-status", "message/global-delivery-status"):
            continue
        blocks = part.get_payload()
        for block in blocks if isinstance(blocks, list) else []:
            if isinstance(block, str):
                continue
            action = str(block.get("Action", "")).strip().lower()
            found = _STATUS.search(str(block.get("Status", "")))
            if action == "failed" and found is not None:
                # Many write 5.0.0 and say more in words.
                words = str(block.get("Diagnostic-Code", ""))
                return _meaning(_better(found, words))
            if action in ("delayed", "delivered", "relayed", "expanded"):
                return Came("nothing", found[0] if found else "")
    return None


def _better(found: re.Match[str], words: str) -> str:
    more = _STATUS.search(words)
    vague = found[2] in ("0", "00") and found[3] == "0"
    return more[0] if vague and more is not None else found[0]


def _meaning(status: str) -> Came:
    """5 is for good, unless it is about a full mailbox (X.2.2), a route (X.4) or somebody's policy (X.7)."""
    kind, subject, detail = status.split(".")
    passing = kind != "5" or subject in ("4", "7") or (subject, detail) in (("2", "2"), ("3", "1"))
    return Came("soft" if passing else "hard", status)


def _in_words(text: str) -> Came:
    """What a server says in words of its own."""
    for found in _STATUS.finditer(text):
        if found[1] != "2":
            return _meaning(found[0])
    if _LATER.search(text):
        return Came("soft")
    if _UNKNOWN.search(text):
        return Came("hard", "5.1.1")
    code = _CODE.search(text)
    if code is None:
        return Came("nothing")
    return Came("hard" if code[1].startswith("5") else "soft", f"{code[1][0]}.0.0")


def _text(mail: EmailMessage) -> str:
    """The first part that can be read, as text; of HTML what is between the tags."""
    found = ""
    for part in mail.walk():
        kind = part.get_content_type()
        if kind not in ("text/plain", "text/html") or part.get_filename():
            continue
        text = _decoded(part)
        if kind == "text/plain" and text.strip():
            return text
        broken = re.sub(r"(?i)<br\s*/?>|</p>|</div>", "\n", text)
        found = found or html.unescape(_TAG.sub("", broken))
    return found


def _decoded(part: object) -> str:
    """Old phones write ISO-2022-JP, and say so or do not."""
    assert isinstance(part, EmailMessage)
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    raw = raw[:TEXT_LIMIT]
    for charset in (part.get_content_charset() or "utf-8", "utf-8", "iso-2022-jp", "cp932"):
        try:
            return raw.decode(charset)
        except (LookupError, UnicodeDecodeError):
            continue
    return raw.decode("ascii", "replace")
