"""The talk log on its way out: how fast it is verified, and a download of all of it while people talk."""

from __future__ import annotations

import http.client
import itertools
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
from sqlalchemy import insert, update

from chat.log import manifests
from chat.log.downloads import Plan
from chat.log.segments import STORED, Segment
from chat.log.sources import source_of
from chat.log.tables import log_downloads, log_segment_rooms, log_segments
from chat.log.verifying import verify
from server import settings
from server.auth.tables import accounts, privileges
from server.data import engine, installation
from tests.bench import seed, tools
from tests.bench.figures import Bench
from tests.bench.importing import TALKERS, resident_kb, talking, watching
from tests.bench.markdown import mark, table
from tests.bench.subject import Server, founded, serving
from tests.tools.talklog import BEGUN, Log, entries

MEBIBYTE = 1024 * 1024
A_SEGMENT = 10 * MEBIBYTE
LINES = 29_000
"""About 10 MiB."""
VERIFY_MB_S, GROWTH_MB, ACK_MS = 100, 100, 100
FORMS = ("jsonl", "csv")
KEY = "measured"


class Verified(msgspec.Struct, frozen=True):
    """A whole log, read and hashed."""

    megabytes: float
    processes: int
    wall_mb_s: float
    cpu_mb_s: float


class Downloaded(msgspec.Struct, frozen=True):
    """All of a log through one line, while people talk."""

    form: str
    megabytes: float
    mb_s: float
    before_mb: float
    peak_mb: float
    ack_p99_ms: float


class _Office:
    def __init__(self, bench: Bench, server: Server, who: Path) -> None:
        self.bench, self.server, self.who = bench, server, who


def proving(bench: Bench) -> Iterator[Verified | Downloaded]:
    """A log as large as the effort says, in segments of 10 MiB."""
    with founded(TALKERS) as folder:
        chosen = settings.load({}, var=folder / "var")
        log = _written(chosen.var / "store" / _number(chosen) / "talklog", bench.effort.logged_mb)
        for processes in (1, 2):
            yield _verified(bench, log, processes)
        _known(chosen, log)
        with serving(folder, bench.server_core) as server:
            for form in FORMS:
                yield _downloaded(bench, _Office(bench, server, folder / "who"), form)


def _number(chosen: settings.Settings) -> str:
    database = engine.throwaway_engine(engine.parse(chosen.database))
    with database.connect() as connection:
        found = installation.number(connection)
    database.dispose()
    return found


