"""What the follower changes in the database: each function a step of the bulk lane, and each for the holder of the
lease alone."""

from __future__ import annotations

from functools import cache, partial

from sqlalchemy import Dialect, delete, insert, select, update

from chat.log.heads import note_head
from chat.log.manifests import decoded, sha256_of
from chat.log.numbering import Step
from chat.log.queries import last_segment
from chat.log.segments import CLOSED, OPEN, STORED, Segment
from chat.log.tables import log_segment_rooms, log_segments
from chat.tables import log_entries
from server.clock import to_millis
from server.data.batch import Steps
from server.data.prepared import Prepared
from server.data.sets import chunks, key_rows, packed
from server.data.transaction import Transaction
from server.work.leases import Lease, LeaseLost, require

ROOMS_A_STEP = 1_000
ROWS_A_STEP = 1_000

_S = log_segments.c


def give_numbers(tx: Transaction, lease: Lease, before: Segment | None, step: Step) -> None:
    """The rows of a step have their numbers, and the segment stands where it stands after them."""
    require(tx, lease)
    if last_segment(tx.connection) != before:
        raise LeaseLost()
    _numbers(tx.connection.dialect).run(tx.connection, keys=packed(step.rows))
    segment = step.segment
    moved = {name: getattr(segment, name) for name in ("last_n", "last_at", "bytes", "last_hash")}
    if not step.fresh:
        tx.connection.execute(update(log_segments).where(_S.number == segment.number).values(moved))
        return
    names = ("number", "day", "part", "state", "first_n", "first_at", "prev_hash")
    tx.connection.execute(insert(log_segments), moved | {name: getattr(segment, name) for name in names})


def close_steps(
    lease: Lease, segment: Segment, rooms: list[int], manifest: bytes, signature: bytes, places: tuple[str, ...]
) -> Steps:
    """The segment is closed and signed, and its head is to be sent to these places."""
    yield partial(_forget_rooms, lease, segment.number)
    for some in chunks(rooms, ROOMS_A_STEP):
        yield partial(_put_rooms, lease, segment.number, list(some))
    yield partial(_close, lease, segment, manifest, signature, places)


def mark_stored(tx: Transaction, lease: Lease, number: int, verdict: str) -> None:
    """Its file is in the store, and has been read back."""
    require(tx, lease)
    at = to_millis(tx.now)
    stored = {"state": STORED, "stored_at": at, "verified_at": at, "verdict": verdict}
    tx.connection.execute(update(log_segments).where(_S.number == number, _S.state == CLOSED).values(stored))


def mark_verified(tx: Transaction, lease: Lease, number: int, verdict: str) -> None:
    """The stored file has been read again."""
    require(tx, lease)
    found = {"verified_at": to_millis(tx.now), "verdict": verdict}
    tx.connection.execute(update(log_segments).where(_S.number == number, _S.state == STORED).values(found))


def remove_steps(lease: Lease, first_n: int, last_n: int) -> Steps:
    """Rows whose lines are in the store go."""
    for start in range(first_n, last_n + 1, ROWS_A_STEP):
        yield partial(_remove, lease, start, min(start + ROWS_A_STEP - 1, last_n))


def _forget_rooms(lease: Lease, number: int, tx: Transaction) -> None:
    require(tx, lease)
    tx.connection.execute(delete(log_segment_rooms).where(log_segment_rooms.c.segment == number))


def _put_rooms(lease: Lease, number: int, rooms: list[int], tx: Transaction) -> None:
    require(tx, lease)
    tx.connection.execute(insert(log_segment_rooms), [{"segment": number, "channel_id": room} for room in rooms])


def _close(
    lease: Lease, segment: Segment, manifest: bytes, signature: bytes, places: tuple[str, ...], tx: Transaction
) -> None:
    require(tx, lease)
    found = select(_S.last_n).where(_S.number == segment.number, _S.state == OPEN)
    if tx.connection.execute(found).scalar() != segment.last_n:
        raise LeaseLost()
    closed = {
        "state": CLOSED,
        "closed_at": to_millis(tx.now),
        "manifest": manifest.decode(),
        "sha256": decoded(manifest).sha256,
        "manifest_sha256": sha256_of(manifest),
        "signature": signature.hex(),
    }
    tx.connection.execute(update(log_segments).where(_S.number == segment.number).values(closed))
    note_head(tx, segment.last_n, segment.last_hash, places)


def _remove(lease: Lease, first_n: int, last_n: int, tx: Transaction) -> None:
    require(tx, lease)
    e = log_entries.c
    tx.connection.execute(delete(log_entries).where(e.n >= first_n, e.n <= last_n))


@cache
def _numbers(dialect: Dialect) -> Prepared:
    """One statement for all rows on both databases: sqlite3 gives the GIL away at each that it runs, and the writer
    would hold everybody up while it waits to get it back."""
    e, given = log_entries.c, key_rows(dialect.name, int, int, str)
    return Prepared(update(log_entries).where(e.id == given.c.k0).values(n=given.c.k1, hash=given.c.k2), dialect)
