"""The one door by which the server reaches out to others: HTTP, and open connections.

A name is resolved once, every address it has is looked at, and the connection goes to that address and no other;
the certificate is still checked against the name. Redirects stay on their host. Everything has a time and a size.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic

import structlog

from server.errors import AppError, Busy
from server.work.addresses import Refused, Target, redirected, target_of
from server.work.outbound_pool import PATIENCE_SECONDS, Pool
from server.work.resolving import Pinned, Resolver, Unreachable

MAX_REDIRECTS = 3
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_UNDER_WAY = 200
MAX_UNDER_WAY_A_HOST = 40
CONNECT_SECONDS = 10.0
RETRY_MS = 5000
OWN_HEADERS = {"user-agent": "Renraku", "accept-encoding": "identity"}
"""Not compressed: a small answer must not become a large one here."""

log = structlog.get_logger()


class OutboundRefused(AppError):
    """The server does not reach out there: by its rules, or because the operator has closed the door."""

    status = 403
    code = "outbound_refused"


class OutboundFailed(AppError):
    """The other side could not be reached, or did not answer as it should. ``details["reason"]`` says which."""

    status = 502
    code = "outbound_failed"


@dataclass(frozen=True)
class Answer:
    """What came back, whatever the status says. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Outbound:
    """The door. Nothing is open before the first request."""

    def __init__(self, enabled: bool, listed: tuple[str, ...], resolver: Resolver | None = None) -> None:
        self._enabled = enabled
        self._resolver = resolver or Resolver(listed)
        self._pool = Pool(self._resolver)
        self._under_way: Counter[str] = Counter()

    @property
    def is_open(self) -> bool:
        """Whether the operator lets anything out at all."""
        return self._enabled

    async def fetch(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        limit_bytes: int,
        seconds: float,
        purpose: str,
    ) -> Answer:
        """Ask once, and follow at most three redirects of a GET on the same host.

        ``purpose`` is a word for the log, which has the host and never the path. ``seconds`` is for all of it, and
        an answer longer than ``limit_bytes`` is cut off and refused.

        Raises ``OutboundRefused``, ``OutboundFailed``, or ``Busy`` when too much is under way, there or in all.
        """
        asked = _Asked(purpose)
        with asked:
            target = target_of(url)
            asked.heading_for(target)
            # Redirects stay on the host.
            async with self._room(target.host, seconds):
                given = {**OWN_HEADERS, **{name.lower(): value for name, value in (headers or {}).items()}}
                return await self._follow(method, asked, given, body, limit_bytes)

    async def resolve(self, host: str, port: int, *, purpose: str) -> Pinned:
        """The addresses of a host, looked at: connect to these and to no other.

        Raises ``OutboundRefused``, ``OutboundFailed`` or ``Busy``.
        """
        with _Asked(purpose, host):
            async with self._room(host, CONNECT_SECONDS):
                return await self._resolver.resolve(host, port)

    async def connect(self, host: str, port: int, *, purpose: str) -> socket.socket:
        """An open, plain connection to the host, for protocols that bring their own: a WebSocket library takes it as
        ``sock=`` with ``server_hostname=host``. It is the caller's to close. Raises as ``resolve`` does."""
        with _Asked(purpose, host):
            async with self._room(host, CONNECT_SECONDS):
                return await _first_open(await self._resolver.resolve(host, port))

    async def close(self) -> None:
        """Close what is kept open."""
        await self._pool.close()

    @asynccontextmanager
    async def _room(self, host: str, seconds: float) -> AsyncIterator[None]:
        """So long, and so many at a time: of one host fewer than of all, that a slow one is not everybody's."""
        if not self._enabled:
            raise Refused("off")
        host = host.lower()
        if self._under_way.total() >= MAX_UNDER_WAY or self._under_way[host] >= MAX_UNDER_WAY_A_HOST:
            raise Busy(retry_ms=RETRY_MS)
        self._under_way[host] += 1
        try:
            async with asyncio.timeout(seconds):
                yield
        finally:
            self._under_way[host] -= 1
            # Hosts are as many as people name: none is kept.
            self._under_way += Counter()

    async def _follow(
        self, method: str, asked: _Asked, headers: Mapping[str, str], body: bytes, limit_bytes: int
    ) -> Answer:
        for _ in range(1 + MAX_REDIRECTS):
            assert asked.target is not None
            status, fields, content = await self._pool.request(method, asked.target, headers, body, limit_bytes)
            if status not in REDIRECTS or method not in ("GET", "HEAD") or "location" not in fields:
                return Answer(status, fields, content)
            asked.heading_for(redirected(asked.target, fields["location"]))
        raise Unreachable("redirects")


class _Asked:
    """Tells of one request: a line in the log with the host alone, and a refusal for what went wrong."""

    def __init__(self, purpose: str, host: str = "") -> None:
        self._purpose = purpose
        self._host = host
        self._since = monotonic()
        self.target: Target | None = None

    def heading_for(self, target: Target) -> None:
        self.target, self._host = target, target.host

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, problem: BaseException | None, _trace: object) -> None:
        known = {"purpose": self._purpose, "host": self._host, "ms": round((monotonic() - self._since) * 1000)}
        if problem is None:
            log.debug("outbound", **known)
        elif isinstance(problem, Refused):
            log.warning("outbound.refused", reason=str(problem), **known)
            raise OutboundRefused(reason=str(problem)) from None
        elif isinstance(problem, Unreachable | TimeoutError):
            reason = str(problem) if isinstance(problem, Unreachable) else "timeout"
            log.warning("outbound.failed", reason=reason, **known)
            raise OutboundFailed(reason=reason) from None


async def _first_open(pinned: Pinned) -> socket.socket:
    loop = asyncio.get_running_loop()
    for address in pinned.addresses:
        family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
        opened = socket.socket(family, socket.SOCK_STREAM)
        try:
            opened.setblocking(False)
            async with asyncio.timeout(PATIENCE_SECONDS):
                await loop.sock_connect(opened, (str(address), pinned.port))
            return opened
        except OSError:
            opened.close()
        except BaseException:
            opened.close()
            raise
    raise Unreachable("connect")