def _written(folder: Path, megabytes: int) -> Log:
    log, some = Log(folder), list(entries(LINES))
    for at in range(max(1, megabytes * MEBIBYTE // A_SEGMENT)):
        day = (BEGUN - timedelta(days=1000 - at)).date().isoformat()
        log.write(some, day)
    log.publish_key()
    return log


def _verified(bench: Bench, log: Log, processes: int) -> Verified:
    size = sum(each.bytes for each in log.segments) / 1e6
    wall, cpu = time.perf_counter(), time.process_time()
    verdict = verify(source_of(log.folder), {log.keys.current: log.pem}, workers=processes)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if not verdict.ok:
        raise tools.BenchFailed(f"the log is not whole: {verdict.faults[0]}")
    figure = Verified(size, processes, size / wall, size / cpu if processes == 1 else 0.0)
    bench.note(f"talklog: verify, {processes} processes", figure)
    return figure


def _known(chosen: settings.Settings, log: Log) -> None:
    """The database knows the segments, and a download of each form has been wished for."""
    database = engine.throwaway_engine(engine.parse(chosen.database))
    with database.begin() as connection:
        connection.execute(insert(log_segments), [_row(log, each) for each in log.segments])
        rooms = itertools.product((each.number for each in log.segments), (1, 2))
        connection.execute(insert(log_segment_rooms), [{"segment": s, "channel_id": c} for s, c in rooms])
        connection.execute(insert(privileges), {"account_id": 1, "privilege": "ADMIN_GOTALK"})
        connection.execute(update(accounts).where(accounts.c.id == 1).values(talk_log=True))
        for form in FORMS:
            plan = Plan(form, "filter", f"all.{form}", 1, log.n, 0, "Asia/Tokyo", "ja", rooms=(1,))
            plan = msgspec.structs.replace(plan, numbers=tuple(each.number for each in log.segments))
            row = {"key": KEY + form, "account_id": 1, "at": 0, "until": 1 << 52, "reason": "", "last_n": log.n}
            connection.execute(insert(log_downloads), row | {"wanted": msgspec.json.encode(plan).decode()})
    database.dispose()


def _row(log: Log, segment: Segment) -> dict[str, object]:
    data = log.manifest_of(segment).read_bytes()
    told = {name: getattr(segment, name) for name in Segment.__slots__} | {"state": STORED, "verdict": "ok"}
    return told | {
        "sha256": manifests.decoded(data).sha256,
        "manifest": data.decode(),
        "manifest_sha256": manifests.sha256_of(data),
        "signature": log.place(segment).with_suffix(".sig").read_bytes().hex(),
        "closed_at": 1,
        "stored_at": 1,
        "verified_at": int(time.time() * 1000),
    }


def _downloaded(bench: Bench, office: _Office, form: str) -> Downloaded:
    before = resident_kb(office.server.pid)
    with talking(office) as talk, watching(office.server.pid) as peak:
        began = time.perf_counter()
        size = _fetched(office.server.port, f"/api/talk-log/downloads/{KEY}{form}")
        seconds = time.perf_counter() - began
    ack, _ = tools.acks_ms(talk)
    figure = Downloaded(form, size / 1e6, size / 1e6 / seconds, before / 1000, peak["server"] / 1000, ack)
    bench.note(f"talklog: download {form}", figure)
    return figure


def _fetched(port: int, path: str) -> int:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=900)
    line.request("GET", path, headers={"Cookie": f"{seed.COOKIE}={seed.token(0)}"})
    answer, size = line.getresponse(), 0
    while piece := answer.read(MEBIBYTE):
        size += len(piece)
    line.close()
    if answer.status != 200:
        raise tools.BenchFailed(f"GET {path}: {answer.status}")
    return size


def report(figures: list[Verified | Downloaded]) -> str:
    """The figures as Markdown."""
    verified = [each for each in figures if isinstance(each, Verified)]
    fetched = [each for each in figures if isinstance(each, Downloaded)]
    checks = table(("log", "processes", "verified", "a core", "must be"), map(_verified_row, verified))
    downloads = table(
        ("download", "size", "rate", "memory before / at most", "ack p99", "must be"), map(_download_row, fetched)
    )
    note = (
        f"A filter by one of two rooms. {TALKERS.people} people talk meanwhile; the p99 is that of all their acks. "
        f"Memory is the server's, acks are those of the talkers."
    )
    return f"### The talk log on its way out\n\n{checks}\n\n{downloads}\n\n{note}"


def _verified_row(figure: Verified) -> list[str]:
    core = f"{figure.cpu_mb_s:.0f} MB/s" if figure.cpu_mb_s else ""
    must = mark(f"≥ {VERIFY_MB_S} MB/s a core", figure.cpu_mb_s >= VERIFY_MB_S) if figure.cpu_mb_s else ""
    return [f"{figure.megabytes:,.0f} MB", str(figure.processes), f"{figure.wall_mb_s:.0f} MB/s", core, must]


def _download_row(figure: Downloaded) -> list[str]:
    flat = figure.peak_mb - figure.before_mb <= GROWTH_MB and figure.ack_p99_ms <= ACK_MS
    return [
        figure.form,
        f"{figure.megabytes:,.0f} MB",
        f"{figure.mb_s:.0f} MB/s",
        f"{figure.before_mb:.0f} / {figure.peak_mb:.0f} MB",
        f"{figure.ack_p99_ms:.0f} ms",
        mark(f"≤ {GROWTH_MB} MB more, ≤ {ACK_MS} ms", flat),
    ]
