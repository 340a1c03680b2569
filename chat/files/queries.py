"""Questions about files: one function, one question, our own types out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, and_, func, select

from chat.files.facts import INLINE
from chat.files.frames import File
from chat.files.tables import files
from server.data.sets import key_rows, packed

RECEIVING, READY, SENT, REFUSED, DELETED, GONE = "receiving", "ready", "sent", "refused", "deleted", "gone"
OPEN = (RECEIVING, READY)
"""On their way, and not in a message yet."""


class FileRow(NamedTuple):
    """A row of ``files``. Times are milliseconds; what is not known yet is blank."""

    id: int
    key: str
    account_id: int
    name: str
    size: int
    state: str
    refusal: str
    sha256: str
    stored_sha256: str
    stored_size: int
    media: str
    width: int
    height: int
    thumbnail: bool
    facts: str
    uninspected: bool
    scan: str
    channel_id: int | None
    seq: int | None
    created_at: int
    moved_at: int
    deleted_at: int | None

    @property
    def kept(self) -> int:
        """The bytes for which there is room: as announced, then as kept."""
        return self.size if self.state == RECEIVING else self.stored_size


COLUMNS = [files.c[name] for name in FileRow._fields]


def file_of_row(row: Row[Any]) -> FileRow:
    return FileRow._make(row)


def shown(row: FileRow) -> File:
    """A file as a message carries it."""
    return File(
        id=row.key,
        name=row.name,
        size=row.stored_size,
        media=row.media if row.media in INLINE else "",
        width=row.width,
        height=row.height,
        thumbnail=bool(row.thumbnail),
        uninspected=bool(row.uninspected),
    )


def logged(row: FileRow) -> dict[str, object]:
    """A file as the talk log names it: both hashes, as it was sent and as it is kept."""
    return {
        "id": row.key,
        "name": row.name,
        "size": row.stored_size,
        "sha256": row.sha256,
        "stored_sha256": row.stored_sha256,
        "media": row.media,
    }


def by_key(connection: Connection, key: str) -> FileRow | None:
    """One file, whoever's."""
    row = connection.execute(select(*COLUMNS).where(files.c.key == key)).first()
    return file_of_row(row) if row else None


def own(connection: Connection, account: int, key: str, *, lock: bool = False) -> FileRow | None:
    """One of somebody's own files; ``lock`` holds its row until the end of the transaction (PostgreSQL)."""
    wanted = select(*COLUMNS).where(files.c.key == key, files.c.account_id == account)
    row = connection.execute(wanted.with_for_update() if lock else wanted).first()
    return file_of_row(row) if row else None


def locked(connection: Connection, keys: Iterable[str]) -> dict[str, FileRow]:
    """These files by their keys, their rows held in the order of their ids (PostgreSQL)."""
    rows = connection.execute(_locked(connection.dialect.name), {"keys": packed(sorted(set(keys)))})
    return {row.key: file_of_row(row) for row in rows}


@cache
def _locked(dialect: str) -> Select[Any]:
    keys = key_rows(dialect, str)
    if dialect == "sqlite":
        return select(*COLUMNS).select_from(keys.join(files, files.c.key == keys.c.k0))
    held = select(*COLUMNS).where(files.c.key.in_(select(keys.c.k0)))
    return held.order_by(files.c.id).with_for_update()


def known(connection: Connection, keys: Iterable[str]) -> set[str]:
    """Those of these keys whose bytes are to be kept."""
    wanted = key_rows(connection.dialect.name, str)
    found = select(files.c.key).select_from(wanted.join(files, files.c.key == wanted.c.k0))
    kept = found.where(files.c.state.not_in([REFUSED, GONE]))
    return set(connection.execute(kept, {"keys": packed(keys)}).scalars())


def receiving(connection: Connection, keys: Iterable[str]) -> set[str]:
    """Those of these keys whose bytes are still coming."""
    wanted = key_rows(connection.dialect.name, str)
    found = select(files.c.key).select_from(wanted.join(files, files.c.key == wanted.c.k0))
    return set(connection.execute(found.where(files.c.state == RECEIVING), {"keys": packed(keys)}).scalars())


def open_uploads(connection: Connection, people: Iterable[int]) -> Counter[int]:
    """How many files of each of these people are on their way, or wait to be sent."""
    rows = connection.execute(_open_uploads(connection.dialect.name), {"keys": packed(set(people))})
    return Counter({row[0]: row[1] for row in rows})


@cache
def _open_uploads(dialect: str) -> Select[Any]:
    keys, f = key_rows(dialect, int), files.c
    mine = keys.join(files, and_(f.account_id == keys.c.k0, f.state.in_(OPEN)))
    return select(f.account_id, func.count()).select_from(mine).group_by(f.account_id)
