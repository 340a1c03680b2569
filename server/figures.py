"""Every metric: what it is called, and where its value is read. docs/operating.md lists them; a test compares."""

from __future__ import annotations

import os
import re
import resource
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from server.live.frames import CloseCode
from server.live.redis_bus import RedisBus
from server.meter import Histogram

if TYPE_CHECKING:
    from server.services import Services

_KNOWN_CODES = {1000, 1001, 1002, 1005, 1006, 1011} | {
    code for name, code in vars(CloseCode).items() if name.isupper()
}
_CHECKS = ("database", "bus", "disk")

Value = float | Histogram
Values = Iterable[tuple[tuple[str, ...], Value]]


@dataclass(frozen=True)
class Stored:
    """What only the database knows."""

    jobs_waiting: int = 0
    jobs_failed: int = 0
    mails: dict[str, int] = field(default_factory=dict)
    ticks_missed: dict[str, int] = field(default_factory=dict)
    more: Mapping[str, float] = field(default_factory=dict)
    """What the features have asked."""


@dataclass(frozen=True)
class Figure:
    """One metric: its name without ``renraku_``, its kind, its labels, and where its values are read."""

    name: str
    kind: str
    help: str
    read: Callable[[Services, Stored], Value | Values]
    labels: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """As Prometheus sees it."""
        return f"renraku_{self.name}" + ("_total" if self.kind == "counter" else "")


FIGURES: tuple[Figure, ...] = (
    Figure("sockets_open", "gauge", "Sockets that are open.", lambda s, _: s.hub.count()),
    Figure("sockets_opened", "counter", "Sockets that were let in.", lambda s, _: s.meter.sockets_opened),
    Figure(
        "sockets_put_off",
        "counter",
        "Sockets told to come later, because too many came at once.",
        lambda s, _: s.entrance.turned_away,
    ),
    Figure("sockets_closed", "counter", "Sockets that ended, by close code.", lambda s, _: _closed(s), ("code",)),
    Figure("frames_delivered", "counter", "Event frames given to watchers.", lambda s, _: s.hub.delivered),
    Figure("gaps", "counter", "Times that missing events were read from the database.", lambda s, _: s.hub.gaps),
    Figure(
        "commands",
        "counter",
        "Commands answered, by kind and outcome.",
        lambda s, _: _commands(s),
        ("kind", "outcome"),
    ),
    Figure(
        "events_committed",
        "counter",
        "Events committed by this process, by kind: message.posted counts messages.",
        lambda s, _: [((_tag(kind),), count) for kind, count in list(s.writer.events.items())],
        ("kind",),
    ),
    Figure(
        "commit_seconds", "histogram", "Time of a group, from begin to commit.", lambda s, _: s.writer.commit_seconds
    ),
    Figure("group_size", "histogram", "Requests in a committed group.", lambda s, _: s.writer.group_sizes),
    Figure("writer_waiting", "gauge", "Requests that wait for the writer.", lambda s, _: s.writer.waiting),
    Figure(
        "readers_waiting", "gauge", "Questions that wait for a reader or are read.", lambda s, _: s.readers.waiting
    ),
    Figure("bus_healthy", "gauge", "1: the bus reaches the other processes.", lambda s, _: float(s.bus.healthy)),
    Figure("bus_messages", "counter", "What the Redis bus did, by what.", lambda s, _: _bus(s), ("what",)),
    Figure("jobs_waiting", "gauge", "Jobs that are not done.", lambda _, stored: stored.jobs_waiting),
    Figure("jobs_failed", "gauge", "Jobs that were given up.", lambda _, stored: stored.jobs_failed),
    Figure(
        "mails",
        "gauge",
        "Mails of the last 30 days, by what has become of them.",
        lambda _, stored: [((state,), count) for state, count in stored.mails.items()],
        ("state",),
    ),
    Figure(
        "ticks_missed",
        "counter",
        "Times that a tick did not happen, by its name.",
        lambda _, stored: [((name,), count) for name, count in stored.ticks_missed.items()],
        ("tick",),
    ),
    Figure("ready", "gauge", "1: /readyz is green.", lambda s, _: float(not s.probe.failing())),
    Figure(
        "probe_failures",
        "counter",
        "Looks of the probe that failed, by check.",
        lambda s, _: [((check,), s.probe.failures[check]) for check in _CHECKS],
        ("check",),
    ),
    Figure(
        "http_requests",
        "counter",
        "HTTP requests, by route and status.",
        lambda s, _: _answers(s),
        ("route", "status"),
    ),
    Figure(
        "http_seconds",
        "histogram",
        "Time of an HTTP request, by route.",
        lambda s, _: [((_shown(route),), taken) for route, taken in list(s.meter.requests.items())],
        ("route",),
    ),
    Figure(
        "files",
        "counter",
        "Files, by what became of them: accepted, refused, served, swept; unscanned: accepted, clamd silent.",
        lambda s, _: [((what,), count) for what, count in list(s.meter.files.items())],
        ("what",),
    ),
    Figure(
        "file_bytes",
        "counter",
        "Bytes of files that came in and went out.",
        lambda s, _: [((way,), count) for way, count in list(s.meter.file_bytes.items())],
        ("way",),
    ),
    Figure("uploads_open", "gauge", "Uploads whose bytes come now.", lambda s, _: s.meter.uploads_open),
    Figure("descriptors_used", "gauge", "Files and sockets that are open.", lambda s, _: s.descriptors.used),
    Figure("descriptors_limit", "gauge", "Files and sockets that may be open.", lambda s, _: s.descriptors.limit),
    Figure("disk_free_bytes", "gauge", "Free bytes on the disk of the data folder.", lambda s, _: s.space.free),
    Figure("disk_ballast_bytes", "gauge", "Bytes that can still be given up.", lambda s, _: s.space.held),
    Figure(
        "disk_stopped", "gauge", "What stops for want of room: 1 uploads, 2 talk.", lambda s, _: int(s.space.stopped)
    ),
    Figure("cpu_seconds", "counter", "CPU time of this process.", lambda s, _: time.process_time()),
    Figure("resident_bytes", "gauge", "Memory of this process.", lambda s, _: _resident()),
    Figure("loop_lag_seconds", "gauge", "How late the loop was at worst, lately.", lambda s, _: s.lag.worst),
)


