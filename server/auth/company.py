"""The company itself: name, 団体コード, licence numbers, and what it has decided for everybody; one row.

A database that was filled before it had this row, or from the command line, gets one with the name that the
settings give (``ensure``); only the first run (``first_run.py``) asks somebody for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, insert, select

from server.auth import queries, visibility
from server.auth.model import short_line
from server.auth.rules import Licences as Licences
from server.auth.tables import company
from server.auth.visibility import Visibility
from server.data.readers import Readers
from server.data.transaction import Transaction
from server.readable import readable_letters

NAME_LIMIT = 100
GROUP_CODE_LETTERS = 8
CHANGED = "company"
"""The note that tells every process to read the row anew."""
READ_EVERY_SECONDS = 5.0

_THE_ROW = 1


@dataclass(frozen=True, slots=True)
class Company:
    """Whose server this is."""

    name: str
    group_code: str
    licences: Licences
    phone_scheme: str = "tel:"
    """電話番号URLスキーム (S8): what stands before a number that is dialled."""
    logo: str = ""
    """The picture's name; blank: none."""
    visibility: Mapping[str, Visibility] = field(default_factory=lambda: dict(visibility.DEFAULTS))
    """公開範囲 of every field that has one (A6)."""
    purpose: str = ""
    """利用目的, accepted at the first sign-in; blank: nobody is asked."""
    login_domains: tuple[str, ...] = ()
    """Domains that a new login ID may have; none: any."""


def find(connection: Connection) -> Company | None:
    """The company; None before there is one."""
    row = connection.execute(select(company)).first()
    if row is None:
        return None
    return Company(
        row.name,
        row.group_code,
        Licences(row.licence_basic, row.licence_talk, row.licence_anpi),
        row.phone_scheme,
        row.logo,
        visibility.read(row.visibility),
        row.purpose,
        tuple(row.login_domains.split()),
    )


def valid_name(name: str) -> str:
    """社名 as it is kept: one line, up to 100 characters."""
    return short_line(name, "company", NAME_LIMIT, required=True)


def ensure(tx: Transaction, name: str) -> Company:
    """The company, made with this name when there is none."""
    tx.lock("company")
    return find(tx.connection) or found(tx, name)


def found(tx: Transaction, name: str) -> Company:
    """A new company in the place of one that nobody belongs to; the caller holds the lock ``company``."""
    new = Company(name, readable_letters(GROUP_CODE_LETTERS), Licences())
    tx.connection.execute(delete(company))
    row = {
        "id": _THE_ROW,
        "name": new.name,
        "group_code": new.group_code,
        "licence_basic": new.licences.basic,
        "licence_talk": new.licences.talk,
        "licence_anpi": new.licences.anpi,
        "opened_at": tx.now,
    }
    tx.connection.execute(insert(company), row)
    tx.note(CHANGED)
    return new


@dataclass(frozen=True, slots=True)
class _Seen:
    company: Company | None
    inhabited: bool


class KnownCompany:
    """The company as one process knows it, for pages that cannot wait for the database.

    ``look`` reads it again when it may be old: at each call while there is nobody, so that the first run ends for
    every process at once; then every few seconds, and when a change was told.
    """

    def __init__(self, fallback: str) -> None:
        self._fallback = fallback
        self._seen = _Seen(None, inhabited=False)
        self._old_at = 0.0

    @property
    def name(self) -> str:
        """What stands at the top of every page."""
        return self._seen.company.name if self._seen.company else self._fallback

    @property
    def known(self) -> Company | None:
        """The whole company, as it was last read; None before there is one."""
        return self._seen.company

    @property
    def purpose(self) -> str:
        """What is accepted at the first sign-in; blank: nothing."""
        return self._seen.company.purpose if self._seen.company else ""

    @property
    def inhabited(self) -> bool:
        """Whether there is anybody: from then on for ever."""
        return self._seen.inhabited

    def forget(self, _about: int = 0) -> None:
        """What is known is old."""
        self._old_at = 0.0

    async def look(self, readers: Readers) -> None:
        """Know what the database knows, give or take a few seconds."""
        now = asyncio.get_running_loop().time()
        if self.inhabited and now < self._old_at:
            return
        self._old_at = now + READ_EVERY_SECONDS
        self._seen = await readers.ask(_look)


def _look(connection: Connection) -> _Seen:
    return _Seen(find(connection), queries.anybody(connection))
