"""Renraku as the bench runs it: a seeded folder of its own, one process, one core, then stopped."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from server import settings
from tests.bench import seed, tools
from tests.bench.seed import Company

SOCKET_PATH = "/socket"
START_SECONDS = 30
ROOT = Path(__file__).parents[2]
SERVE = (sys.executable, "-c", "from server.cli import main; main()", "serve", "--no-demo")
"""`renraku serve` of this folder, installed or not."""
WORK = (*SERVE[:3], "work")


@dataclass(frozen=True)
class Subject:
    """A running server, and the list of people who may connect to it."""

    pid: int
    port: int
    who: Path


@contextlib.contextmanager
def renraku(company: Company, core: int | None, **given: str) -> Iterator[Subject]:
    """Renraku with this company in its database, answering. ``given`` are settings: ``database_url="…"``."""
    with founded(company, **given) as folder, serving(folder, core, **given) as server:
        yield Subject(server.pid, server.port, folder / "who")


@contextlib.contextmanager
def founded(company: Company, **given: str) -> Iterator[Path]:
    """A folder for a server, with this company in the database that it will have."""
    with folder_on_disk("run-") as folder:
        seed.seed(settings.load({}, var=folder / "var", **given), company, folder / "who")
        yield folder


@contextlib.contextmanager
def folder_on_disk(prefix: str) -> Iterator[Path]:
    """Not in /tmp, which may be memory: what is measured includes the fsync of a disk."""
    tools.BUILT.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=tools.BUILT))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def serving(folder: Path, core: int | None, **given: str) -> Iterator[Server]:
    """A server on this folder, answering, and stopped at the end."""
    server = Server(folder, core, given)
    try:
        server.start()
        yield server
    except tools.BenchFailed as failure:
        raise tools.BenchFailed(f"{failure}\nRenraku's last words:\n{_tail(server.log)}") from None
    finally:
        server.stop()


class Server:
    """``renraku serve`` on one folder, one port and one core; may be started anew."""

    def __init__(self, folder: Path, core: int | None, given: dict[str, str]) -> None:
        self.port = _free_port()
        self.log = folder / f"log-{self.port}"
        self._folder, self._core = folder, core
        self._environment = _environment(folder / "var", self.port, given)
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, "started before"
        return self._process.pid

    def start(self) -> None:
        """Start, and return when it answers."""
        with self.log.open("a") as out, tools.pinned(self._core):
            self._process = subprocess.Popen(
                SERVE, env=self._environment, cwd=self._folder, stdout=out, stderr=out, text=True
            )
        _wait_until_it_answers(self._process, self.port)

    @contextlib.contextmanager
    def worker(self) -> Iterator[None]:
        """``renraku work`` beside it, on the same folder and core."""
        with self.log.open("a") as out, tools.pinned(self._core):
            process = subprocess.Popen(
                WORK, env=self._environment, cwd=self._folder, stdout=out, stderr=out, text=True
            )
        try:
            yield
        finally:
            tools.stop(process)

    def stop(self) -> None:
        """SIGTERM, and wait: the orderly way, with everybody told."""
        if self._process is not None:
            tools.stop(self._process)
            self._process = None


def _environment(var: Path, port: int, given: dict[str, str]) -> dict[str, str]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith(settings.PREFIX)}
    return {
        **outside,
        "PYTHONPATH": str(ROOT),
        "RENRAKU_VAR": str(var),
        "RENRAKU_PORT": str(port),
        "RENRAKU_LOG_LEVEL": "warning",
        "RENRAKU_OUTBOUND": "false",
        # The bench asks for more than any person can type.
        "RENRAKU_POSTS_PER_SECOND": "1000000",
        **{settings.PREFIX + name.upper(): value for name, value in given.items()},
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_it_answers(process: subprocess.Popen[str], port: int) -> None:
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        if _is_healthy(port):
            return
        time.sleep(0.05)
    if process.poll() is not None:
        raise tools.BenchFailed(f"Renraku ended with exit code {process.returncode}")
    raise tools.BenchFailed(f"Renraku did not answer on port {port} within {START_SECONDS} s")


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:]) if log.exists() else ""
