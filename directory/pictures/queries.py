"""What is asked of pictures, and how one is kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, exists, select
from sqlalchemy.dialects import postgresql, sqlite

from directory.pictures.model import Picture, Size
from directory.tables import import_rows, people, pictures
from server.auth.tables import company
from server.data.sets import key_rows, packed
from server.data.transaction import Transaction

_NAMES = re.compile('"([0-9a-f]{64})"')


def find(connection: Connection, name: str, size: Size) -> tuple[str, bytes] | None:
    """The media type and the bytes of a picture."""
    row = connection.execute(select(pictures.c.media, pictures.c[size]).where(pictures.c.name == name)).first()
    return None if row is None else (row[0], bytes(row[1]))


def keep(tx: Transaction, picture: Picture) -> str:
    """Have this picture, and its name; one that is there already counts as made now."""
    row = {
        "name": picture.name,
        "media": picture.media,
        "large": picture.large,
        "small": picture.small,
        "made_at": tx.now,
    }
    insert = sqlite.insert if tx.dialect == "sqlite" else postgresql.insert
    kept = insert(pictures).values(row)
    tx.connection.execute(kept.on_conflict_do_update(index_elements=["name"], set_={"made_at": tx.now}))
    return picture.name


def unused(connection: Connection) -> list[str]:
    """The names of pictures that nobody has and no undo of an import would bring back."""
    names: set[str] = set(connection.execute(unused_names()).scalars())
    return sorted(names - _may_return(connection)) if names else []


def unused_names() -> Select[Any]:
    """By names alone: their bytes lie before the day on which they were made."""
    return select(pictures.c.name).where(*_nobodys())


def drop(tx: Transaction, names: Sequence[str], before: datetime) -> int:
    """Delete those of these pictures that nobody has, made before this; how many."""
    keys = key_rows(tx.dialect, str)
    old = delete(pictures).where(pictures.c.name.in_(keys.select()), pictures.c.made_at < before, *_nobodys())
    return tx.connection.execute(old, {"keys": packed(names)}).rowcount


def _nobodys() -> tuple[ColumnElement[bool], ...]:
    return ~exists().where(people.c.photo == pictures.c.name), ~exists().where(company.c.logo == pictures.c.name)


def _may_return(connection: Connection) -> set[str]:
    """What stands in the rows of imports as it was before them, read from end to end once."""
    found: set[str] = set()
    for before in connection.execute(select(import_rows.c.before), execution_options={"yield_per": 500}).scalars():
        found.update(_NAMES.findall(before))
    return found
