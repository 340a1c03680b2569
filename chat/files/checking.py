"""From the last byte to the verdict: what is known of a file is gathered, the policy is asked, the bytes are kept.

Every step may be repeated: what dies here is done again when somebody asks for the upload. The bytes are in the
store before the row says so.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog

from chat.files import naming, scanning, uploads
from chat.files.copying import write_copy
from chat.files.facts import encode as encode_facts
from chat.files.facts import told_media, verified_media
from chat.files.gathering import Gathered, gather
from chat.files.queries import FileRow
from chat.files.receiving import Arriving, Incoming
from chat.files.settings import current_policy
from chat.files.uploads import Accept, Claim, Kept
from chat.policy import INFECTED, Verdict, judge, refusal
from server.auth.model import Actor
from server.services import Services

log = structlog.get_logger()


async def check(services: Services, incoming: Incoming, actor: Actor, row: FileRow, arriving: Arriving) -> FileRow:
    """The verdict on a file whose bytes are all there: its row, ready to be sent, or its refusal."""
    sha256 = await arriving.sha256()
    with _readable(arriving.path) as file:
        gathered = await gather(services, file, arriving.size)
        policy = await services.readers.ask(current_policy)
        verdict = judge(policy, row.name, gathered.facts)
        scanned = await scanning.scan(services.settings, file, arriving.size) if verdict.ok else ""
        if scanned == scanning.INFECTED:
            verdict = INFECTED
        if not verdict.ok:
            await _refuse(services, incoming, actor, row, verdict, sha256)
        await services.writer.ask(uploads.CLAIM, Claim(row.account_id, row.key, sha256))
        size, stored = await _keep(services, incoming, row.key, gathered, file, sha256)
    picture = gathered.facts.picture if verified_media(gathered.facts) else None
    kept = Kept(
        size=arriving.size,
        sha256=sha256,
        stored_size=size,
        stored_sha256=stored,
        thumbnail=bool(gathered.thumbnail),
        scan=scanned,
        uninspected=verdict.uninspected or scanned == scanning.UNSCANNED,
        # Written out here: nothing that takes its time is done in the writer.
        facts=encode_facts(gathered.facts),
        media=told_media(gathered.facts),
        width=picture.width if picture else 0,
        height=picture.height if picture else 0,
    )
    found: FileRow = await services.writer.ask(uploads.ACCEPT, Accept(row.account_id, row.key, kept))
    incoming.forget(row.key)
    services.meter.files["accepted"] += 1
    if scanned == scanning.UNSCANNED:
        services.meter.files["unscanned"] += 1
    log.info("file.ready", file=row.key, account=row.account_id, size=size, media=found.media)
    return found


async def _refuse(
    services: Services, incoming: Incoming, actor: Actor, row: FileRow, verdict: Verdict, sha256: str
) -> None:
    """The answer stays, and the bytes go as soon as it stands."""
    size = incoming.size(row.key)
    await services.writer.act(uploads.refuse, actor, row.key, verdict, size, sha256)
    incoming.forget(row.key)
    services.meter.files["refused"] += 1
    log.info("file.refused", file=row.key, account=row.account_id, size=size, rule=verdict.rule, code=verdict.code)
    raise refusal(verdict)


async def _keep(
    services: Services, incoming: Incoming, key: str, gathered: Gathered, file: int, sha256: str
) -> tuple[int, str]:
    """Put the bytes into the store, a picture without what it tells of its maker; their size and their hash."""
    if gathered.thumbnail:
        await services.store.put(naming.thumbnail(key), gathered.thumbnail)
    if gathered.copy is None:
        size = await services.store.put(naming.blob(key), incoming.path(key), given=True)
        return size, sha256
    path = incoming.path(f"{key}.copy")
    try:
        stored = await incoming.run(_copied, path, write_copy, gathered.copy, file)
        return await services.store.put(naming.blob(key), path, given=True), stored
    finally:
        path.unlink(missing_ok=True)


def _copied(path: Path, write: Callable[[Any, int, int], int], copy: Any, file: int) -> str:
    """Write the copy; its hash."""
    with path.open("w+b") as target:
        write(copy, file, target.fileno())
        target.seek(0)
        return hashlib.file_digest(target, "sha256").hexdigest()


@contextmanager
def _readable(path: Path) -> Iterator[int]:
    """A descriptor by which nothing but reading is done: what strangers' bytes are read with."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield file
    finally:
        os.close(file)
