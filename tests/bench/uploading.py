"""Files come in while people talk: how fast one comes, what fifty at once take, and how long the talkers wait."""

from __future__ import annotations

import contextlib
import http.client
import random
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tests.bench import importing, seed, tools, verdicts
from tests.bench.figures import Bench
from tests.bench.markdown import mark, table
from tests.bench.seed import Company
from tests.bench.subject import Server, founded, serving

FILE_BYTES = 25 * 1024 * 1024
AT_ONCE = 50
TALKERS = Company(people=AT_ONCE, rooms=5)
ALONE = 4
"""Uploads one after the other in each turn; the median counts."""
RATE_MB_S, ACK_MS, MEMORY_MB = 150, 100, 100
HTTP_SECONDS = 300


class Alone(msgspec.Struct, frozen=True):
    """One upload after the other: MB/s, from the first byte to the verdict, and the server's CPU for one."""

    rate_mb_s: float
    slowest_mb_s: float
    cpu_s: float


class Together(msgspec.Struct, frozen=True):
    """Many at once, beside people who talk."""

    rate_mb_s: float
    grown_mb: float
    ack_p99_ms: float
    ack_max_ms: float


@dataclass(frozen=True)
class Figures:
    alone: Alone
    together: Together
    verdicts: str


def uploading(bench: Bench) -> Figures:
    """All of it on one server, with its default settings."""
    with founded(TALKERS) as folder, serving(folder, bench.server_core) as server:
        office = Office(bench, server, folder / "who")
        # Imports and first threads are no upload's.
        office.upload(0)
        alone = _alone(office)
        bench.record("files: one after the other", alone)
        together = _together(office)
        bench.record(f"files: {AT_ONCE} at once", together)
    return Figures(alone, together, verdicts.report(verdicts.measure()))


class Office:
    """People with a file each. A PDF by its beginning; the rest is noise, which nothing packs."""

    def __init__(self, bench: Bench, server: Server, who: Path) -> None:
        self.bench, self.server, self.who = bench, server, who
        self._body = b"%PDF-1.7\n" + random.Random(5).randbytes(FILE_BYTES - 9)

    def upload(self, person: int) -> float:
        """One upload as tus clients do it; the seconds of its bytes and the verdict. Then it is given up."""
        line = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=HTTP_SECONDS)
        with contextlib.closing(line):
            size = {"Upload-Length": str(FILE_BYTES), "Upload-Metadata": "filename YS5wZGY="}
            place = self._ask(line, person, "POST", "/api/files", 201, size).getheader("Location") or ""
            began = time.perf_counter()
            piece = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
            self._ask(line, person, "PATCH", place, 204, piece, self._body)
            took = time.perf_counter() - began
            self._ask(line, person, "DELETE", place, 204, {})
        return took

    def _ask(
        self,
        line: http.client.HTTPConnection,
        person: int,
        method: str,
        path: str,
        hoped_for: int,
        headers: dict[str, str],
        body: bytes | None = None,
    ) -> http.client.HTTPResponse:
        own = {"Cookie": f"{seed.COOKIE}={seed.token(person)}", "Sec-Fetch-Site": "same-origin"}
        line.request(method, path, body, {**own, "Tus-Resumable": "1.0.0", **headers})
        answer = line.getresponse()
        said = answer.read()
        if answer.status != hoped_for:
            raise tools.BenchFailed(f"{method} {path}: {answer.status} {said[:300]!r}")
        return answer


def _alone(office: Office) -> Alone:
    before = tools.cpu_seconds(office.server.pid)
    took = [office.upload(0) for _ in range(ALONE * office.bench.effort.turns)]
    cpu = (tools.cpu_seconds(office.server.pid) - before) / len(took)
    return Alone(FILE_BYTES / statistics.median(took) / 1e6, FILE_BYTES / max(took) / 1e6, cpu)


def _together(office: Office) -> Together:
    resting = importing.resident_kb(office.server.pid)
    with importing.talking(office) as talk, importing.watching(office.server.pid) as peak:
        began = time.perf_counter()
        with ThreadPoolExecutor(AT_ONCE) as people:
            list(people.map(office.upload, range(AT_ONCE)))
        took = time.perf_counter() - began
    return Together(
        AT_ONCE * FILE_BYTES / took / 1e6,
        (peak["server"] - resting) / 1000,
        *tools.acks_ms(talk),
    )


def report(found: Figures) -> str:
    """The figures as Markdown."""
    alone, together = found.alone, found.together
    titles = ("25 MB over loopback", "measured", "must be")
    rows = [
        [
            "one after the other, with fsync and verdict",
            f"{alone.rate_mb_s:.0f} MB/s (slowest {alone.slowest_mb_s:.0f}), {alone.cpu_s * 1000:.0f} ms CPU each",
            mark(f"≥ {RATE_MB_S} MB/s", alone.rate_mb_s >= RATE_MB_S),
        ],
        [
            f"{AT_ONCE} at once: memory",
            f"+{together.grown_mb:.0f} MB at {together.rate_mb_s:.0f} MB/s",
            mark(f"≤ {MEMORY_MB} MB more", together.grown_mb <= MEMORY_MB),
        ],
        [
            f"{AT_ONCE} at once: ack of a message meanwhile",
            f"p99 {together.ack_p99_ms:.0f} ms, max {together.ack_max_ms:.0f} ms",
            mark(f"p99 ≤ {ACK_MS} ms", together.ack_p99_ms <= ACK_MS),
        ],
    ]
    note = (
        f"{TALKERS.people} people talk meanwhile, {importing.TALK_RATE} messages/s; the p99 is that of all their "
        "acks. Client and server share the machine."
    )
    return f"### Files\n\n{table(titles, rows)}\n\n{note}\n\n{found.verdicts}"
