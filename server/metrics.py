"""``/metrics``: what goes on in this process, in the text format of Prometheus.

Nothing is measured here. Other objects keep plain numbers, and these are read when somebody asks; the one question
to the database is asked at most every 15 seconds.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, case, func, select
from starlette.requests import Request
from starlette.responses import Response

from server.errors import NotFound
from server.figures import FIGURES, Stored, Value, Values
from server.meter import Histogram
from server.module import Module
from server.origin import host_name, is_loopback, is_public
from server.settings import Settings
from server.work import mail
from server.work.tables import jobs, ticks

if TYPE_CHECKING:
    from server.services import Services

STORED_SECONDS = 15.0
STORED_PATIENCE = 4.0
_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")

log = structlog.get_logger()


class Metrics:
    """Answers ``/metrics`` to this machine, or to whoever knows the token; to others it is not there."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._stored = _StoredFigures(services)
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Figures(services, self._stored))

    async def answer(self, request: Request) -> Response:
        if not may_read(request, self._services.settings):
            raise NotFound()
        await self._stored.refresh()
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)


def may_read(request: Request, settings: Settings) -> bool:
    """Whether this is the operator: by the token, or by asking from the machine itself and not through a proxy.

    A proxy on this machine asks from loopback for the whole world, and need not say so: where people come by a
    public address the token alone counts.
    """
    token = settings.metrics_token
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if token and kind.lower() == "bearer" and hmac.compare_digest(given.encode(), token.encode()):
        return True
    if is_public(settings) or any(name in request.headers for name in _FORWARDED):
        return False
    client = request.client.host if request.client else ""
    return is_loopback(client) and is_loopback(host_name(request.scope) or "")


class _StoredFigures:
    """What only the database knows, as it was a moment ago."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._read_at = float("-inf")
        self.latest = Stored()

    async def refresh(self) -> None:
        """Read it, unless that was done lately. A database that does not answer costs the other metrics nothing."""
        if time.monotonic() - self._read_at < STORED_SECONDS:
            return
        self._read_at = time.monotonic()
        try:
            async with asyncio.timeout(STORED_PATIENCE):
                self.latest = await self._services.readers.ask(_stored, self._services.modules)
        except Exception as problem:
            log.warning("metrics.not_read", reason=repr(problem))


def _stored(connection: Connection, modules: Iterable[Module] = ()) -> Stored:
    failed = func.coalesce(func.sum(case((jobs.c.failed != "", 1), else_=0)), 0)
    total, given_up = connection.execute(select(func.count(), failed).select_from(jobs)).one()
    missed = connection.execute(select(ticks.c.name, ticks.c.missed)).all()
    mails = {str(state): count for state, count in mail.counts(connection).items()}
    asked = [module.stored(connection) for module in modules if module.stored]
    more = {name: value for each in asked for name, value in each.items()}
    return Stored(total - given_up, given_up, mails, {name: count for name, count in missed}, more)


class _Figures(Collector):
    def __init__(self, services: Services, stored: _StoredFigures) -> None:
        self._services = services
        self._stored = stored

    def collect(self) -> Iterator[Metric]:
        own = [figure for module in self._services.modules for figure in module.figures]
        for figure in (*FIGURES, *own):
            family: Any = _FAMILIES[figure.kind](f"renraku_{figure.name}", figure.help, labels=figure.labels)
            for labels, value in _values(figure.read(self._services, self._stored.latest)):
                if isinstance(value, Histogram):
                    family.add_metric(labels, _buckets(value), value.sum)
                else:
                    family.add_metric(labels, value)
            yield family


_FAMILIES: dict[str, Any] = {
    "counter": CounterMetricFamily,
    "gauge": GaugeMetricFamily,
    "histogram": HistogramMetricFamily,
}


def _values(read: Value | Values) -> Values:
    return [((), read)] if isinstance(read, float | int | Histogram) else read


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    """Prometheus counts what is at most each bound, and everything under the last."""
    below, buckets = 0, []
    for bound, count in zip((*histogram.bounds, "+Inf"), histogram.counts, strict=True):
        below += count
        buckets.append((str(bound), float(below)))
    return buckets
