"""An import from upload to commit: preview, hashing, apply, undo. One at a time in each process.

The server keeps no copy of a file: it is sent again to be applied, and must be the same byte for byte. Passwords are
in memory alone, from the upload to the hash. A crash at any moment before the last step has changed nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from typing import Any

import structlog
from msgspec import structs

from directory.imports import applying, claims, diff, photos, ready, staging, state
from directory.imports.applying import Applied
from directory.imports.current import PictureNow
from directory.imports.model import Act, Kind, Options, Plan, Record
from directory.imports.parcels import END, GivenPassword, Outcome, pack, packed
from directory.imports.ready import NewHash
from directory.imports.upload import Upload
from directory.imports.wire import ImportDone, ImportPreview, ImportProgress, ImportRows
from server.answers import Internal
from server.auth.model import INITIAL_PASSWORD_LASTS, Actor
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
HASH_SECONDS = 0.045
"""What a password takes, before one has been measured."""
RETRY_MS = 5000
SHEETS_FOR = timedelta(minutes=15)
"""How long passwords that were made wait in memory to be fetched."""
PHOTOS_FOR_SECONDS = 3600
"""Far less than the day after which a photo that nobody has goes."""

log = structlog.get_logger()


class Imports:
    """The imports of one process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._busy = ""
        self._running: ImportProgress | None = None
        self._brought: tuple[str, float, dict[str, PictureNow] | None] = ("", 0.0, None)
        self._sheets: dict[int, tuple[int | None, list[LoginSheet]]] = {}

    # ------------------------------------------------------------ preview

    async def preview(self, actor: Actor, kind: Kind, body: AsyncIterator[bytes], options: Options) -> ImportPreview:
        """What the file would come to; kept until it is applied or grows old."""
        actor.require(applying.RIGHT[kind])
        with self._alone("reading the file"), _upload() as upload:
            await upload.take(body)
            pictures = await self._pictures(upload) if kind == "users" else None
            head = await self._pack(upload, actor, kind, options, pictures)
            outcome = await self._ask_desk(upload, "directory.import_plan", kind, upload.size)
            record = self._record(head, outcome.plan, options)
            return await self._keep(actor, kind, upload.sha256, head.rev, record, outcome)

    async def last(self, actor: Actor, kind: Kind) -> int | None:
        """The last import, if it can be undone."""
        actor.require(applying.RIGHT[kind])
        since = self._services.clock() - applying.UNDO_FOR
        found: int | None = await self._services.readers.ask(state.undoable, kind, since)
        return found

    async def undo_preview(self, actor: Actor, kind: Kind) -> ImportPreview:
        """What undoing the last import would come to."""
        last = await self.last(actor, kind)
        if last is None:
            raise Conflict("nothing_to_undo")
        with self._alone("reading what was imported"), _upload() as upload:
            head = await self._pack(upload, actor, kind, Options())
            upload.add([END])
            async for page in self._pages(last):
                upload.add([pack(page)])
            outcome = await self._ask_desk(upload, "directory.import_undo", kind)
            record = self._record(head, outcome.plan, Options(), undoes=last)
            return await self._keep(actor, kind, upload.sha256, head.rev, record, outcome)

    async def _pictures(self, upload: Upload) -> dict[str, PictureNow] | None:
        """What came along. The same file is looked at several times, with other ticks: its photos are drawn once."""
        seen, moment, found = self._brought
        if seen != upload.sha256 or time.monotonic() - moment > PHOTOS_FOR_SECONDS:
            found = await photos.brought(self._services, upload)
            self._brought = upload.sha256, time.monotonic(), found
        return found

    async def _pack(
        self,
        upload: Upload,
        actor: Actor,
        kind: Kind,
        options: Options,
        pictures: dict[str, PictureNow] | None = None,
    ) -> state.Head:
        """Put the company behind the upload, page by page."""
        ask = self._services.readers.ask
        head: state.Head = await ask(state.head, kind, actor.account_id, options)
        head.company.pictures = pictures
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
        with upload.read() as file:
            outcome: Outcome = await self._services.sandbox.run(
                function, *arguments, seconds=PLAN_SECONDS, answer=Outcome, answer_bytes=PLAN_BYTES, file=file
            )
        return outcome

    def _record(self, head: state.Head, plan: Plan, options: Options, undoes: int = 0) -> Record:
        domains = head.company.domains
        return Record(
            options,
            plan.limits,
            domains,
            plan.departments,
            plan.table,
            undoes,
            touched=plan.touched,
            ready=plan.ready,
        )

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
            sheets=plan.sheets,
        )

    # ------------------------------------------------------------ apply

    async def apply(self, actor: Actor, id: int, body: AsyncIterator[bytes], address: str) -> ImportDone:
        """Do what the preview showed, with the same file. How far it is, ``progress`` tells meanwhile.

        The answer holds the sheets of the passwords that were made: this process alone has them. Should it be lost
        on its way, they can be asked for here (``sheets``) for a while.
        """
        plan = await self._mine(actor, id)
        if plan.record.undoes:
            raise NotFound()
        async with self._refusals_noted(actor, plan):
            with self._alone("reading the file"), _upload() as upload:
                await upload.take(body)
                if upload.sha256 != plan.sha256:
                    raise Conflict("import_other_file")
                done = await self._run(actor, plan, address, upload)
                _, made = self._sheets.get(id, (None, []))
                return ImportDone(**structs.asdict(done), login_sheets=made)

    async def undo(self, actor: Actor, id: int) -> ImportProgress:
        """Do what the preview of an undo showed."""
        plan = await self._mine(actor, id)
        if not plan.record.undoes:
            raise NotFound()
        async with self._refusals_noted(actor, plan):
            with self._alone("undoing"):
                return await self._run(actor, plan, "", None)

    async def _run(self, actor: Actor, plan: applying.Kept, address: str, upload: Upload | None) -> ImportProgress:
        if not plan.record.ready:
            raise Conflict("import_not_ready")
        progress = self._running = ImportProgress(plan.id, plan.kind, "hashing", total=plan.counts.hashes)
        try:
            await self._services.writer.act(claims.begin, plan.id, self._services.settings.embedded)
            return await self._carry_out(actor, plan, progress, address, upload)
        finally:
            self._running = None

    async def _carry_out(
        self, actor: Actor, plan: applying.Kept, progress: ImportProgress, address: str, upload: Upload | None
    ) -> ImportProgress:
        writer = self._services.writer
        try:
            made = await self._hashed(plan, upload, progress) if upload and plan.counts.hashes else []
            await self._say(progress, "applying")
            hashes = [NewHash(each.row, hash, each.must_change) for each, _, hash in made]
            if plan.kind == "users":
                new = await writer.bulk(ready.steps(plan.id, hashes))
                hashes = [each for each in hashes if each.row not in new]
            listeners = move_listeners(self._services.ports)
            done: Applied = await writer.apart(applying.apply, actor, plan.id, hashes, listeners)
        except Exception as problem:
            code = problem.code if isinstance(problem, AppError) else Internal.code
            with suppress(AppError):
                await writer.act(claims.fail, plan.id, code)
                await writer.bulk(ready.unmake_steps(plan.id))
            raise
        log.info("import.applied", id=plan.id, kind=plan.kind, rev=done.rev)
        self._keep_sheets(actor, plan.id, made, address)
        progress.state, progress.sheets = "applied", len(self._sheets.get(plan.id, (None, []))[1])
        return progress

    async def _say(self, progress: ImportProgress, state: claims.Working) -> None:
        """For the other processes. What nobody hears is no reason to stop."""
        progress.state = state
        with suppress(AppError):
            await self._services.writer.act(
                claims.say, progress.id, state, progress.done, progress.seconds_left, spends=False
            )

    @asynccontextmanager
    async def _refusals_noted(self, actor: Actor, plan: applying.Kept) -> AsyncIterator[None]:
        """What was asked for and refused stands in the audit (law 10)."""
        try:
            yield
        except AppError as refusal:
            action = f"directory.{'undo' if plan.record.undoes else 'import'}.{plan.kind}"
            with suppress(AppError):
                await self._services.writer.act(
                    staging.note_refusal, actor, action, plan.id, plan.counts, refusal.code
                )
            raise

    async def _hashed(
        self, plan: applying.Kept, upload: Upload, progress: ImportProgress
    ) -> list[tuple[GivenPassword, bool, str]]:
        """One after the other, so that who signs in meanwhile does not stand behind ten thousand."""
        hashed: list[tuple[GivenPassword, bool, str]] = []
        given = await self._passwords(plan, upload)
        began = told = time.monotonic()
        for each in given:
            made = not each.password
            password = each.password or readable_password()
            accepted = check_password(password, each.login_id, self._services.company.name)
            hash = await self._services.passwords.hash(accepted)
            each.password = password if made else ""
            hashed.append((each, made, hash))
            progress.done = len(hashed)
            now = time.monotonic()
            progress.seconds_left = round((now - began) / len(hashed) * (len(given) - len(hashed)))
            if now - told >= claims.WORD_SECONDS:
                told = now
                await self._say(progress, "hashing")
        return hashed

    async def _passwords(self, plan: applying.Kept, upload: Upload) -> list[GivenPassword]:
        rows = await self._services.readers.ask(diff.rows_with_password, plan.id)
        names = await self._services.readers.ask(state.remembered, plan.kind)
        with upload.read() as file:
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
        """Until they are fetched, or ``SHEETS_FOR`` is over."""
        until, company = to_millis(self._services.clock() + INITIAL_PASSWORD_LASTS), self._services.company.name
        sheets = [
            LoginSheet(0, company, each.name, each.login_id, each.password, address, until)
            for each, was_made, _ in made
            if was_made
        ]
        if sheets:
            self._sheets[id] = (actor.account_id, sheets)
            # A timer, not a look at the clock when somebody asks: nobody may ever ask.
            asyncio.get_running_loop().call_later(SHEETS_FOR.total_seconds(), self._sheets.pop, id, None)

    # ------------------------------------------------------------ questions

    async def progress(self, actor: Actor, id: int, language: str = "ja") -> ImportProgress:
        """How far an import is, whichever process works on it."""
        plan = await self._mine(actor, id)
        if self._running is not None and self._running.id == id:
            return self._running
        written: claims.Standing = await self._services.readers.ask(claims.standing, id)
        found = written.at(self._services.clock(), alone=self._services.settings.embedded)
        total = plan.counts.hashes
        progress = ImportProgress(id, plan.kind, found.state, found.done, total, found.seconds_left, found.code)  # type: ignore[arg-type]
        if found.state in ("applied", "undone"):
            progress.done = total
        if found.code:
            progress.message = sentence(AppError(found.code), language)
        progress.sheets = len(self._sheets.get(id, (None, []))[1])
        return progress

    def doing(self) -> str:
        """What it does now, for the operator's terminal; blank when nothing."""
        now = self._running
        if now is None:
            return self._busy
        if now.state == "applying":
            return "applying"
        left = f", about {now.seconds_left} s left" if now.done else ""
        return f"hashing passwords: {now.done:,} of {now.total:,}{left}"

    async def sheets(self, actor: Actor, id: int) -> list[LoginSheet]:
        """The sheets of the passwords that were made, to whoever asked for them, once."""
        actor.require(applying.RIGHT["users"])
        owner, sheets = self._sheets.get(id, (None, []))
        if not sheets or owner != actor.account_id:
            raise NotFound()
        del self._sheets[id]
        return sheets

    async def rows(self, actor: Actor, id: int, act: Act, start: int) -> ImportRows:
        """A page of the diff."""
        plan = await self._mine(actor, id)
        found: ImportRows = await self._services.readers.ask(diff.page, id, plan.kind, act, start)
        return found

    async def error_rows(self, actor: Actor, id: int) -> AsyncIterator[list[str]]:
        """The header and the rows with errors: passwords masked, and blank what stands under unknown headings."""
        plan = await self._mine(actor, id)
        yield plan.record.table
        after = -1
        while page := await self._services.readers.ask(diff.error_page, id, after):
            for _, cells in page:
                yield cells
            after = page[-1][0]

    async def _mine(self, actor: Actor, id: int) -> applying.Kept:
        # Before anything is looked up: a stranger to these rights does not learn what there is.
        actor.require_one_of(*applying.RIGHT.values())
        found: applying.Kept | None = await self._services.readers.ask(applying.kept, id)
        if found is None or found.state == "old" or (found.actor_id != actor.account_id and not actor.operator):
            raise NotFound()
        actor.require(applying.RIGHT[found.kind])
        return found

    @contextmanager
    def _alone(self, what: str) -> Iterator[None]:
        if self._busy:
            raise Busy(retry_ms=RETRY_MS)
        self._busy = what
        try:
            yield
        finally:
            self._busy = ""


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
