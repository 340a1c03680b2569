"""What an operator asks of the server about the talk log: its segments, and lines of it in a file."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import date
from pathlib import Path
from typing import IO

from msgspec import Struct
from sqlalchemy import Connection

from chat.log import downloads, reading
from chat.log.packing import packed
from chat.log.wire import Form, LogHead, LogSegment, LogWanted
from server.auth import queries
from server.auth.model import Actor, login_key
from server.clock import zone
from server.errors import Invalid, NotFound
from server.module import Order
from server.services import Services


class ListOrder(Struct, forbid_unknown_fields=True):
    """Which month; blank: all."""

    month: str = ""


class ExportOrder(Struct, forbid_unknown_fields=True):
    """What is written into which file, and why."""

    file: str
    reason: str
    form: Form = "zip"
    since: str = ""
    until: str = ""
    rooms: list[int] = []
    people: list[str] = []


async def list_segments(services: Services, actor: Actor, given: ListOrder) -> list[str]:
    current = reading.month_of(services.clock(), zone(services.settings.time_zone))
    months, head = await services.readers.ask(_months, current)
    lines = []
    for month in [given.month] if given.month else sorted(months):
        lines += [_line(each) for each in reversed(await services.readers.ask(reading.segments_of, month))]
    return [*lines, f"head {head.n}:{head.hash}"]


async def export(services: Services, actor: Actor, given: ExportOrder) -> list[str]:
    """The operator owns the machine; that he took lines out stands in the log all the same."""
    wanted = LogWanted(
        since=_day(given.since),
        until=_day(given.until),
        rooms=given.rooms,
        people=await services.readers.ask(_numbers, given.people),
    )
    settings = services.settings
    made = await services.writer.act(
        downloads.wish, actor, wanted, given.form, given.reason, settings.time_zone, settings.language
    )
    whole = packed(services, made, actor.name) if given.form == "zip" else downloads.content(services, made.plan)
    size = await _written(whole, Path(given.file))
    return [f"Written: {given.file} ({size:,} bytes, up to n {made.plan.last_n})"]


ORDERS = {"talklog.list": Order(ListOrder, list_segments), "talklog.export": Order(ExportOrder, export)}


def _months(connection: Connection, current: str) -> tuple[list[str], LogHead]:
    return reading.months(connection, current), reading.head(connection)


def _line(segment: LogSegment) -> str:
    verdict = segment.verdict or "-"
    return (
        f"{segment.number:>6}  {segment.name}  n {segment.first_n}–{segment.last_n}  {segment.bytes:,} bytes  "
        f"{segment.state}  {verdict}"
    )


def _numbers(connection: Connection, logins: list[str]) -> list[int]:
    found = []
    for login in logins:
        known = queries.credentials(connection, login_key(login))
        if known is None:
            raise NotFound("no_such_login", login_id=login)
        found.append(known.account.id)
    return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid("format", field="from") from None


async def _written(body: AsyncIterator[bytes], path: Path) -> int:
    """Into a new file that nobody else may read; what is not whole does not stay."""
    size = 0
    file = await asyncio.to_thread(_new, path)
    try:
        async with aclosing(body) as pieces:  # type: ignore[type-var]
            async for piece in pieces:
                await asyncio.to_thread(file.write, piece)
                size += len(piece)
        await asyncio.to_thread(_synced, file)
    except BaseException:
        await asyncio.to_thread(path.unlink, missing_ok=True)
        raise
    finally:
        file.close()
    return size


def _new(path: Path) -> IO[bytes]:
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")


def _synced(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())
