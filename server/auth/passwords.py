"""Hashing passwords, which is slow on purpose (argon2id, 41 ms of CPU), in a small bounded pool of its own.

After an earthquake a whole company signs in at once: two cores do 48 a second, so the queue has an end, and
whoever stands behind it is told when to come back.
"""

from __future__ import annotations

import asyncio
import os
import random
import secrets
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import VerifyMismatchError

from server.auth.password_rule import Accepted
from server.errors import Busy

WAITING_LIMIT = 200
RETRY_MS = 5000

Result = TypeVar("Result")


class TooManySignIns(Busy):
    """The pool's queue is full. Not the asker's fault, hence 503."""

    status = 503


class PasswordPool:
    """Hashes and verifies in threads of its own; argon2 gives the GIL away while it works."""

    def __init__(self, memory_kib: int, threads: int | None = None) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=memory_kib, parallelism=1, type=Type.ID)
        self._threads = threads or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="passwords")
        self.waiting = 0
        # What a stranger's password is compared with: an unknown login ID takes as long as a known one.
        self._dummy: Future[str] = self._pool.submit(self._hasher.hash, secrets.token_urlsafe(32))

    async def hash(self, password: Accepted) -> str:
        """The password's hash in PHC format. Raises ``TooManySignIns``."""
        return await self._do(lambda: self._hasher.hash(password))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether it is the password; always False, at the same cost, when there is no hash."""
        return await self._do(lambda: self._matches(password_hash or self._dummy.result(), password))

    def needs_rehash(self, password_hash: str) -> bool:
        """Whether it was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    def require_room(self) -> None:
        """Refuse before anything is counted or written when the queue is full anyway."""
        if self.waiting >= WAITING_LIMIT + self._threads:
            raise TooManySignIns(retry_ms=RETRY_MS + random.randrange(RETRY_MS))

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except VerifyMismatchError:
            return False

    async def _do(self, work: Callable[[], Result]) -> Result:
        self.require_room()
        self.waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self.waiting -= 1
