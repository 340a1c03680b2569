"""Objects in an S3-compatible bucket. Large ones go in parts, and appear when the last has arrived."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import obstore
import structlog
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from server.data.store.address import BucketAddress
from server.data.store.model import PIECE_BYTES, Missing, Object, StoreFailed, checked

PART_BYTES = 5 * 1024 * 1024
"""The least that S3 takes as a part."""
PARTS_AT_ONCE = 2
REMOVED_AT_ONCE = 500
TIMEOUT = timedelta(seconds=60)
CONNECT_TIMEOUT = timedelta(seconds=5)
RETRIES = 3
RETRY_FOR = timedelta(seconds=30)

log = structlog.get_logger()


class Bucket:
    """A store in a bucket, under a prefix of its own."""

    def __init__(self, address: BucketAddress) -> None:
        self._store = S3Store(
            address.bucket,
            prefix=address.prefix or None,
            client_options={
                "timeout": TIMEOUT,
                "connect_timeout": CONNECT_TIMEOUT,
                "allow_http": address.endpoint.startswith("http://"),
            },
            retry_config={"max_retries": RETRIES, "retry_timeout": RETRY_FOR},
            **_config(address),
        )

    async def put(self, name: str, source: Path | bytes, *, given: bool = False) -> int:
        size = len(source) if isinstance(source, bytes) else (await asyncio.to_thread(source.stat)).st_size
        with _answered(), _taken(source):
            await obstore.put_async(
                self._store, checked(name), source, chunk_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE
            )
        return size

    async def size(self, name: str) -> int:
        with _answered():
            found = await obstore.head_async(self._store, checked(name))
        return found["size"]

    async def read(self, name: str, start: int = 0, length: int | None = None) -> AsyncGenerator[bytes, None]:
        size = await self.size(name)
        end = size if length is None else min(size, start + length)
        if start >= end:
            return
        with _answered():
            answer = await obstore.get_async(self._store, checked(name), options={"range": (start, end)})
            async for piece in answer.stream(min_chunk_size=PIECE_BYTES):
                whole = memoryview(piece)
                for at in range(0, len(whole), PIECE_BYTES):
                    yield bytes(whole[at : at + PIECE_BYTES])

    async def remove(self, names: Iterable[str]) -> None:
        wanted = [checked(name) for name in names]
        for start in range(0, len(wanted), REMOVED_AT_ONCE):
            try:
                with _answered():
                    await obstore.delete_async(self._store, wanted[start : start + REMOVED_AT_ONCE])
            except Missing:
                # Some bucket says so; what is gone is gone.
                continue

    async def walk(self, prefix: str) -> AsyncIterator[Object]:
        with _answered():
            async for batch in obstore.list(self._store, checked(prefix)):
                for each in batch:
                    yield Object(each["path"], each["size"], each["last_modified"])

    async def close(self) -> None:
        """Its lines end by themselves."""


def _config(address: BucketAddress) -> dict[str, Any]:
    """What is given; the rest is the environment's (AWS_…)."""
    config: dict[str, Any] = {}
    if address.endpoint:
        config["endpoint"] = address.endpoint
    if address.region:
        config["region"] = address.region
    if address.key:
        config |= {"access_key_id": address.key, "secret_access_key": address.secret}
    return config


@contextmanager
def _taken(source: Path | bytes) -> Iterator[None]:
    """Where something is put nothing need be there before, but the bucket."""
    try:
        yield
    except (NotFoundError, FileNotFoundError):
        if isinstance(source, Path) and not source.exists():
            raise Missing() from None
        log.warning("store.failed", reason="NoBucket")
        raise StoreFailed() from None


@contextmanager
def _answered() -> Iterator[None]:
    """Its refusals as ours. What it says in words may hold addresses and names: the log gets the kind alone."""
    try:
        yield
    except (NotFoundError, FileNotFoundError):
        raise Missing() from None
    except (BaseError, OSError) as problem:
        log.warning("store.failed", reason=type(problem).__name__)
        raise StoreFailed() from None
