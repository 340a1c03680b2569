"""Hashing is slow on purpose; the queue before it has an end."""

from __future__ import annotations

import asyncio
import threading

import pytest

from server.auth import passwords
from server.auth.password_rule import Accepted
from server.auth.passwords import PasswordPool, TooManySignIns


@pytest.fixture
def pool():
    made = PasswordPool(memory_kib=64, threads=1)
    yield made
    made.close()


async def test_a_password_is_known_again_and_another_is_not(pool: PasswordPool):
    hashed = await pool.hash(Accepted("正しい馬"))
    assert hashed.startswith("$argon2id$v=19$m=64,t=2,p=1$")
    assert await pool.verify(hashed, "正しい馬")
    assert not await pool.verify(hashed, "正しい牛")


async def test_who_has_no_password_is_never_right(pool: PasswordPool):
    assert not await pool.verify(None, "")
    assert not await pool.verify(None, "anything")


async def test_a_hash_made_with_less_wants_renewal(pool: PasswordPool):
    stronger = PasswordPool(memory_kib=128, threads=1)
    assert stronger.needs_rehash(await pool.hash(Accepted("x")))
    assert not pool.needs_rehash(await pool.hash(Accepted("x")))
    stronger.close()


async def test_beyond_the_queue_one_is_told_when_to_come_back(pool: PasswordPool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(passwords, "WAITING_LIMIT", 3)
    held = threading.Event()
    pool._pool.submit(held.wait, 5)
    waiting = [asyncio.create_task(pool.verify(None, "x")) for _ in range(4)]
    await asyncio.sleep(0)

    with pytest.raises(TooManySignIns) as refused:
        await pool.verify(None, "x")
    assert refused.value.status == 503
    assert refused.value.retry_ms is not None and 5000 <= refused.value.retry_ms < 10_000

    held.set()
    assert await asyncio.gather(*waiting) == [False] * 4
    assert not await pool.verify(None, "there is room again")
