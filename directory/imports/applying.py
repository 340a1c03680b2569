"""The last step of an import: one short transaction of a few statements, whatever the number of rows.

All or nothing. New people stand ready by then (``ready``), and their lines of the audit follow (``trail``). Before it
writes it asks whether the plan is still true, and afterwards the rules of the company; what follows of it outside the
directory (sockets, rooms, the search) goes out with the commit or comes after it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

import msgspec
from sqlalchemy import Connection, select, text

from directory import changes, events, reindexing
from directory.imports import department_rows, person_rows, ready, staging, trail
from directory.imports.model import Counts, Kind, Record
from directory.imports.ready import NewHash
from directory.search import indexing
from directory.tables import imports
from server.auth import bulk, company, queries, seats
from server.auth.audit import record as write_audit
from server.auth.bulk import HashedPassword
from server.auth.model import Actor, Privilege
from server.data.staged import Staged
from server.data.transaction import Transaction
from server.errors import Conflict, Forbidden, NotFound
from server.ports import PeopleMoved

RIGHT: Mapping[Kind, Privilege] = {"users": Privilege.ADMIN_USER, "departments": Privilege.ADMIN_DIVISION}
LONGEST_SECONDS = 300
UNDO_FOR = timedelta(days=7)


class Applied(msgspec.Struct, frozen=True):
    """What an import has come to."""

    rev: int
    counts: Counts


class Kept(msgspec.Struct, frozen=True):
    """An import as it is kept."""

    id: int
    kind: Kind
    actor_id: int | None
    state: str
    sha256: str
    seen_rev: int
    record: Record
    counts: Counts


def kept(connection: Connection, import_id: int) -> Kept | None:
    """The import of this number."""
    row = connection.execute(imports.select().where(imports.c.id == import_id)).first()
    if row is None:
        return None
    record = msgspec.json.decode(row.options, type=Record)
    counts = msgspec.json.decode(row.counts, type=Counts)
    return Kept(row.id, row.kind, row.actor_id, row.state, row.sha256, row.seen_rev, record, counts)


def apply(
    tx: Transaction,
    actor: Actor,
    import_id: int,
    hashes: Sequence[NewHash] = (),
    listeners: Sequence[PeopleMoved] = (),
) -> Applied:
    """Do what the preview showed, or nothing at all."""
    _plan_for_many(tx)
    tx.lock("company")
    tx.lock(f"import:{import_id}")
    plan = kept(tx.connection, import_id)
    if plan is None or (plan.actor_id != actor.account_id and not actor.operator):
        raise NotFound()
    _require_right(tx, actor, RIGHT[plan.kind])
    rows = staging.staged(tx, import_id)
    _require_fresh(tx, plan, rows)
    rev = changes.next_rev(tx)
    if plan.kind == "users":
        _users(tx, plan, actor, rows, rev, hashes, listeners)
    else:
        indexing.mark(tx, department_rows.write(rows, rev))
        indexing.mark_below(tx, department_rows.numbers(rows))
    reindexing.soon(tx)
    _settle(tx, actor, plan, rev)
    touched = plan.counts.add + plan.counts.change + plan.counts.remove
    changes.reload(tx, rev, actor.account_id, within_ms=events.spread(touched))
    return Applied(rev, plan.counts)


def _require_right(tx: Transaction, actor: Actor, right: Privilege) -> None:
    """Refuse unless the actor holds the right now."""
    actor.require(right)
    if actor.account_id is None:
        return
    # Asked anew: passwords may have been hashed for minutes since the request was let in.
    found = queries.account(tx.connection, actor.account_id)
    if found is None or not found.may_sign_in or right not in found.privileges:
        raise Forbidden()


def _users(
    tx: Transaction,
    plan: Kept,
    actor: Actor,
    rows: Staged,
    rev: int,
    hashes: Sequence[NewHash],
    listeners: Sequence[PeopleMoved],
) -> None:
    before, acts, touched = seats.counts(tx.connection), staging.acts(tx, plan.id), _touched(plan)
    with ready.names_are_free():
        made = ready.make_all(tx, plan.id, hashes) if "add" in acts else set()
        person_rows.mark_departments(rows, rev, acts - {"add"}, touched)
        _write_accounts(rows, acts, touched)
        if "add" in acts:
            person_rows.admit(rows, rev)
        person_rows.write(rows, rev, acts, touched)
        person_rows.mark_departments(rows, rev, acts - {"remove"}, touched)
    left = [each for each in hashes if each.row not in made]
    people = person_rows.accounts_of(tx, plan.id, [each.row for each in left])
    bulk.set_passwords(tx, [HashedPassword(people[each.row], each.hash, each.must_change) for each in left])
    bulk.end_sessions(tx, rows, "remove" in acts, touched)
    bulk.require_company(tx, before)
    trail.soon(tx, plan.id, actor)
    indexed = acts if person_rows.is_found_by(touched) else acts - {"change"}
    indexing.mark_those(tx, staging.targets(plan.id, indexed))
    _tell_moved(tx, actor, plan, rows, listeners)


def _touched(plan: Kept) -> Collection[str]:
    return person_rows.EVERYTHING if plan.record.touched is None else frozenset(plan.record.touched)


def _write_accounts(rows: Staged, acts: Collection[str], touched: Collection[str]) -> None:
    """First what gives names free, then what takes them."""
    if "remove" in acts:
        bulk.remove(rows)
    if {"change", "return"} & set(acts):
        bulk.change(rows, touched)
        if "PRIVILEGES" in touched:
            bulk.write_privileges(rows, ["change", "return"])
    if "add" in acts:
        bulk.admit(rows)


def _tell_moved(tx: Transaction, actor: Actor, plan: Kept, rows: Staged, listeners: Sequence[PeopleMoved]) -> None:
    removed = list(rows.run("SELECT id FROM s ORDER BY id", ["remove"]).scalars())
    returned = list(rows.run("SELECT id FROM s ORDER BY id", ["return"]).scalars())
    undone = imports.select().where(imports.c.id == plan.record.undoes)
    since = row.applied_at if (row := tx.connection.execute(undone).first()) else None
    for listener in listeners:
        listener(tx, actor, removed, returned, since)


def _require_fresh(tx: Transaction, plan: Kept, rows: Staged) -> None:
    """Refuse a plan that was made for another company than the one that is there now."""
    found = company.find(tx.connection)
    licences = found.licences if found else None
    limits = (licences.basic, licences.talk, licences.anpi) if licences else plan.record.limits
    later = text("SELECT 1 FROM imports WHERE rev > :rev LIMIT 1")
    stale = (
        plan.state not in ("previewed", "applying")
        or limits != plan.record.limits
        or not _is_undoable(tx, plan.record.undoes)
        or (found is not None and list(found.login_domains) != plan.record.domains)
        or tx.connection.execute(later, {"rev": plan.seen_rev}).first() is not None
        or department_rows.relied_upon_have_changed(tx.connection, plan.kind, plan.record.relied, plan.seen_rev)
        or _have_changed(plan, rows)
    )
    if stale:
        raise Conflict("import_stale")


def _have_changed(plan: Kept, rows: Staged) -> bool:
    if plan.kind == "departments":
        return department_rows.have_changed(rows, plan.seen_rev)
    return person_rows.have_changed(rows, plan.seen_rev, _touched(plan))


def _is_undoable(tx: Transaction, undoes: int) -> bool:
    """Whether what an undo undoes is still there to be undone; 0: it is no undo."""
    if not undoes:
        return True
    i = imports.c
    row = tx.connection.execute(select(i.state, i.applied_at).where(i.id == undoes)).first()
    return row is not None and row.state == "applied" and row.applied_at >= tx.now - UNDO_FOR


def _settle(tx: Transaction, actor: Actor, plan: Kept, rev: int) -> None:
    staging.mark_state(tx, plan.id, "applied", rev=rev, applied_at=tx.now)
    if plan.record.undoes:
        staging.mark_state(tx, plan.record.undoes, "undone")
    staging.remember_headings(tx, plan.kind, plan.record.options.columns)
    counts = msgspec.to_builtins(plan.counts)
    action = f"directory.{'undo' if plan.record.undoes else 'import'}.{plan.kind}"
    write_audit(tx, actor, action, str(plan.record.undoes or plan.id), **counts)


def _plan_for_many(tx: Transaction) -> None:
    """The writer's line plans for rows named by their keys; this transaction reads and writes whole tables."""
    if tx.dialect == "postgresql":
        for name in ("enable_hashjoin", "enable_mergejoin", "enable_seqscan"):
            tx.connection.execute(text(f"SET LOCAL {name} = on"))
        tx.connection.execute(text(f"SET LOCAL statement_timeout = '{LONGEST_SECONDS}s'"))
