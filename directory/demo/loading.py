"""The directory of the demo company, as ``./run`` shows it: 300 people, their departments, some of their photos.

The ground has added those who get a password (``server/demo.py``); nobody else has one until an administrator issues
a sheet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from sqlalchemy import Connection, Table, bindparam, select, update

from directory import changes
from directory.demo.departments import departments
from directory.demo.filling import add_accounts, add_departments, add_profiles, numbers_of
from directory.demo.people import Face, people
from directory.pictures import queries as pictures
from directory.pictures.model import Picture
from directory.search import indexing
from directory.tables import departments as department_rows
from directory.tables import people as people_rows
from directory.tables import pictures as picture_rows
from server.auth.audit import record
from server.auth.company_changing import CompanyChanges, LicenceChanges, change_company
from server.auth.model import operator
from server.data.sets import chunks
from server.data.transaction import Transaction
from server.errors import AppError
from server.services import Services

PEOPLE = 300
LICENCES = 300
"""Of each of the three, in ID."""
PHOTOS = "directory.portraits"
SECONDS = 20.0
ANSWER_BYTES = 8 * 1024 * 1024


async def load(services: Services, _people: Mapping[str, int]) -> None:
    """Add what is missing; interrupted, it goes on at the next start."""
    # Drawn in the sandbox's process while this one writes: a first start should not wait for faces.
    drawing = asyncio.create_task(_draw(services), name="demo.faces")
    try:
        await services.writer.act(_add)
        photos = await drawing
    finally:
        drawing.cancel()
        await asyncio.gather(drawing, return_exceptions=True)
    if photos:
        await services.writer.act(_show, photos)


async def _draw(services: Services) -> dict[str, Picture]:
    """Photos by login ID; without a sandbox there are none, and the demo is the demo all the same."""
    if await services.readers.ask(_has_any, picture_rows):
        return {}
    faces: dict[str, Face] = {each.login_id: each.face for each in people(PEOPLE) if each.face is not None}
    wanted = [(face.seed, face.feminine, face.works) for face in faces.values()]
    try:
        drawn = await services.sandbox.run(
            PHOTOS, wanted, seconds=SECONDS, answer=list[tuple[bytes, bytes]], answer_bytes=ANSWER_BYTES
        )
    except AppError:
        return {}
    pairs = zip(faces, drawn, strict=True)
    return {login_id: Picture("image/jpeg", large, small) for login_id, (large, small) in pairs}


def _add(tx: Transaction) -> None:
    """Everybody and all departments, at once: a company that has departments has them already."""
    if _has_any(tx.connection, department_rows):
        return
    change_company(tx, operator("demo"), CompanyChanges(licences=LicenceChanges(LICENCES, LICENCES, LICENCES)))
    # After the company's lock, as everywhere: whoever changes accounts holds that first.
    rev = changes.next_rev(tx)
    everybody = people(PEOPLE)
    codes = add_departments(tx.connection, departments(PEOPLE), rev)
    numbers = add_accounts(tx.connection, everybody, tx.now)
    add_profiles(tx.connection, everybody, numbers, codes, rev)
    for some in chunks(list(numbers.values()), indexing.AT_ONCE):
        indexing.refresh(tx, some)
    changes.reload(tx, rev, None)
    record(tx, operator("demo"), "demo.load", people=len(everybody))


def _show(tx: Transaction, photos: Mapping[str, Picture]) -> None:
    """Give everybody the photo that was drawn of him."""
    changes.begin(tx)
    rev = changes.next_rev(tx)
    numbers = numbers_of(tx.connection, photos)
    rows = [
        {"who": numbers[login_id], "photo": pictures.keep(tx, picture), "rev": rev}
        for login_id, picture in photos.items()
    ]
    tx.connection.execute(update(people_rows).where(people_rows.c.account_id == bindparam("who")), rows)
    changes.reload(tx, rev, None, ["people"])


def _has_any(connection: Connection, table: Table) -> bool:
    return connection.execute(select(table).limit(1)).first() is not None
