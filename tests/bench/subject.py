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


@dataclass(frozen=True)
class Subject:
    """A running server, and the list of people who may connect to it."""

    pid: int
    port: int
    who: Path


@contextlib.contextmanager
def renraku(company: Company, core: int | None) -> Iterator[Subject]:
    """Renraku with this company in its database, answering."""
    # Not in /tmp, which may be memory: what is measured includes the fsync of a disk.
    tools.BUILT.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=tools.BUILT))
    try:
        environment = _environment(folder / "var", _free_port())
        seed.seed(settings.load({}, var=folder / "var"), company, folder / "who")
        with _running(environment, folder, core) as process:
            yield Subject(process.pid, int(environment["RENRAKU_PORT"]), folder / "who")
    finally:
        shutil.rmtree(folder)


def _environment(var: Path, port: int) -> dict[str, str]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith(settings.PREFIX)}
    return outside | {
        "PYTHONPATH": str(ROOT),
        "RENRAKU_VAR": str(var),
        "RENRAKU_PORT": str(port),
        "RENRAKU_LOG_LEVEL": "warning",
        # The bench asks for more than any person can type.
        "RENRAKU_POSTS_PER_SECOND": "1000000",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _running(environment: dict[str, str], folder: Path, core: int | None) -> Iterator[subprocess.Popen[str]]:
    log = folder / "log"
    with log.open("w") as out, tools.pinned(core):
        process = subprocess.Popen(SERVE, env=environment, cwd=folder, stdout=out, stderr=out, text=True)
    try:
        _wait_until_it_answers(process, int(environment["RENRAKU_PORT"]), log)
        yield process
    except tools.BenchFailed as failure:
        raise tools.BenchFailed(f"{failure}\nRenraku's last words:\n{_tail(log)}") from None
    finally:
        tools.stop(process)


def _wait_until_it_answers(process: subprocess.Popen[str], port: int, log: Path) -> None:
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
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:])
