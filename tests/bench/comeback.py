"""Thousands who come back at once: after their lines were cut, and over a restart with drain.

The clients are a program of their own (``returning.py``), which also proves that nothing was lost.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tests.bench import tools
from tests.bench.figures import Bench
from tests.bench.seed import Company
from tests.bench.subject import ROOT, Server, founded, serving

ROOMS = 100
ROOMS_EACH = 3
STORED = 10_000
POST_RATE = 50
WAYS = ("drop", "restart")
LIMIT_SECONDS = 900


class Returned(msgspec.Struct, frozen=True):
    """One line of ``returning.py``. Times count from the moment of the cut, or of the SIGTERM."""

    people: int
    timelines: int
    back_p50_s: float
    back_last_s: float
    away_p50_s: float
    away_longest_s: float
    attempts: int
    client_busy: float
    posted: int
    settled_s: float
    gave_up: int
    changes: int
    resets: int
    gaps: int
    closes: dict[str, int]


def comeback(bench: Bench) -> dict[str, list[Returned]]:
    """By the way in which everybody was lost, one after the other on one server."""
    people = bench.effort.returning + ROOMS
    company = Company(people, rooms=ROOMS, rooms_each=ROOMS_EACH, messages=STORED)
    figures: dict[str, list[Returned]] = {way: [] for way in WAYS}
    with founded(company) as folder, serving(folder, bench.server_core) as server:
        for _ in range(min(3, bench.effort.turns)):
            for way in WAYS:
                returned = come_back(server, folder / "who", way, bench.client_core)
                bench.note(f"{people} come back, {way}", returned)
                figures[way].append(returned)
    return figures


def come_back(server: Server, who: Path, way: str, core: int | None, posters: int = ROOMS) -> Returned:
    """Let everybody enter, lose them, and wait until they are back and hold the list."""
    words = [f"--who={who}", f"--port={server.port}", f"--posters={posters}", f"--rate={POST_RATE}", f"--way={way}"]
    with _started(words, core) as clients:
        assert clients.stdin is not None and clients.stdout is not None
        if clients.stdout.readline().strip() == "ready":
            clients.stdin.write("go\n")
            clients.stdin.flush()
            if way == "restart":
                server.stop()
                server.start()
        said, problem = clients.communicate()
    if clients.returncode:
        raise tools.BenchFailed(f"{way}: {problem.strip() or f'exit code {clients.returncode}'}")
    return msgspec.json.decode(said, type=Returned)


@contextlib.contextmanager
def _started(words: list[str], core: int | None) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.bench.returning", *words]
    pipe = subprocess.PIPE
    with tools.pinned(core):
        clients = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    end = threading.Timer(LIMIT_SECONDS, clients.kill)
    end.start()
    try:
        yield clients
    finally:
        end.cancel()
        tools.stop(clients)
