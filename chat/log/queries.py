"""Questions about the log's rows and segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, func, select

from chat.log import line
from chat.log.line import GENESIS, Entry
from chat.log.numbering import Step, number
from chat.log.segments import CLOSED, EXPIRED, OPEN, STORED, Rotation, Segment
from chat.log.tables import log_segments
from chat.tables import log_entries

_E, _S = log_entries.c, log_segments.c
_ENTRY = (_E.id, _E.at, _E.kind, _E.channel_id, _E.rev, _E.seq, _E.actor_id, _E.body)
_ID, _N = 0, len(_ENTRY)
"""Where these stand in a row of ``_ENTRY``, and of what follows it."""
_ALONG_THE_INDEX = select(
    *(func.set_config(each, "off", True) for each in ("enable_seqscan", "enable_bitmapscan", "enable_sort"))
)
_decode = msgspec.json.Decoder(list[list[Any]]).decode
_SEGMENT = (
    _S.number,
    _S.day,
    _S.part,
    _S.state,
    _S.first_n,
    _S.last_n,
    _S.first_at,
    _S.last_at,
    _S.bytes,
    _S.prev_hash,
    _S.last_hash,
)


@dataclass(frozen=True, slots=True)
class Signed:
    """A closed segment with what was signed."""

    segment: Segment
    manifest: bytes
    signature: bytes


def last_segment(connection: Connection) -> Segment | None:
    """The newest one, open or not."""
    row = connection.execute(select(*_SEGMENT).order_by(_S.number.desc()).limit(1)).first()
    return Segment(*row) if row else None


def open_segment(connection: Connection) -> Segment | None:
    """The one that still grows; there may be none."""
    last = last_segment(connection)
    return last if last is not None and last.state == OPEN else None


def segment(connection: Connection, number: int) -> Segment | None:
    row = connection.execute(select(*_SEGMENT).where(_S.number == number)).first()
    return Segment(*row) if row else None


def segments_after(connection: Connection, n: int) -> list[Segment]:
    """Those with lines of a greater number, in their order."""
    rows: Any = connection.execute(select(*_SEGMENT).where(_S.last_n > n).order_by(_S.number))
    return [Segment(*row) for row in rows]


def next_step(connection: Connection, last: Segment | None, rotation: Rotation, limit: int) -> Step | None:
    """What is to be numbered next; None when nothing waits."""
    waiting = select(*_ENTRY).where(_E.n.is_(None)).order_by(_E.id).limit(limit)
    entries = [Entry._make(row) for row in _in_order(connection, waiting, _ID)]
    return number(last, entries, rotation) if entries else None


def lines(connection: Connection, prev: str, after_n: int, last_n: int, limit: int) -> list[bytes]:
    """At most so many lines after number ``after_n``, whose hash is ``prev``: byte for byte as they were numbered."""
    wanted = select(*_ENTRY, _E.n, _E.hash).where(_E.n > after_n, _E.n <= last_n).order_by(_E.n).limit(limit)
    found = []
    for *entry, n, hash in _in_order(connection, wanted, _N):
        found.append(line.write_as(Entry._make(entry), n, prev, hash))
        prev = hash
    return found


def _in_order(connection: Connection, wanted: Select[Any], place: int) -> Sequence[Sequence[Any]]:
    """Many rows of ``wanted``, which sorts by the column at ``place``, as quickly as each database gives them."""
    if connection.dialect.name == "postgresql":
        # The table is full in one hour and empty in the next. A plan made for an empty one reads and sorts all that
        # waits for the sake of the first thousand: 50 ms where 40,000 wait; along the index it is half a millisecond.
        connection.execute(_ALONG_THE_INDEX)
        return connection.execute(wanted).all()
    # sqlite3 gives the GIL away at each row, and beside a busy loop waits half a millisecond to get it back: all
    # of them are one row here. An aggregate promises no order.
    rows = wanted.subquery()
    told = connection.execute(select(func.json_group_array(func.json_array(*rows.c)))).scalar_one()
    return sorted(_decode(told), key=itemgetter(place))


def hash_at(connection: Connection, n: int) -> str | None:
    """The hash of a line that is still a row."""
    return connection.execute(select(_E.hash).where(_E.n == n)).scalar()


def rooms_of(connection: Connection, first_n: int, last_n: int) -> list[int]:
    """Which rooms these lines speak of; 0: lines without a room."""
    wanted = select(_E.channel_id).where(_E.n >= first_n, _E.n <= last_n).distinct()
    return sorted(connection.execute(wanted).scalars())


def manifest_sha256(connection: Connection, number: int) -> str:
    """The hash of that segment's manifest; before the first there is none."""
    found = connection.execute(select(_S.manifest_sha256).where(_S.number == number)).scalar()
    return found or GENESIS


def first_closed(connection: Connection) -> Signed | None:
    """The oldest segment that is to be stored."""
    return _signed(connection, _S.state == CLOSED, _S.number)


def longest_unverified(connection: Connection, before: int) -> Signed | None:
    """The stored segment whose file was verified longest ago, and before that moment."""
    return _signed(connection, (_S.state == STORED) & (_S.verified_at < before), _S.verified_at)


def _signed(connection: Connection, which: Any, order: Any) -> Signed | None:
    wanted = select(*_SEGMENT, _S.manifest, _S.signature).where(which).order_by(order).limit(1)
    row: Any = connection.execute(wanted).first()
    return signed_of(row) if row else None


def signed_of(row: Any) -> Signed:
    """A row of ``signed_columns``."""
    return Signed(Segment(*row[:11]), row.manifest.encode(), bytes.fromhex(row.signature))


def signed_columns() -> tuple[Any, ...]:
    return (*_SEGMENT, _S.manifest, _S.signature)


def rows_to_go(connection: Connection) -> tuple[int, int] | None:
    """The first number that is still a row, and the last that is in the store; None when there are none such."""
    safe = connection.execute(select(func.max(_S.last_n)).where(_S.state.in_((STORED, EXPIRED)))).scalar() or 0
    first = connection.execute(select(func.min(_E.n)).where(_E.n.is_not(None))).scalar()
    return (first, safe) if first is not None and first <= safe else None


def lag(connection: Connection) -> int:
    """How many entries wait for their number."""
    return int(connection.execute(select(func.count()).select_from(log_entries).where(_E.n.is_(None))).scalar_one())
