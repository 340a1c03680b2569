"""What follows an import in steps: a line of the audit for each person, each line once, and none is lost; and the
areas of those who were removed go.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import select, update

from directory.imports import person_rows, staging
from directory.tables import import_rows, imports
from server.auth import bulk
from server.auth.model import Actor
from server.clock import to_micros
from server.data.batch import Steps
from server.data.transaction import Transaction
from server.services import Services
from server.work import jobs

TRAIL = "directory.trail"
ROWS_A_STEP = 500


def soon(tx: Transaction, import_id: int, actor: Actor) -> None:
    """The job stands in the transaction of the import itself."""
    jobs.add(tx, TRAIL, {"import": import_id, "actor": actor.account_id, "name": actor.name})


async def write(services: Services, body: Any) -> None:
    """Again is harmless: how far it has come is written with the lines."""
    await services.writer.bulk(steps(body["import"], body["actor"], body["name"]))


def steps(import_id: int, actor_id: int | None, name: str) -> Steps:
    while (yield partial(_write_some, import_id, actor_id, name)):
        pass


def _write_some(import_id: int, actor_id: int | None, name: str, tx: Transaction) -> bool:
    tx.lock(f"import:{import_id}")
    i, r = imports.c, import_rows.c
    found = tx.connection.execute(select(i.told, i.applied_at).where(i.id == import_id)).first()
    if found is None or found.applied_at is None:
        return False
    next_rows = select(r.row).where(r.import_id == import_id, r.row > found.told).order_by(r.row).limit(ROWS_A_STEP)
    rows = list(tx.connection.execute(next_rows).scalars())
    if rows:
        detail = msgspec.json.encode({"import": import_id}).decode()
        staged = staging.staged_between(tx, import_id, rows[0], rows[-1])
        bulk.write_trail(staged, to_micros(found.applied_at), actor_id, name, detail)
        person_rows.forget_areas(staged)
        tx.connection.execute(update(imports).where(i.id == import_id).values(told=rows[-1]))
    return bool(rows)


JOBS: Mapping[str, Callable[[Services, Any], Awaitable[None]]] = {TRAIL: write}
