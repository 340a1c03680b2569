"""The room that files take: reserved in full before the first byte comes, given back to the byte.

One row a person and one for the company; on PostgreSQL a rule of their own is held while they are compared, so that
nothing which holds the rule of the company for long (an import) keeps uploads waiting.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from chat.files.tables import file_space
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


def reserve(tx: Transaction, account: int, size: int, limits: Limits) -> None:
    """Room for a file that is about to come, or a refusal that says whose room is too small."""
    tx.lock(RULE)
    taken = used(tx.connection, account)
    if limits.person and taken.get(account, 0) + size > limits.person:
        raise PersonFull(limit=limits.person // MEBIBYTE)
    if limits.company and taken.get(COMPANY, 0) + size > limits.company:
        raise CompanyFull()
    for owner in (COMPANY, account):
        _change(tx, owner, size, new=owner not in taken)


def release(tx: Transaction, account: int, size: int) -> None:
    """So many bytes of somebody's are not there any more, or will not come."""
    for owner in (COMPANY, account):
        _change(tx, owner, -size)


def release_person(tx: Transaction, account: int, size: int) -> None:
    """They are no longer his: kept all the same, for the talk log."""
    _change(tx, account, -size)


def release_company(tx: Transaction, size: int) -> None:
    """The talk log has let them go."""
    _change(tx, COMPANY, -size)


def used(connection: Connection, account: int) -> dict[int, int]:
    """The bytes that are reserved or kept, of this person and of the company."""
    s = file_space.c
    rows = connection.execute(select(s.owner, s.bytes).where(s.owner.in_([COMPANY, account])))
    return {row.owner: row.bytes for row in rows}


def _change(tx: Transaction, owner: int, size: int, new: bool = False) -> None:
    s = file_space.c
    if new:
        tx.connection.execute(insert(file_space).values(owner=owner, bytes=size))
    elif size:
        tx.connection.execute(update(file_space).where(s.owner == owner).values(bytes=s.bytes + size))
