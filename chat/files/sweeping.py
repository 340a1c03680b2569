"""What nobody wants any more goes: abandoned uploads, unsent files, old refusals, bytes that no row names."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

import structlog
from sqlalchemy import delete, select, update

from chat.files import naming, queries, space
from chat.files.queries import DELETED, GONE, READY, RECEIVING, REFUSED
from chat.files.sending import UNSENT
from chat.files.tables import files
from chat.files.transfer import Transfer
from server.clock import to_millis
from server.data.batch import Steps
from server.data.sets import key_rows, packed
from server.data.store.model import Object
from server.data.transaction import Transaction
from server.module import Tick
from server.services import Services

ABANDONED = timedelta(hours=24)
ANSWERED = timedelta(hours=24)
"""How long a refusal can be asked for."""
AGES = {RECEIVING: ABANDONED, READY: UNSENT, REFUSED: ANSWERED}
YOUNG = timedelta(hours=24)
"""Bytes that are younger may be those of a row that is not committed yet."""
AT_ONCE = 200
QUEUE = "files"
"""Whose sleep ends when the process goes."""

log = structlog.get_logger()


async def sweep(services: Services) -> None:
    """Rows first, then the bytes that no row names: once for all processes."""
    dropped: int = await services.writer.bulk(_rows())
    removed = await _sweep_store(services)
    services.meter.files["swept"] += dropped
    if dropped or removed:
        log.info("files.swept", rows=dropped, objects=removed)


async def keep_clear(services: Services) -> None:
    """In each process, which may have a disk of its own: at its start, and once an hour."""
    while True:
        try:
            await sweep_incoming(services)
        except Exception:
            log.warning("files.not_swept", exc_info=True)
        if services.draining:
            return
        await services.wakeups.sleep(QUEUE, TICK.every.total_seconds())
        if services.draining:
            return


async def sweep_incoming(services: Services) -> None:
    """Bytes on this disk that nobody goes on with."""
    transfer: Transfer = services.state["chat.files"]
    before = time.time() - ABANDONED.total_seconds()
    stale = await transfer.incoming.run(transfer.incoming.left_behind, before)
    wanted = await services.readers.ask(queries.receiving, [key.partition(".")[0] for key in stale])
    for key in stale:
        if key.partition(".")[0] not in wanted:
            transfer.incoming.forget(key)


def _rows() -> Steps:
    dropped = 0
    while found := (yield _drop_some):
        dropped += found
    return dropped


def _drop_some(tx: Transaction) -> int:
    """Take some rows away whose time is over, and give their room back; how many."""
    tx.lock(space.RULE)
    keys, f = key_rows(tx.dialect, int), files.c
    over = delete(files).where(f.id.in_(select(keys.c.k0))).returning(f.account_id, f.state, f.size, f.stored_size)
    found = list(tx.connection.execute(over, {"keys": packed(_over(tx))}))
    room: Counter[int] = Counter()
    for row in found:
        room[row.account_id] += {RECEIVING: row.size, READY: row.stored_size}.get(row.state, 0)
    for account, size in sorted(room.items()):
        space.release(tx, account, size)
    return len(found)


def _over(tx: Transaction) -> list[int]:
    """The ids of some rows whose time is over."""
    f, now = files.c, to_millis(tx.now)
    found: list[int] = []
    for state, age in AGES.items():
        before = now - int(age.total_seconds() * 1000)
        wanted = select(f.id).where(f.state == state, f.moved_at < before).order_by(f.id).limit(AT_ONCE)
        # A file that is being sent at this moment waits for nobody, and nobody for it.
        found += tx.connection.execute(wanted.with_for_update(skip_locked=True)).scalars()
    return found


async def _sweep_store(services: Services) -> int:
    removed = 0
    for prefix in (naming.BLOBS, naming.THUMBNAILS):
        batch: list[Object] = []
        async for each in services.store.walk(prefix):
            if services.clock() - each.modified > YOUNG:
                batch.append(each)
            if len(batch) >= AT_ONCE:
                removed += await _remove_unknown(services, batch)
                batch = []
        removed += await _remove_unknown(services, batch)
    return removed


async def _remove_unknown(services: Services, batch: list[Object]) -> int:
    keys = {naming.key_of(each.name) for each in batch}
    known = await services.readers.ask(queries.known, keys)
    unknown = [each.name for each in batch if naming.key_of(each.name) not in known]
    await services.store.remove(unknown)
    return len(unknown)


def let_go(tx: Transaction, places: Iterable[tuple[int, int]]) -> int:
    """The talk log names these messages no longer: the bytes of those of their files that are deleted may go.

    Files of messages that still stand are left alone. How many were let go.
    """
    tx.lock(space.RULE)
    keys, f = key_rows(tx.dialect, int, int), files.c
    here = select(f.id).select_from(keys.join(files, (f.channel_id == keys.c.k0) & (f.seq == keys.c.k1)))
    gone = update(files).where(f.id.in_(here), f.state == DELETED).values(state=GONE, moved_at=to_millis(tx.now))
    sizes = list(tx.connection.execute(gone.returning(f.stored_size), {"keys": packed(places)}).scalars())
    space.release_company(tx, sum(sizes))
    return len(sizes)


TICK = Tick("chat.files", timedelta(hours=1), sweep)
