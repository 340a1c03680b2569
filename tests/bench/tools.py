"""The two C programs of the bench as Python sees them: compiled when a source is newer, started, asked."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import signal
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import msgspec

SOURCES = Path(__file__).parent
BUILT = SOURCES / ".build"
FLAGS = ("-O2", "-std=gnu11", "-Wall", "-Wextra", "-Wshadow", "-Wconversion")
GRACE_SECONDS = 90
"""More than a server with thousands of connections takes to say good-bye."""


class BenchFailed(Exception):
    """No figure came out; the text says why."""


class Measured(msgspec.Struct, frozen=True):
    """The load client's one line. Latencies are in microseconds, from the intended moment of sending."""

    scenario: str
    connections: int
    seconds: float
    messages: int
    messages_per_s: float
    deliveries: int
    deliveries_per_s: float
    frame_bytes: float
    delivery_p50_us: float
    delivery_p99_us: float
    delivery_max_us: float
    far_p50_us: float
    far_p99_us: float
    far_max_us: float
    ack_p50_us: float
    ack_p99_us: float
    ack_max_us: float
    ack_us: list[float]
    server_cpu_s: float
    server_busy: float
    cpu_per_delivery_us: float
    cpu_per_message_us: float
    client_cpu_s: float
    client_busy: float
    reads: int
    send_span_p50_us: float
    send_span_p99_us: float
    send_span_max_us: float
    marks: int
    gaps: int
    repeats: int
    mended: int
    pings: int
    pongs: int
    alive_ms: float
    stalled: int
    stalled_cut: int
    others: int
    rss_before_kb: int
    rss_after_kb: int


class CpuTime(msgspec.Struct, frozen=True):
    """What the C server says about itself."""

    cpu_seconds: float
    connections: int
    messages: int
    sends: int
    bytes: int
    pongs: int


# ---------------------------------------------------------------- compiling


def compiler() -> str | None:
    return shutil.which("gcc") or shutil.which("cc")


def compiled(name: str) -> Path:
    """The program ``name``, compiled if any source is newer than it."""
    program = BUILT / name
    newest = max(path.stat().st_mtime_ns for path in (*SOURCES.glob("*.c"), *SOURCES.glob("*.h")))
    if program.exists() and program.stat().st_mtime_ns > newest:
        return program
    gcc = compiler()
    if gcc is None:
        raise BenchFailed("gcc not found: apt-get install gcc libc6-dev")
    BUILT.mkdir(exist_ok=True)
    # Compiled beside and moved over: two test runs at once never start half a program.
    fresh = program.with_suffix(f".{os.getpid()}")
    done = subprocess.run([gcc, *FLAGS, "-o", fresh, SOURCES / f"{name}.c"], capture_output=True, text=True)
    if done.returncode:
        raise BenchFailed(f"{name}.c does not compile:\n{done.stderr}")
    return fresh.replace(program)


# ---------------------------------------------------------------- cores


def cores() -> tuple[int | None, int | None]:
    """One core for the server and one for the client; None when the machine has only one to give."""
    allowed = sorted(os.sched_getaffinity(0))
    return (allowed[0], allowed[1]) if len(allowed) > 1 else (None, None)


@contextlib.contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Whatever is started inside runs on this core, with all its threads to come."""
    before = os.sched_getaffinity(0)
    if core is not None:
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


# ---------------------------------------------------------------- other processes' accounts


def cpu_seconds(pid: int) -> float:
    """utime + stime of all threads of a process, and of its children that have ended; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """The living children of a process."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


# ---------------------------------------------------------------- the C server


class EchoServer:
    """The physical limit, running."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self._process, self._out = process, process.stdout
        self.pid = process.pid
        self.port: int = msgspec.json.decode(self._line(), type=dict[str, int])["port"]

    def cpu_time(self) -> CpuTime:
        self._process.send_signal(signal.SIGUSR1)
        return msgspec.json.decode(self._line(), type=CpuTime)

    def _line(self) -> str:
        line = self._out.readline()
        if not line:
            raise BenchFailed(f"the C server ended with {self._process.wait(GRACE_SECONDS)}")
        return line


@contextlib.contextmanager
def echo_server(mode: str, fault: str = "none", core: int | None = None) -> Iterator[EchoServer]:
    """The C server in mode ``send`` or ``join``; ``fault`` makes it misbehave (see echo_server.c)."""
    program = compiled("echo_server")
    with pinned(core):
        process = subprocess.Popen([program, mode, "0", fault], stdout=subprocess.PIPE, text=True)
    try:
        yield EchoServer(process)
    finally:
        stop(process)


def stop(process: subprocess.Popen[str]) -> None:
    """End a process that this run has started, kindly and then for certain."""
    process.terminate()
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _close(process.stdout)


def _close(pipe: IO[str] | None) -> None:
    if pipe is not None:
        pipe.close()


# ---------------------------------------------------------------- the load client


def load(scenario: str, who: Path, port: int, *, core: int | None = None, **options: object) -> Measured:
    """Run one scenario and return what it measured. ``options`` are load.c's, with ``_`` for ``-``."""
    words = [f"--{name.replace('_', '-')}={value}" for name, value in options.items() if value is not None]
    command: list[str | Path] = [compiled("load"), f"--scenario={scenario}", f"--who={who}", f"--port={port}", *words]
    with pinned(core):
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise BenchFailed(f"load {scenario}: {done.stderr.strip() or f'exit code {done.returncode}'}")
    return msgspec.json.decode(done.stdout, type=Measured)


def acks_ms(stretches: Iterable[Measured]) -> tuple[float, float]:
    """Of all acks of these stretches together: the p99, and the slowest."""
    took = sorted(each for stretch in stretches for each in stretch.ack_us)
    slowest = max(stretch.ack_max_us for stretch in stretches)
    return took[math.ceil(len(took) * 0.99) - 1] / 1000, slowest / 1000


def strangers(path: Path, people: int) -> Path:
    """A ``--who`` file for the C server, which asks for no cookie: everybody is in channel 1."""
    path.write_text("".join(f"bench={number}\t1\n" for number in range(people)))
    return path
