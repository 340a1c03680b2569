"""How long the verdict on a file holds up the web process, and what attacks on it do to the loop.

`.venv/bin/python -m tests.bench.verdicts` prints Markdown; the part `files` takes it in.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chat.files.archives import TooMuch
from chat.files.gathering import gather, glance, short_list
from chat.files.source import OpenFile
from chat.policy import Policy, judge
from server.opening import opened
from server.services import Services
from tests.tools import samples
from tests.tools.running import settings_for

ROUNDS = 200
ATTACKS = 100
TICK_SECONDS = 0.001


@dataclass(frozen=True)
class Verdicts:
    """Milliseconds in the web process for a verdict of the default policy, over all samples that need no sandbox."""

    samples: int
    median: float
    p99: float
    worst: float
    slowest: str


@dataclass(frozen=True)
class Lag:
    """By how many milliseconds a loop that does nothing else wakes late: 99th percentile and most."""

    what: str
    files: int
    seconds: float
    p99: float
    most: float


def measure(rounds: int = ROUNDS, attacks: int = ATTACKS) -> tuple[Verdicts, list[Lag]]:
    """All of it, one after the other."""
    return verdicts(rounds), asyncio.run(lags(attacks))


def verdicts(rounds: int = ROUNDS) -> Verdicts:
    """Each sample under the name it is sent as, so many times."""
    policy, took, slowest = Policy(), [], (0.0, "")
    rows = {(row["file"], row["upload_as"]) for row in samples.files()}
    for file, name in sorted(rows):
        with _open(samples.UPLOADS / file) as descriptor:
            try:
                times = [_once(policy, name, descriptor) for _ in range(rounds)]
            except TooMuch:
                continue
        took += times
        slowest = max(slowest, (statistics.median(times), name))
    took.sort()
    return Verdicts(len(rows), took[len(took) // 2], took[len(took) * 99 // 100], took[-1], slowest[1])


def _once(policy: Policy, name: str, descriptor: int) -> float:
    """What the web process does itself, from the open file to the verdict; milliseconds."""
    began = time.perf_counter()
    source = OpenFile(descriptor)
    facts = glance(source)
    listed = short_list(source)
    facts.archive = listed.archive
    facts.kinds += listed.kinds
    judge(policy, name, facts)
    return (time.perf_counter() - began) * 1000


async def lags(attacks: int = ATTACKS) -> list[Lag]:
    """The loop alone, and while files come that are meant to hold it up."""
    gif, many = (
        samples.sample(f"generated_{name}") for name in ("img/gif_5000_frames.gif", "zip/zip_20000_entries.zip")
    )
    with tempfile.TemporaryDirectory() as folder:
        async with opened(settings_for(Path(folder) / "var")) as services:
            # The sandbox's process starts at the first call, and costs once.
            await _send(services, gif)
            return [
                await _lag("nothing", 0, _wait),
                await _lag("8 KiB of line ends", attacks, lambda: _send(services, b"\n" * 8192)),
                await _lag("the same after a NUL", attacks // 10, lambda: _send(services, b"\0" + b"\n" * 8192)),
                await _lag("GIF of 5,000 frames", attacks // 10, lambda: _send(services, gif)),
                await _lag("ZIP of 20,000 entries", attacks // 10, lambda: _send(services, many)),
            ]


async def _wait() -> None:
    await asyncio.sleep(1)


async def _send(services: Services, data: bytes) -> None:
    with tempfile.NamedTemporaryFile() as written:
        written.write(data)
        written.flush()
        with _open(Path(written.name)) as descriptor:
            await gather(services, descriptor, len(data))


async def _lag(what: str, times: int, work: Callable[[], Awaitable[None]]) -> Lag:
    late: list[float] = []
    ticking = asyncio.create_task(_tick(late))
    began = time.perf_counter()
    for _ in range(max(1, times)):
        await work()
        await asyncio.sleep(0)
    seconds = time.perf_counter() - began
    ticking.cancel()
    await asyncio.gather(ticking, return_exceptions=True)
    late.sort()
    return Lag(what, times, seconds, late[len(late) * 99 // 100] if late else 0.0, late[-1] if late else 0.0)


async def _tick(late: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(TICK_SECONDS)
        late.append((time.perf_counter() - began - TICK_SECONDS) * 1000)


@contextmanager
def _open(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def report(measured: tuple[Verdicts, list[Lag]]) -> str:
    """As it stands in docs/performance.md."""
    found, lags = measured
    lines = [
        f"Verdict of the default policy in the web process, {found.samples} samples: median {found.median:.3f} ms,"
        f" p99 {found.p99:.3f} ms, most {found.worst:.2f} ms (slowest: `{found.slowest}`).",
        "",
        "| While this comes | Files | Seconds | The loop wakes late, p99 | most |",
        "|---|---|---|---|---|",
        *(f"| {lag.what} | {lag.files} | {lag.seconds:.1f} | {lag.p99:.2f} ms | {lag.most:.1f} ms |" for lag in lags),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(report(measure()))
