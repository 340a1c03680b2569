"""A set of keys joined as one bound value means the same on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from server.data.sets import chunks, key_rows, packed

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


def test_chunks_keep_the_order_and_lose_nothing():
    assert [list(piece) for piece in chunks(range(7), 3)] == [[0, 1, 2], [3, 4, 5], [6]]
