"""Lines of the log that lie on a machine's own disk and are needed there no more.

A segment's file stays behind where another machine has closed the segment, or where a crash came between storing it
and removing the file; a file that was set aside stays until its segment expires. What nobody knows is left alone.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from pathlib import Path

import structlog
from sqlalchemy import Connection, select

from chat.log import files
from chat.log.segments import EXPIRED, STORED, name
from chat.log.tables import log_segments
from server.services import Services

_NAME = re.compile(r"(talk_(\d{4})(\d\d)(\d\d)_\d+)\.jsonl(\.aside-\d+)?")

log = structlog.get_logger()


async def tidy(services: Services) -> None:
    """Remove them; every process looks into its own folder."""
    folder = services.settings.var / files.FOLDER
    found = {
        path: match for path in await asyncio.to_thread(_listed, folder) if (match := _NAME.fullmatch(path.name))
    }
    if not found:
        return
    days = {f"{match[2]}-{match[3]}-{match[4]}" for match in found.values()}
    states = await services.readers.ask(_states, days)
    for path, match in found.items():
        over = {EXPIRED} if match[5] else {STORED, EXPIRED}
        if states.get(match[1]) in over:
            await asyncio.to_thread(path.unlink, True)
            log.info("talklog.leftover_removed", file=path.name)


def _listed(folder: Path) -> list[Path]:
    return list(folder.glob("talk_*")) if folder.is_dir() else []


def _states(connection: Connection, days: Iterable[str]) -> dict[str, str]:
    """How the segments of these days stand, by name. They are few: what is on this disk."""
    s = log_segments.c
    rows = connection.execute(select(s.day, s.part, s.state).where(s.day.in_(sorted(days))))
    return {name(row.day, row.part): row.state for row in rows}
