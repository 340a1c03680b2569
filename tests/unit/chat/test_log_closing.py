"""A closing that does not come to its end leaves no file open."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from chat.log import closing
from chat.log.line import GENESIS
from chat.log.segments import OPEN, Segment


class File:
    """A file that is complete."""

    def __init__(self, segment: Segment) -> None:
        self.summary = SimpleNamespace(last_n=segment.last_n, last_hash=segment.last_hash, bytes=segment.bytes)
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


async def nothing(*_given):
    return []


async def fails(*_given):
    raise OSError("no room")


@pytest.mark.parametrize("failing", ["ask", "bulk"])
async def test_the_file_is_closed_whatever_fails(monkeypatch, failing):
    segment = Segment(1, "2027-04-01", 1, OPEN, 1, 5, 0, 0, 100, GENESIS, "a" * 64)
    file = File(segment)

    async def signed(*_given):
        return b"{}", b""

    monkeypatch.setattr(closing, "signed", signed)
    services = SimpleNamespace(
        readers=SimpleNamespace(ask=fails if failing == "ask" else nothing),
        writer=SimpleNamespace(bulk=fails),
        settings=SimpleNamespace(log_auditors=(), log_syslog="", log_bucket=""),
    )
    with pytest.raises(OSError):
        await closing.close(services, None, segment, file)
    assert file.closed == 1
