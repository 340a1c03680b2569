"""The rows of a plan, kept until they are applied: written in steps of the bulk lane, so that nobody waits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

import msgspec
from sqlalchemy import Select, delete, insert, select, text, update

from directory.imports.columns import folded_heading
from directory.imports.model import Act, Counts, Kind, Record
from directory.tables import import_headings, import_rows, imports
from server.auth.audit import record as write_audit
from server.auth.model import Actor
from server.data.batch import Steps
from server.data.staged import Staged
from server.data.transaction import Transaction

ROWS_A_STEP = 250

_STAGED = "SELECT row, act, key, target_id AS id, after AS fields FROM import_rows WHERE import_id = :import_id"


def staged(tx: Transaction, import_id: int) -> Staged:
    """What this import sets, for SQL. Rows with errors are kept for the error file alone."""
    return Staged(tx.connection, f"{_STAGED} AND act <> 'error'", {"import_id": import_id})


def staged_between(tx: Transaction, import_id: int, first: int, last: int) -> Staged:
    """The same of these rows of the file."""
    source = f"{_STAGED} AND act <> 'error' AND row BETWEEN :first AND :last"
    return Staged(tx.connection, source, {"import_id": import_id, "first": first, "last": last})


def targets(import_id: int, acts: Collection[str]) -> Select[tuple[int]]:
    """The accounts or departments to which it does this."""
    r = import_rows.c
    return select(r.target_id).where(r.import_id == import_id, r.act.in_(sorted(acts)), r.target_id.is_not(None))


def acts(tx: Transaction, import_id: int) -> set[str]:
    """What the import does to somebody or something at all."""
    one = select(import_rows.c.row).where(import_rows.c.import_id == import_id).limit(1)
    every: tuple[Act, ...] = ("add", "change", "remove", "return")
    return {act for act in every if tx.connection.execute(one.where(import_rows.c.act == act)).first() is not None}


def staged_before(tx: Transaction, import_id: int) -> Staged:
    """The same rows with what stood there before."""
    source = f"{_STAGED} AND act <> 'error'".replace("after AS fields", "before AS fields")
    return Staged(tx.connection, source, {"import_id": import_id})


def steps(
    actor: Actor, kind: Kind, sha256: str, seen_rev: int, record: Record, counts: Counts, chunks: Sequence[bytes]
) -> Steps:
    """Keep a preview; ends with its number. ``chunks`` are JSON lists of ``StagedRow``."""
    import_id = yield partial(_begin, actor, kind, sha256, seen_rev, record, counts)
    for chunk in chunks:
        yield partial(_stage, import_id, chunk)
    yield _count_anew
    return import_id


def forget_steps(import_id: int) -> Steps:
    """Remove an import and its rows; who was made for it and never admitted is gone before (``ready``)."""
    while (yield partial(_forget_some, import_id)):
        pass
    yield lambda tx: tx.connection.execute(delete(imports).where(imports.c.id == import_id))


def _begin(
    actor: Actor, kind: Kind, sha256: str, seen_rev: int, record: Record, counts: Counts, tx: Transaction
) -> int:
    row = {
        "kind": kind,
        "actor_id": actor.account_id,
        "at": tx.now,
        "state": "previewed",
        "sha256": sha256,
        "seen_rev": seen_rev,
        "options": msgspec.json.encode(record).decode(),
        "counts": msgspec.json.encode(counts).decode(),
    }
    id = int(tx.connection.execute(insert(imports).values(row).returning(imports.c.id)).scalar_one())
    if counts.errors:
        write_audit(tx, actor, f"directory.preview.{kind}", str(id), "refused", **msgspec.to_builtins(counts))
    return id


def note_refusal(tx: Transaction, actor: Actor, action: str, import_id: int, counts: Counts, code: str) -> None:
    """A line of the audit: numbers and a code alone, nothing of what stands in the file."""
    write_audit(tx, actor, action, str(import_id), "refused", **msgspec.to_builtins(counts), code=code)


def _stage(import_id: int, chunk: bytes, tx: Transaction) -> None:
    Staged.of(tx.connection, chunk.decode()).run(
        "INSERT INTO import_rows (import_id, row, act, key, target_id, before, after)"
        " SELECT CAST(:import_id AS bigint), s.row, s.act, s.key, s.id, s.f ->> 'before', s.f ->> 'after' FROM s",
        import_id=import_id,
    )


def _count_anew(tx: Transaction) -> None:
    """PostgreSQL would plan the apply for a table that it remembers as small."""
    if tx.dialect == "postgresql":
        tx.connection.execute(text("ANALYZE import_rows"))


def _forget_some(import_id: int, tx: Transaction) -> int:
    some = select(import_rows.c.row).where(import_rows.c.import_id == import_id).limit(ROWS_A_STEP)
    gone = delete(import_rows).where(import_rows.c.import_id == import_id, import_rows.c.row.in_(some))
    return int(tx.connection.execute(gone).rowcount)


def mark_state(tx: Transaction, import_id: int, state: str, **values: object) -> None:
    tx.connection.execute(update(imports).where(imports.c.id == import_id).values(state=state, **values))


def remember_headings(tx: Transaction, kind: Kind, columns: dict[str, str]) -> None:
    """What the company's own headings mean, for the next file."""
    h = import_headings.c
    for heading, column in columns.items():
        folded = folded_heading(heading)
        tx.connection.execute(delete(import_headings).where(h.kind == kind, h.heading == folded))
        tx.connection.execute(insert(import_headings).values(kind=kind, heading=folded, column=column))
