"""An import from upload to commit: preview, hashing, apply, undo. One at a time in each process.

The server keeps no copy of a file: it is sent again to be applied, and must be the same byte for byte. Passwords are
in memory alone, from the upload to the hash. A crash at any moment before the last step has changed nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import msgspec
import structlog
from sqlalchemy import Connection, select

from directory.imports import applying, staging, state
from directory.imports.applying import Applied, NewHash
from directory.imports.columns import NAME
from directory.imports.model import Act, Kind, Options, Plan, Record
from directory.imports.parcels import END, GivenPassword, Outcome, pack, packed
from directory.imports.upload import Upload
from directory.imports.wire import ImportField, ImportPreview, ImportProgress, ImportRow, ImportRows
from directory.tables import import_rows
from server.auth.bulk import INITIAL_PASSWORD_LASTS
from server.auth.model import Actor
from server.auth.password_rule import check_password
from server.auth.sheets import LoginSheet
from server.clock import to_millis
from server.errors import AppError, Busy, Conflict, NotFound
from server.ports import move_listeners
from server.readable import readable_password
from server.services import Services
from server.texts import sentence

PLAN_SECONDS = 90.0
PLAN_BYTES = 512 * 1024 * 1024
UNDO_FOR = timedelta(days=7)
HASH_SECONDS = 0.045
"""What a password takes, before one has been measured."""
ROWS_A_PAGE = 100
RETRY_MS = 5000

log = structlog.get_logger()


class Imports:
    """The imports of one process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._busy = False
        self._running: dict[int, ImportProgress] = {}
        self._sheets: dict[int, tuple[int | None, list[LoginSheet]]] = {}

    # ------------------------------------------------------------ preview

    async def preview(self, actor: Actor, kind: Kind, body: AsyncIterator[bytes], options: Options) -> ImportPreview:
        """What the file would come to; kept until it is applied or grows old."""
        actor.require(applying.RIGHT[kind])
        with self._alone(), _upload() as upload:
            await upload.take(body)
            head = await self._pack(upload, actor, kind, options)
            outcome = await self._ask_desk(upload, "directory.import_plan", kind, upload.size)
            record = self._record(outcome.plan, options)
            return await self._keep(actor, kind, upload.sha256, head.rev, record, outcome)

    async def undo_preview(self, actor: Actor, kind: Kind) -> ImportPreview:
        """What undoing the last import would come to."""
        actor.require(applying.RIGHT[kind])
        since = self._services.clock() - UNDO_FOR
        last = await self._services.readers.ask(state.undoable, kind, since)
        if last is None:
            raise Conflict("nothing_to_undo")
        with self._alone(), _upload() as upload:
            head = await self._pack(upload, actor, kind, Options())
            upload.add([END])
            async for page in self._pages(last):
                upload.add([pack(page)])
            outcome = await self._ask_desk(upload, "directory.import_undo", kind)
            record = self._record(outcome.plan, Options(), undoes=last)
            return await self._keep(actor, kind, upload.sha256, head.rev, record, outcome)

    async def _pack(self, upload: Upload, actor: Actor, kind: Kind, options: Options) -> state.Head:
        """Put the company behind the upload, page by page."""
        ask = self._services.readers.ask
        head: state.Head = await ask(state.head, kind, actor.account_id, options)
        upload.add([pack(head.company), pack(head.departments)])
        if kind == "users":
            codes = {each.id: code for code, each in head.departments.items()}
            after = 0
            while page := await ask(state.people_page, after, codes):
                upload.add([packed(page)])
                after = page[-1].id
        return head

    async def _pages(self, import_id: int) -> AsyncIterator[Any]:
        after = -1
        while page := await self._services.readers.ask(state.rows_page, import_id, after):
            yield page
            after = page[-1].row

    async def _ask_desk(self, upload: Upload, function: str, *arguments: Any) -> Outcome:
        with _reading(upload) as file:
            outcome: Outcome = await self._services.sandbox.run(
                function, *arguments, seconds=PLAN_SECONDS, answer=Outcome, answer_bytes=PLAN_BYTES, file=file
            )
        return outcome

    def _record(self, plan: Plan, options: Options, undoes: int = 0) -> Record:
        return Record(options, plan.limits, plan.departments, plan.table, undoes, plan.ready)

    async def _keep(
        self, actor: Actor, kind: Kind, sha256: str, rev: int, record: Record, outcome: Outcome
    ) -> ImportPreview:
        plan = outcome.plan
        job = staging.steps(actor, kind, sha256, rev, record, plan.counts, outcome.chunks)
        id = await self._services.writer.bulk(job)
        return ImportPreview(
            id=id,
            kind=kind,
            encoding=plan.encoding,
            rows=plan.rows,
            counts=plan.counts,
            seats=plan.seats,
            lost=plan.lost,
            unknown=plan.unknown,
            headings=plan.headings,
            problems=plan.problems,
            asks=plan.asks,
            offers=plan.offers,
            ready=plan.ready,
            hashing_seconds=round(plan.counts.hashes * HASH_SECONDS),
            kept=plan.kept,
        )

    # ------------------------------------------------------------ apply

    async def apply(self, actor: Actor, id: int, body: AsyncIterator[bytes], address: str) -> ImportProgress:
        """Do what the preview showed, with the same file. How far it is, ``progress`` tells meanwhile."""
        plan = await self._mine(actor, id)
        if plan.record.undoes:
            raise NotFound()
        with self._alone(), _upload() as upload:
            await upload.take(body)
            if upload.sha256 != plan.sha256:
                raise Conflict("import_other_file")
            return await self._run(actor, plan, address, upload)

    async def undo(self, actor: Actor, id: int) -> ImportProgress:
        """Do what the preview of an undo showed."""
        plan = await self._mine(actor, id)
        if not plan.record.undoes:
            raise NotFound()
        with self._alone():
            return await self._run(actor, plan, "", None)

    async def _run(self, actor: Actor, plan: applying.Kept, address: str, upload: Upload | None) -> ImportProgress:
        if plan.state != "previewed":
            raise Conflict("import_stale")
        if not plan.record.ready:
            raise Conflict("import_not_ready")
        self._running.clear()
        progress = self._running[plan.id] = ImportProgress(plan.id, plan.kind, "applying", total=plan.counts.hashes)
        try:
            made = await self._hashed(plan, upload, progress) if upload and plan.counts.hashes else []
            progress.state = "applying"
            hashes = [NewHash(each.row, hash, each.must_change) for each, _, hash in made]
            listeners = move_listeners(self._services.ports)
            done: Applied = await self._services.writer.alone(applying.apply, actor, plan.id, hashes, listeners)
        except AppError as refusal:
            progress.state, progress.code = "failed", refusal.code
            progress.message = sentence(refusal, "ja")
            raise
        log.info("import.applied", id=plan.id, kind=plan.kind, rev=done.rev)
        self._keep_sheets(actor, plan.id, made, address)
        progress.state, progress.sheets = "applied", len(self._sheets.get(plan.id, (None, []))[1])
        return progress

    async def _hashed(
        self, plan: applying.Kept, upload: Upload, progress: ImportProgress
    ) -> list[tuple[GivenPassword, bool, str]]:
        """One after the other, so that who signs in meanwhile does not stand behind ten thousand."""
        progress.state, hashed = "hashing", []
        given = await self._passwords(plan, upload)
        began = time.monotonic()
        for each in given:
            made = not each.password
            password = each.password or readable_password()
            accepted = check_password(password, each.login_id, self._services.company.name)
            hash = await self._services.passwords.hash(accepted)
            each.password = password if made else ""
            hashed.append((each, made, hash))
            progress.done = len(hashed)
            progress.seconds_left = round((time.monotonic() - began) / len(hashed) * (len(given) - len(hashed)))
        return hashed

    async def _passwords(self, plan: applying.Kept, upload: Upload) -> list[GivenPassword]:
        rows = await self._services.readers.ask(_rows_with_password, plan.id)
        names = await self._services.readers.ask(state.remembered, plan.kind)
        with _reading(upload) as file:
            found: list[GivenPassword] = await self._services.sandbox.run(
                "directory.import_passwords",
                upload.size,
                plan.record.options.sheet,
                state.with_chosen(names, plan.record.options),
                rows,
                seconds=PLAN_SECONDS,
                answer=list[GivenPassword],
                answer_bytes=PLAN_BYTES,
                file=file,
            )
        return found

    def _keep_sheets(self, actor: Actor, id: int, made: list[tuple[GivenPassword, bool, str]], address: str) -> None:
        """Until they are fetched, or the next import."""
        until, company = to_millis(self._services.clock() + INITIAL_PASSWORD_LASTS), self._services.company.name
        sheets = [
            LoginSheet(0, company, each.name, each.login_id, each.password, address, until)
            for each, was_made, _ in made
            if was_made
        ]
        self._sheets.clear()
        if sheets:
            self._sheets[id] = (actor.account_id, sheets)

    # ------------------------------------------------------------ questions

    async def progress(self, actor: Actor, id: int) -> ImportProgress:
        """How far an import is. One that another process does is told when it is done."""
        plan = await self._mine(actor, id)
        if plan.state == "previewed" and id in self._running:
            return self._running[id]
        sheets = len(self._sheets.get(id, (None, []))[1])
        return ImportProgress(id, plan.kind, plan.state, plan.counts.hashes, plan.counts.hashes, sheets=sheets)  # type: ignore[arg-type]

    async def sheets(self, actor: Actor, id: int) -> list[LoginSheet]:
        """The sheets of the passwords that were made, to whoever asked for them, once."""
        actor.require_one_of(*applying.RIGHT.values())
        owner, sheets = self._sheets.get(id, (None, []))
        if not sheets or owner != actor.account_id:
            raise NotFound()
        del self._sheets[id]
        return sheets

    async def rows(self, actor: Actor, id: int, act: Act, start: int) -> ImportRows:
        """A page of the diff."""
        plan = await self._mine(actor, id)
        found: ImportRows = await self._services.readers.ask(_page, id, plan.kind, act, start)
        return found

    async def error_rows(self, actor: Actor, id: int) -> AsyncIterator[list[str]]:
        """The header and the rows with errors, as they stand in the file, passwords masked."""
        plan = await self._mine(actor, id)
        yield plan.record.table
        after = -1
        while page := await self._services.readers.ask(_error_page, id, after):
            for _, cells in page:
                yield cells
            after = page[-1][0]

    async def _mine(self, actor: Actor, id: int) -> applying.Kept:
        # Before anything is looked up: a stranger to these rights does not learn what there is.
        actor.require_one_of(*applying.RIGHT.values())
        found: applying.Kept | None = await self._services.readers.ask(applying.kept, id)
        if found is None or (found.actor_id != actor.account_id and not actor.operator):
            raise NotFound()
        actor.require(applying.RIGHT[found.kind])
        return found

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._busy:
            raise Busy(retry_ms=RETRY_MS)
        self._busy = True
        try:
            yield
        finally:
            self._busy = False


