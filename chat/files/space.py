"""The room that files take: reserved in full before the first byte comes, given back to the byte.

One row a person and one for the company; on PostgreSQL a rule of their own is held while they are compared, so that
nothing which holds the rule of the company for long (an import) keeps uploads waiting.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, insert, select, update

from chat.files.tables import file_space
from server.data.sets import key_rows, packed
from server.data.space import MEBIBYTE
from server.data.transaction import Transaction
from server.errors import AppError
from server.settings import Settings

RULE = "files"
"""Held by whoever changes the room, before any row of a file or of the room."""
COMPANY = 0
"""Whose row the company's is: no account has this number."""


@dataclass(frozen=True)
class Limits:
    """Bytes; 0 is no limit, but for one file."""

    file: int
    person: int
    company: int


class TooBig(AppError):
    """One file has more bytes than files may have."""

    status = 413
    code = "file_too_big"

    @classmethod
    def of(cls, size: int, limits: Limits) -> TooBig:
        return cls(max=limits.file // MEBIBYTE, size=-(-size // MEBIBYTE))


class PersonFull(AppError):
    """Somebody's files would take more room than they may."""

    status = 507
    code = "file_quota"


class CompanyFull(AppError):
    """All files together would."""

    status = 507
    code = "file_space"


def limits_of(settings: Settings) -> Limits:
    """What the operator decided."""
    return Limits(
        settings.upload_mb * MEBIBYTE, settings.user_files_mb * MEBIBYTE, settings.company_files_mb * MEBIBYTE
    )


def check_size(size: int, limits: Limits) -> None:
    """Refuse a file that is too large for any room."""
    if size > limits.file:
        raise TooBig.of(size, limits)


class Room:
    """What the files of these people and of the company take; reservations are gathered, and written at once."""

    def __init__(self, tx: Transaction, people: Iterable[int]) -> None:
        tx.lock(RULE)
        self._tx = tx
        self._used = used(tx.connection, people)
        self._more: Counter[int] = Counter()

    def reserve(self, account: int, size: int, limits: Limits) -> None:
        """Room for a file that is about to come, or a refusal that says whose room is too small."""
        if limits.person and self._taken(account) + size > limits.person:
            raise PersonFull(limit=limits.person // MEBIBYTE)
        if limits.company and self._taken(COMPANY) + size > limits.company:
            raise CompanyFull()
        for owner in (COMPANY, account):
            self._more[owner] += size

    def write(self) -> None:
        """All that was reserved stands in the rows."""
        new = [{"owner": owner, "bytes": size} for owner, size in self._more.items() if owner not in self._used]
        if new:
            self._tx.connection.execute(insert(file_space), new)
        change(self._tx, {owner: size for owner, size in self._more.items() if owner in self._used})

    def _taken(self, owner: int) -> int:
        return self._used.get(owner, 0) + self._more[owner]


def release(tx: Transaction, account: int, size: int) -> None:
    """So many bytes of somebody's are not there any more, or will not come."""
    change(tx, {COMPANY: -size, account: -size})


def release_person(tx: Transaction, account: int, size: int) -> None:
    """They are no longer his: kept all the same, for the talk log."""
    change(tx, {account: -size})


def release_company(tx: Transaction, size: int) -> None:
    """The talk log has let them go."""
    change(tx, {COMPANY: -size})


def used(connection: Connection, people: Iterable[int]) -> dict[int, int]:
    """The bytes that are reserved or kept, of each of these people and of the company."""
    rows = connection.execute(_used(connection.dialect.name), {"keys": packed({COMPANY, *people})})
    return {row.owner: row.bytes for row in rows}


@cache
def _used(dialect: str) -> Select[Any]:
    keys, s = key_rows(dialect, int), file_space.c
    return select(s.owner, s.bytes).select_from(keys.join(file_space, s.owner == keys.c.k0))


def change(tx: Transaction, more: Mapping[int, int]) -> None:
    """So many bytes more for each owner, or fewer."""
    rows = [{"whose": owner, "more": size} for owner, size in sorted(more.items()) if size]
    if rows:
        tx.connection.execute(_GROWN, rows)


_S = file_space.c
_GROWN = update(file_space).where(_S.owner == bindparam("whose")).values(bytes=_S.bytes + bindparam("more"))
