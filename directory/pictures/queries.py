"""What is asked of pictures, and how one is kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, exists, func, select
from sqlalchemy.dialects import postgresql, sqlite

from directory.pictures.model import Picture, Size
from directory.tables import import_rows, people, pictures
from server.auth.tables import company
from server.data.transaction import Transaction


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


def sweep(tx: Transaction, before: datetime) -> int:
    """Delete the pictures that nobody has and no undo of an import would need, made before this; how many."""
    has = exists().where(people.c.photo == pictures.c.name)
    shows = exists().where(company.c.logo == pictures.c.name)
    may_return = exists().where(func.instr(import_rows.c.before, pictures.c.name) > 0)
    if tx.dialect != "sqlite":
        may_return = exists().where(func.strpos(import_rows.c.before, pictures.c.name) > 0)
    unused = delete(pictures).where(pictures.c.made_at < before, ~has, ~shows, ~may_return)
    return tx.connection.execute(unused).rowcount