def _tag(kind: type) -> str:
    """What a struct is called on the wire."""
    config = getattr(kind, "__struct_config__", None)
    return str((config.tag if config is not None else None) or "none")


def _closed(services: Services) -> Values:
    counts: dict[str, int] = {}
    # The code is the client's to choose: one label for all that nobody knows.
    for code, count in list(services.meter.sockets_closed.items()):
        name = str(code) if code in _KNOWN_CODES else "other"
        counts[name] = counts.get(name, 0) + count
    return [((name,), count) for name, count in counts.items()]


def _commands(services: Services) -> Values:
    meter = services.meter
    done = [((_tag(kind), "done"), count) for kind, count in list(meter.commands_done.items())]
    refused = [((_tag(kind), code), count) for (kind, code), count in list(meter.commands_refused.items())]
    return [*done, *refused]


def _answers(services: Services) -> Values:
    counts = list(services.meter.answers.items())
    return [((_shown(route), f"{digit}xx"), count) for (route, digit), count in counts]


def _shown(route: str) -> str:
    """A route's template as docs/http.md writes it, without the types of its parts."""
    return re.sub(r":\w+}", "}", route) or "none"


def _bus(services: Services) -> Values:
    bus = services.bus
    if not isinstance(bus, RedisBus):
        return []
    return [(("sent",), bus.sent), (("received",), bus.received), (("reconnected",), bus.reconnects)]


def _resident() -> float:
    if sys.platform == "linux":
        with open("/proc/self/statm", encoding="ascii") as told:
            return int(told.read().split()[1]) * float(os.sysconf("SC_PAGE_SIZE"))
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
