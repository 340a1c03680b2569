"""What a client holds of a channel, by the rule of ``rev`` in docs/protocol.md, and whether that is the truth."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

FIRST_CAP_MS = 500
LAST_CAP_MS = 30_000


class Row(Struct):
    """A message, as far as it matters here."""

    seq: int
    rev: int
    client_id: str


class Doubled(Exception):
    """Two messages at one place."""


class Timeline:
    """The newest part of a channel, without a hole."""

    __slots__ = ("first", "rev", "rows")

    def __init__(self, rev: int, rows: Iterable[Row]) -> None:
        self.rev = rev
        self.rows = {row.seq: row.client_id for row in rows}
        self.first = min(self.rows, default=1)

    def post(self, rev: int, row: Row) -> bool:
        """Apply an event; False when something before it is missing."""
        if rev > self.rev + 1:
            return False
        if rev == self.rev + 1:
            self._put(row)
            self.rev = rev
        return True

    def change(self, since: int, rev: int, rows: Iterable[Row]) -> bool:
        """Apply ``changes``; False when they begin after what is held."""
        if since > self.rev:
            return False
        for row in rows:
            if row.seq >= self.first:
                self._put(row)
        self.rev = max(self.rev, rev)
        return True

    def _put(self, row: Row) -> None:
        if self.rows.setdefault(row.seq, row.client_id) != row.client_id:
            raise Doubled(f"two messages at place {row.seq}")

    def wrong(self, truth: dict[int, str]) -> str | None:
        """What is missing, doubled or different here, against all that the channel really holds."""
        due = {seq: client_id for seq, client_id in truth.items() if seq >= self.first}
        if self.rows == due:
            return None
        missing, strange = sorted(due.keys() - self.rows.keys()), sorted(self.rows.keys() - due.keys())
        return f"missing {missing[:5]}, too many {strange[:5]}, of {len(due)}"


def backoff_ms(attempt: int, random: float) -> int:
    """The browser app's rule (web/src/lib/backoff.ts): full jitter under a cap that doubles."""
    return round(random * min(LAST_CAP_MS, FIRST_CAP_MS * 2 ** min(attempt, 16)))
