"""An upload has an end, whatever its sender does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from directory.imports import upload
from directory.imports.upload import Upload
from server.errors import Busy


async def slow(pause: float, count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x"
        await asyncio.sleep(pause)


@pytest.mark.parametrize(("silent", "whole", "pause"), [(0.01, 60.0, 60.0), (60.0, 0.01, 0.001)])
async def test_one_that_stalls_or_drips_is_given_up(
    monkeypatch: pytest.MonkeyPatch, silent: float, whole: float, pause: float
):
    monkeypatch.setattr(upload, "SILENT_SECONDS", silent)
    monkeypatch.setattr(upload, "UPLOAD_SECONDS", whole)
    given = Upload()
    with pytest.raises(Busy):
        await given.take(slow(pause, 60_000))
    given.close()


async def test_one_that_only_takes_its_time_is_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(upload, "SILENT_SECONDS", 5.0)
    given = await Upload().take(slow(0.001, 3))
    assert given.size == 3
    given.close()
