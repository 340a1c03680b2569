"""Keeping the index: at once for a few people, in bulk steps after an import or an upgrade.

The index is a row for each gram and block of people, with a bit for each person. A block holds a stretch of the
name order, so that a question with very many answers need only sort the blocks it shows.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence

from sqlalchemy import Select, select

from directory.search import blocks, few, many, waiting
from directory.search.running import LOCK, Doing, Lost, Run
from directory.search.waiting import Named
from directory.tables import departments, people, posts
from server.data.batch import Steps
from server.data.sets import key_rows, packed
from server.data.transaction import Transaction

AT_ONCE = 100
"""So many are indexed in the transaction of their change; more are marked, and follow in steps."""


def refresh(tx: Transaction, ids: Sequence[int]) -> None:
    """Index these people anew, in this transaction; who is gone is found no more. More than a few are marked."""
    if len(ids) > AT_ONCE:
        mark(tx, ids)
        return
    tx.lock(LOCK)
    few.put(tx.connection, ids)
    waiting.wait_on(tx.connection, ids)


def mark(tx: Transaction, ids: Iterable[int]) -> None:
    """Let ``steps`` index these people."""
    tx.lock(LOCK)
    keys = key_rows(tx.dialect, int)
    waiting.wait(tx.connection, select(keys.c.k0), {"keys": packed(ids)})


def mark_those(tx: Transaction, who: Select[tuple[int]]) -> None:
    """The same, of those whom the question finds."""
    tx.lock(LOCK)
    waiting.wait(tx.connection, who)


def mark_below(tx: Transaction, department_ids: Iterable[int]) -> None:
    """Let ``steps`` index all who are in these departments and below."""
    tx.lock(LOCK)
    keys, d = key_rows(tx.dialect, int), departments.c
    below = select(d.id).join(keys, keys.c.k0 == d.id).cte("below", recursive=True)
    below = below.union(select(d.id).join(below, d.parent_id == below.c.id))
    who = select(posts.c.account_id).distinct().join(below, below.c.id == posts.c.department_id)
    waiting.wait(tx.connection, who, {"keys": packed(department_ids)})


def mark_all(tx: Transaction) -> None:
    """Let ``steps`` index everybody."""
    tx.lock(LOCK)
    waiting.wait(tx.connection, select(people.c.account_id))


def steps() -> Steps:
    """Index all who wait, in small steps; gives how many it has taken up. What a crash leaves, the next run does.

    A second run takes over from the first, which then ends.
    """
    run, done = Run(), 0
    if not (yield run.begin):
        return 0
    with contextlib.suppress(Lost):
        yield from many.sweep(run)
        yield from blocks.make(run)
        for first, until in (yield from run.do(_stretches)):
            done += yield from _stretch(run, first, until)
        done += yield from _rest(run)
    return done


def _stretches(tx: Transaction) -> list[tuple[str, str | None]]:
    """First key and end of each block."""
    keys = [key for key, _block in waiting.blocks(tx.connection)]
    return list(zip(keys, [*keys[1:], None], strict=True))


def _stretch(run: Run, first: str, until: str | None) -> Doing[int]:
    """Those of one block, a block's worth at a time; each once, or a run might have no end."""
    last, done = (first, -1), 0
    while some := (yield from run.do(_next, last, until)):
        yield from many.enter(run, [account for _key, account in some])
        last, done = some[-1], done + len(some)
    return done


def _next(tx: Transaction, after: Named, until: str | None) -> list[Named]:
    return waiting.waiting_after(tx.connection, after, until, blocks.BLOCK_SIZE)


def _rest(run: Run) -> Doing[int]:
    """Who is gone, and who was changed meanwhile."""
    last, done = 0, 0
    while ids := (yield from run.do(_next_of_all, last)):
        yield from many.enter(run, ids)
        last, done = ids[-1], done + len(ids)
    return done


def _next_of_all(tx: Transaction, after: int) -> list[int]:
    return waiting.waiting_from(tx.connection, after, blocks.BLOCK_SIZE)
