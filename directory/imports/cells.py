"""What a cell says: its value in the one form that an export writes, or what is wrong with it.

What is mended is marked as a repair (a yellow cell), and nothing is mended that is there already: a cell that holds
what is stored is unchanged, however it looks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from directory import fields
from directory.imports.columns import Column
from directory.imports.sayings import DAMAGED, EXTENSION, FORMAT, MARK, TOO_LONG, ZERO, Saying
from server.auth.model import Privilege, UserType
from server.text import is_mail_address, one_line, plain_text

# A formula begins so in Excel (A5), also in full width; apostrophes before it hide it.
_FORMULA = re.compile("'*[=+\\-@＝＋－＠]")
_GUARDED = re.compile("'+[=+\\-@＝＋－＠]")
_DASHES = re.compile("[‐‑‒–—―−ーｰ－~〜～─━]")
_GAPS = re.compile(r"[\s()\[\]（）「」.・/]+")
_NUMBER = re.compile(r"[0-9*#,;+-]{0,50}")
_DAMAGED = re.compile(r"[0-9]+(?:\.[0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_SHORTENED = re.compile(r"[1-9][0-9]{8,9}")
_HALF_KANA = re.compile("[\uff61-\uff9f]+")
_LOGIN = re.compile(r"[@a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+")
_SPLIT = re.compile("[;；]")
_PRIVILEGE_SPLIT = re.compile("[;；,，、]")
MASK = "********"
_PRIVILEGES = frozenset(Privilege)
_TYPES = frozenset(UserType)


@dataclass(frozen=True, slots=True)
class Cell:
    """A value; ``error`` says what is wrong, ``repaired`` that it was mended, ``warning`` a doubt."""

    text: str
    error: Saying | None = None
    repaired: bool = False
    warning: Saying | None = None


# Most cells of most files are blank.
_DEFAULTS = {text: Cell(text) for text in ("", "0", "1", "ja", "REGULAR_USER")}


def guarded(text: str) -> str:
    """Free text as it is exported: Excel shall not take it for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """Free text as it was before the export."""
    return text[1:] if _GUARDED.match(text) else text


def password_of(given: Mapping[str, str]) -> str:
    """The password that a row gives, or blank: the mask of the error file is none."""
    text = given.get("PASSWORD", "")
    return "" if text.strip() == MASK else text


def read_cell(column: Column, raw: str, stored: str | None, *, zeros: bool = False) -> Cell:
    """The cell's value. ``stored`` is what is there now: None when there is nothing."""
    if not raw:
        return _DEFAULTS.get(column.default) or Cell(column.default)
    if raw == stored and not raw.startswith("'"):
        return Cell(raw)
    text = plain(column, raw)
    if not text:
        return Cell(column.default)
    if text == stored:
        return Cell(text)
    cell = _READERS[column.kind](column, text, zeros)
    if not cell.error and cell.text != stored and column.limit and column.kind not in ("codes", "titles", "areas"):
        if len(cell.text) > column.limit:
            return Cell(cell.text, TOO_LONG)
    return cell


def plain(column: Column, raw: str) -> str:
    """The text of the cell without what stands around it."""
    text = plain_text(unguarded(raw) if column.is_free or column.kind == "kana" else raw)
    return text.strip() if column.kind == "text" else one_line(text)


def parts(text: str) -> list[str]:
    """The values of a cell that holds several."""
    return [part.strip() for part in _SPLIT.split(text)]


def _text(column: Column, text: str, zeros: bool) -> Cell:
    known = fields.PROFILE.get(column.field) or fields.DEPARTMENT.get(column.field)
    if known is not None and known.fault(text) == "format":
        return Cell(text, FORMAT)
    return Cell(text)


def _name(column: Column, text: str, zeros: bool) -> Cell:
    return Cell(text, warning=MARK if "?" in text or "\ufffd" in text else None)


def _kana(column: Column, text: str, zeros: bool) -> Cell:
    full = _HALF_KANA.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    return Cell(full, repaired=full != text)