def imports_of(services: Services) -> Imports:
    """The imports of this process."""
    found: Imports = services.state.setdefault("directory.imports", Imports(services))
    return found


@contextmanager
def _upload() -> Iterator[Upload]:
    upload = Upload()
    try:
        yield upload
    finally:
        upload.close()


@contextmanager
def _reading(upload: Upload) -> Iterator[int]:
    file = upload.reading()
    try:
        yield file
    finally:
        os.close(file)


def _rows_with_password(connection: Connection, import_id: int) -> list[int]:
    r = import_rows.c
    wanted = select(r.row).where(
        r.import_id == import_id, r.act.in_(["add", "change"]), r.after.like('%"_password":%')
    )
    return list(connection.execute(wanted.order_by(r.row)).scalars())


def _page(connection: Connection, import_id: int, kind: Kind, act: Act, start: int) -> ImportRows:
    r = import_rows.c
    # Who comes back is new to those who look.
    acts = ["add", "return"] if act == "add" else [act]
    wanted = select(import_rows).where(r.import_id == import_id, r.act.in_(acts))
    rows = connection.execute(wanted.order_by(r.row)).all()
    shown = [_shown(kind, row) for row in rows[start : start + ROWS_A_PAGE]]
    return ImportRows(len(rows), start, shown)


def _shown(kind: Kind, row: Any) -> ImportRow:
    before, after = _cells(row.before), _cells(row.after)
    names = [name for name in (after or before) if row.act == "change" or after.get(name) or before.get(name)]
    fields = [ImportField(name, before.get(name, ""), after.get(name, "")) for name in names]
    name = after.get(NAME[kind]) or before.get(NAME[kind], "")
    return ImportRow(0 if row.row >= 10_000_000 else row.row, row.act, row.key, name, fields)


def _cells(packed_cells: str) -> dict[str, str]:
    whole = msgspec.json.decode(packed_cells)
    return {name: value for name, value in whole.items() if not name.startswith("_") and isinstance(value, str)}


def _error_page(connection: Connection, import_id: int, after: int) -> list[tuple[int, list[str]]]:
    r = import_rows.c
    wanted = select(r.row, r.after).where(r.import_id == import_id, r.act == "error", r.row > after)
    rows = connection.execute(wanted.order_by(r.row).limit(ROWS_A_PAGE))
    return [(row.row, msgspec.json.decode(row.after)["cells"]) for row in rows]
