"""A set of keys joined as one bound value means the same on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from server.auth.tables import accounts
from server.data.sets import chunks, is_one_of, key_rows, packed

PAIRS = [(1, "a"), (2**53 - 1, '北斗\'s "精" \\ 機'), (0, ""), (7, "𠮷野 ＡＢ\u3000%_")]


@pytest.fixture
def ask(server):
    async def answer(kinds, values):
        def question(connection):
            keys = key_rows(connection.dialect.name, *kinds)
            return [tuple(row) for row in connection.execute(select(keys), {"keys": packed(values)})]

        return await server.services.readers.ask(question)

    return answer


async def test_pairs_come_back_as_they_went_in(ask):
    assert await ask((int, str), PAIRS) == PAIRS


async def test_single_keys_and_none_at_all(ask):
    assert await ask((int,), [3, 1, 2**40]) == [(3,), (1,), (2**40,)]
    assert await ask((str,), ["a'b", "null"]) == [("a'b",), ("null",)]
    assert await ask((int,), []) == []


async def test_who_is_one_of_many_and_of_none(server):
    def question(connection, given):
        rows = key_rows(connection.dialect.name, int, name="all")
        wanted = select(rows.c.k0).where(is_one_of(rows.c.k0, connection.dialect.name)).order_by(rows.c.k0)
        return list(connection.execute(wanted, {"all": packed([-1, 0, 2, 2**40]), "keys": packed(given)}).scalars())

    ask = server.services.readers.ask
    assert await ask(question, [2**40, 5, -1, 2, 2]) == [-1, 2, 2**40]
    assert await ask(question, []) == []


async def test_many_keys_are_read_once_and_not_for_each_row(server):
    def plan(connection):
        compiled = select(accounts.c.id).where(is_one_of(accounts.c.id, connection.dialect.name)).compile(connection)
        if connection.dialect.name == "sqlite":
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", (packed([1, 2]),))
            return [row[3] for row in rows]
        for way in ("indexscan", "bitmapscan", "indexonlyscan"):
            connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        return connection.exec_driver_sql(f"EXPLAIN {compiled}", {"keys": packed([1, 2])}).scalars().all()

    steps = "\n".join(await server.services.readers.ask(plan))
    # Of PostgreSQL the worst plan: through the whole table.
    read_once = ("SEARCH accounts", "LIST SUBQUERY") if "SEARCH" in steps else ("Seq Scan on accounts", "InitPlan")
    assert all(step in steps for step in read_once), steps


def test_chunks_keep_the_order_and_lose_nothing():
    assert [list(piece) for piece in chunks(range(7), 3)] == [[0, 1, 2], [3, 4, 5], [6]]