def _phone(column: Column, text: str, zeros: bool) -> Cell:
    mended = _mended_number(text)
    if not _NUMBER.fullmatch(mended):
        if len(mended) > column.limit:
            return Cell(text, TOO_LONG)
        if _DAMAGED.fullmatch(unicodedata.normalize("NFKC", text)):
            return Cell(text, DAMAGED)
        return Cell(text, EXTENSION if text.startswith("内線") else FORMAT)
    if _SHORTENED.fullmatch(mended) and column.name != "EXTENSION_NUMBER":
        return Cell(f"0{mended}", repaired=True) if zeros else Cell(mended, repaired=mended != text, warning=ZERO)
    return Cell(mended, repaired=mended != text)


def _mended_number(text: str) -> str:
    if _NUMBER.fullmatch(text):
        return text
    plain = _DASHES.sub("-", unicodedata.normalize("NFKC", _DASHES.sub("-", text)))
    if _DAMAGED.fullmatch(plain):
        return text
    return re.sub("-{2,}", "-", _GAPS.sub("-", plain)).strip("-")


def _email(column: Column, text: str, zeros: bool) -> Cell:
    mended = unicodedata.normalize("NFKC", text).strip()
    return Cell(mended, None if is_mail_address(mended) else FORMAT, repaired=mended != text)


def _login(column: Column, text: str, zeros: bool) -> Cell:
    mended = unicodedata.normalize("NFKC", text)
    return Cell(mended, None if _LOGIN.fullmatch(mended) else FORMAT, repaired=mended != text)


def _anpi(column: Column, text: str, zeros: bool) -> Cell:
    mended = unicodedata.normalize("NFKC", text)
    return Cell(mended, None if fields.ANPI_LOGIN_ID.fullmatch(mended) else FORMAT, repaired=mended != text)


def _score(column: Column, text: str, zeros: bool) -> Cell:
    mended = unicodedata.normalize("NFKC", text)
    if not fields.SCORE.fullmatch(mended):
        return Cell(text, FORMAT)
    return Cell(str(int(mended)), repaired=mended != text)


def _flag(column: Column, text: str, zeros: bool) -> Cell:
    mended = unicodedata.normalize("NFKC", text)
    return Cell(mended, None if mended in ("0", "1") else FORMAT, repaired=mended != text)


def _type(column: Column, text: str, zeros: bool) -> Cell:
    mended = unicodedata.normalize("NFKC", text).upper()
    return Cell(mended, None if mended in _TYPES else FORMAT)


def _language(column: Column, text: str, zeros: bool) -> Cell:
    mended = unicodedata.normalize("NFKC", text).lower()
    return Cell(mended, None if mended in ("ja", "en") else FORMAT)


def _privileges(column: Column, text: str, zeros: bool) -> Cell:
    given = {part.strip().upper() for part in _PRIVILEGE_SPLIT.split(unicodedata.normalize("NFKC", text))} - {""}
    return Cell(";".join(sorted(given)), None if given <= _PRIVILEGES else FORMAT)


def _code(column: Column, text: str, zeros: bool) -> Cell:
    mended = unicodedata.normalize("NFKC", text)
    if len(mended) > column.limit:
        return Cell(mended, TOO_LONG)
    return Cell(mended, None if fields.CODE.fullmatch(mended) else FORMAT, repaired=mended != text)


def _codes(column: Column, text: str, zeros: bool) -> Cell:
    return Cell(";".join(part for part in parts(text) if part))


def _titles(column: Column, text: str, zeros: bool) -> Cell:
    given = parts(text)
    return Cell(";".join(given), TOO_LONG if any(len(each) > column.limit for each in given) else None)


def _as_given(column: Column, text: str, zeros: bool) -> Cell:
    return Cell(text)


_READERS = {
    "mode": _as_given,
    "login": _login,
    "password": _as_given,
    "force": _flag,
    "type": _type,
    "flag": _flag,
    "name": _name,
    "kana": _kana,
    "line": _text,
    "text": _text,
    "phone": _phone,
    "email": _email,
    "score": _score,
    "privileges": _privileges,
    "anpi": _anpi,
    "image": _as_given,
    "areas": _codes,
    "language": _language,
    "code": _code,
    "parent": _code,
    "codes": _codes,
    "titles": _titles,
}
