"""The way of an upload through one process: who may begin, how many at once, and what is told at its end."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import structlog

from chat.files import queries, uploads
from chat.files.checking import check
from chat.files.names import FileName, shown_name
from chat.files.naming import new_key
from chat.files.queries import READY, RECEIVING, REFUSED, SENT, FileRow
from chat.files.receiving import INCOMING, Arriving, Incoming, MoreThanSaid, WrongOffset
from chat.files.space import Limits, limits_of
from server.auth.model import Actor
from server.data.space import Use
from server.data.store.model import Missing
from server.errors import AppError, Busy, NotFound
from server.live.rate import Bucket
from server.services import Services

AT_ONCE = 3
"""Uploads of one person whose bytes may come at the same time."""
BEGUN_A_SECOND, BEGUN_AT_ONCE = 5, 100
SEEN_SECONDS = 3600.0
"""How often the row of an upload is told that its bytes go on coming."""

log = structlog.get_logger()


class Transfer:
    """What uploads share in one process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._under_way: Counter[int] = Counter()
        self._paces: dict[int, Bucket] = {}
        self._awaited = 0
        self.limits: Limits = limits_of(services.settings)
        self.incoming = Incoming(services.settings.var / INCOMING)

    async def begin(self, actor: Actor, name: str, size: int) -> str:
        """The id of a new upload, for which there is room."""
        self._services.space.require(Use.UPLOADS)
        self._keep_pace(actor.account_id or 0)
        key = new_key()
        try:
            name = shown_name(name)
        except FileName:
            await self._services.writer.act(uploads.refuse_name, actor, name, size, spends=False)
        wanted = uploads.Begin(actor, key, name, size, self.limits)
        await self._services.writer.ask(uploads.BEGIN, wanted, spends=False)
        log.info("file.begun", file=key, account=actor.account_id, size=size)
        return key

    async def refuse_name(self, actor: Actor, said: str, size: int) -> None:
        """What was said holds no name at all; raises ``FileName``."""
        self._keep_pace(actor.account_id or 0)
        await self._services.writer.act(uploads.refuse_name, actor, said, size, spends=False)

    async def own(self, actor: Actor, key: str) -> FileRow:
        """An upload of one's own; a foreign one is not there."""
        row = await self._services.readers.ask(queries.own, actor.account_id or 0, key)
        if row is None or row.state not in (RECEIVING, READY, SENT, REFUSED):
            raise NotFound()
        return row

    def offset(self, row: FileRow) -> int:
        """How many of its bytes are there."""
        return self.incoming.size(row.key) if row.state == RECEIVING else row.size

    async def append(self, actor: Actor, row: FileRow, offset: int, body: AsyncIterator[bytes]) -> int:
        """Take more bytes; with the last of them comes the verdict. The offset after it, or the refusal."""
        if row.state != RECEIVING:
            return self._told_again(row, offset)
        with self._turn(actor), self.incoming.opened(row.key) as arriving:
            row = await self.own(actor, row.key)
            if row.state != RECEIVING:
                self.incoming.forget(row.key)
                return self._told_again(row, offset)
            if offset != arriving.size:
                raise WrongOffset(arriving.size)
            before = arriving.size
            try:
                with self._room(2 * row.size - before):
                    await arriving.take(self._seen(row.key, body), row.size)
            finally:
                self._services.meter.file_bytes["in"] += arriving.size - before
            if arriving.size < row.size:
                await self._services.writer.act(uploads.touch, row.key, spends=False)
                return arriving.size
            return (await self._checked(actor, row, arriving)).size

    async def put(self, actor: Actor, name: str, size: int | None, body: AsyncIterator[bytes]) -> FileRow:
        """A whole file in one go, of this size, or of none that is known before; if it breaks off, nothing stays."""
        key = await self.begin(actor, name, self.limits.file if size is None else size)
        try:
            with self._turn(actor), self.incoming.opened(key) as arriving:
                row = await self.own(actor, key)
                with self._room(2 * row.size):
                    await self._take_whole(actor, row, arriving, body, size)
                self._services.meter.file_bytes["in"] += arriving.size
                return await self._checked(actor, row, arriving)
        except BaseException:
            await self._drop(actor, key)
            raise

    async def _take_whole(
        self, actor: Actor, row: FileRow, arriving: Arriving, body: AsyncIterator[bytes], size: int | None
    ) -> None:
        """All bytes of it; where no size was announced, more than a file may have are a refusal like any other."""
        try:
            await arriving.take(self._seen(row.key, body), row.size)
        except MoreThanSaid:
            if size is not None:
                raise
            taken = (actor, row.name, row.size + 1, self.limits)
            await self._services.writer.act(uploads.refuse_size, *taken, spends=False)

    async def _seen(self, key: str, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The body; as long as it comes the upload is not taken for abandoned, however long that is."""
        now = asyncio.get_running_loop().time
        end = now() + SEEN_SECONDS
        async for part in body:
            if now() >= end:
                await self._services.writer.act(uploads.touch, key, spends=False)
                end = now() + SEEN_SECONDS
            yield part

    async def settle(self, actor: Actor, row: FileRow) -> FileRow:
        """The same upload; one whose bytes are all there and whose verdict was interrupted has it now."""
        if row.state != RECEIVING or self.offset(row) < row.size:
            return row
        try:
            await self.append(actor, row, row.size, _nothing())
        except AppError as problem:
            log.info("file.not_settled", file=row.key, reason=problem.code)
        return await self.own(actor, row.key)

    async def give_up(self, actor: Actor, key: str) -> None:
        """It is not wanted any more; what was sent stays."""
        wanted = uploads.GiveUp(actor.account_id or 0, key)
        await self._services.writer.ask(uploads.GIVE_UP, wanted, spends=False)
        self.incoming.forget(key)

    async def close(self) -> None:
        self.incoming.close()

    async def _checked(self, actor: Actor, row: FileRow, arriving: Arriving) -> FileRow:
        try:
            return await check(self._services, self.incoming, actor, row, arriving)
        except (FileNotFoundError, Missing):
            # Given up while its end was looked at.
            raise NotFound() from None

    def _told_again(self, row: FileRow, offset: int) -> int:
        """What was told when the last byte came."""
        if row.state == REFUSED:
            raise uploads.answer_of(row)
        if offset != row.size:
            raise WrongOffset(row.size)
        return row.size

    async def _drop(self, actor: Actor, key: str) -> None:
        """Nobody can take it up again; a refusal keeps its answer, a file that is ready is told as such."""
        row = await self._services.readers.ask(queries.own, actor.account_id or 0, key)
        if row is not None and row.state == RECEIVING:
            await self.give_up(actor, key)

    def _keep_pace(self, account: int) -> None:
        """Each refusal is a line in the audit and in the talk log: nobody writes them by the thousand."""
        pace = self._paces.setdefault(account, Bucket(BEGUN_A_SECOND, BEGUN_AT_ONCE))
        wait = pace.take(asyncio.get_running_loop().time())
        if wait > 0:
            raise Busy(retry_ms=int(wait * 1000) + 1)

    @contextmanager
    def _turn(self, actor: Actor) -> Iterator[None]:
        """One of the few that a person has at once."""
        account = actor.account_id or 0
        if self._under_way[account] >= AT_ONCE:
            raise Busy(retry_ms=1000)
        self._under_way[account] += 1
        self._services.meter.uploads_open += 1
        try:
            yield
        finally:
            self._services.meter.uploads_open -= 1
            self._under_way[account] -= 1
            if not self._under_way[account]:
                del self._under_way[account]

    @contextmanager
    def _room(self, size: int) -> Iterator[None]:
        """So much of the disk that is not the reserve's, with what the others under way will take; or a refusal."""
        self._services.space.require_room(self._awaited + size)
        self._awaited += size
        try:
            yield
        finally:
            self._awaited -= size


async def _nothing() -> AsyncIterator[bytes]:
    nothing: tuple[bytes, ...] = ()
    for part in nothing:
        yield part
