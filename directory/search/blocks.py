"""More blocks when there are many people for them."""

from __future__ import annotations

from collections.abc import Sequence

from directory.search import waiting
from directory.search.few import block_of
from directory.search.queries import place_of
from directory.search.running import Doing, Run
from server.data.transaction import Transaction

BLOCK_SIZE = 2048
"""So many people a block, about."""
MOVED_IN_A_STEP = 4096


def make(run: Run) -> Doing[None]:
    """Cut the order of names anew where it has grown by half, and let those wait who then belong elsewhere."""
    keys = yield from _every_nth_key(run)
    for block, first_key, last in (yield from run.do(_cut, keys)):
        for place in range(place_of(block, 0), last + 1, MOVED_IN_A_STEP):
            yield from run.do(_let_move, range(place, min(place + MOVED_IN_A_STEP, last + 1)), first_key)


def _every_nth_key(run: Run) -> Doing[list[str]]:
    keys: list[str] = []
    key: str | None = ""
    while (key := (yield from run.do(_next_key, key or ""))) is not None:
        keys.append(key)
    return keys


def _next_key(tx: Transaction, after: str) -> str | None:
    return waiting.key_after(tx.connection, after, BLOCK_SIZE)


def _cut(tx: Transaction, keys: Sequence[str]) -> list[tuple[int, str, int]]:
    """Gives each block that is cut, from which key on others have its people, and where its last one stands."""
    known = waiting.blocks(tx.connection)
    new = sorted(set(keys) - {key for key, _block in known})
    if len(keys) * 2 <= len(known) * 3 - 2 or not new:
        return []
    first_number = max(block for _key, block in known) + 1
    waiting.add_blocks(tx.connection, {key: first_number + at for at, key in enumerate(new)})
    cut: dict[int, str] = {}
    for key in new:
        cut.setdefault(block_of(key, known), key)
    return [(block, key, waiting.last_place(tx.connection, block)) for block, key in cut.items()]


def _let_move(tx: Transaction, places: range, first_key: str) -> None:
    waiting.wait_to_move(tx.connection, places, first_key)
