"""Giving entries their places in the log: number, hash, segment. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chat.log import line
from chat.log.line import Entry
from chat.log.segments import OPEN, Rotation, Segment


@dataclass(frozen=True, slots=True)
class Step:
    """What one transaction gives: these rows (id, number, hash), and the segment as it is then.

    ``full``: the next entry belongs to a later segment, so this one is closed first.
    """

    segment: Segment
    rows: list[tuple[int, int, str]]
    lines: list[bytes]
    fresh: bool
    full: bool


def number(last: Segment | None, entries: Sequence[Entry], rotation: Rotation) -> Step:
    """Number the entries in their order, up to the end of the segment; there is at least one.

    ``last`` is the newest segment. While it is open it goes on; nothing is begun before it is closed.
    """
    fresh = last is None or last.state != OPEN
    segment = rotation.after(last, entries[0].at) if last is None or fresh else last
    rows: list[tuple[int, int, str]] = []
    lines: list[bytes] = []
    # Twenty thousand a second pass here: the segment is put together at the end.
    n, size, hash, last_at = segment.last_n, segment.bytes, segment.last_hash, segment.last_at
    full = False
    for entry in entries:
        written = line.write(entry, n + 1, hash)
        if not rotation.takes(segment.day, size, entry.at, len(written)):
            full = True
            break
        n, size, hash, last_at = n + 1, size + len(written), line.hash_of(written), max(last_at, entry.at)
        rows.append((entry.id, n, hash))
        lines.append(written)
    return Step(replace(segment, last_n=n, bytes=size, last_hash=hash, last_at=last_at), rows, lines, fresh, full)
