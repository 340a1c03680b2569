"""HTTP itself, by the core of httpx2: one pool of connections, each made to an address that was looked at.

The core alone, without the client around it: that would have to be kept from the environment's proxies, from
cookies, from redirects and from unpacking.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from server.work.addresses import Target
from server.work.outbound_lanes import Lanes
from server.work.resolving import Resolver, Unreachable

if TYPE_CHECKING:
    import httpcore2

CONNECTIONS_A_HOST = 4
KEPT_CONNECTIONS = 20
"""Without a request on them, for all hosts."""
KEPT_SECONDS = 30.0
PATIENCE_SECONDS = 5.0
"""For one address to answer, then the next one is tried."""


class Pool:
    """Requests over shared connections, a few a host: the next one waits for its own host's and for no other's.

    How many there are in all is the caller's to bound. The library is loaded, and the pool made, with the first one.
    """

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._lanes = Lanes(CONNECTIONS_A_HOST)
        self._opening = asyncio.Lock()
        self._core: Any = None
        self._pool: httpcore2.AsyncConnectionPool | None = None

    async def request(
        self, method: str, target: Target, headers: Mapping[str, str], body: bytes, limit_bytes: int
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and content. Raises ``Refused`` or ``Unreachable``; the time is the caller's."""
        pool = await self._opened()
        core = self._core
        address = core.URL(
            scheme=target.scheme.encode(),
            host=target.host.encode(),
            port=target.port,
            target=target.path.encode(),
        )
        fields = [(name, value) for name, value in {**headers, "host": target.place}.items()]
        content = body if body or method not in ("GET", "HEAD") else None
        try:
            async with (
                self._lanes.turn(target.host),
                pool.stream(method, address, headers=fields, content=content) as response,
            ):
                found = _joined(response.headers)
                return response.status, found, await _read(response, found, limit_bytes)
        except (core.TimeoutException, core.NetworkError, core.ProtocolError, OSError, ssl.SSLError) as problem:
            raise Unreachable(_word(problem)) from None

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.aclose()

    async def _opened(self) -> httpcore2.AsyncConnectionPool:
        async with self._opening:
            if self._pool is None:
                self._core, authorities = await asyncio.to_thread(_load)
                self._pool = self._core.AsyncConnectionPool(
                    ssl_context=authorities,
                    max_connections=None,
                    max_keepalive_connections=KEPT_CONNECTIONS,
                    keepalive_expiry=KEPT_SECONDS,
                    network_backend=_Network(self._core, self._resolver),
                )
            assert self._pool is not None
            return self._pool


def _load() -> tuple[Any, ssl.SSLContext]:
    """The library, and the authorities that the machine believes (or ``SSL_CERT_FILE`` names). Both take a tenth of a
    second: not the start's, and not the loop's."""
    import httpcore2

    return httpcore2, httpcore2.default_ssl_context()


class _Network:
    """Where the pool gets its connections: from names to addresses by the one resolver, and by nothing else."""

    def __init__(self, core: Any, resolver: Resolver) -> None:
        self._core = core
        self._resolver = resolver
        self._plain = core.AnyIOBackend()

    async def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> httpcore2.AsyncNetworkStream:
        pinned = await self._resolver.resolve(host, port)
        problem: Exception | None = None
        for address in pinned.addresses:
            try:
                stream: httpcore2.AsyncNetworkStream = await self._plain.connect_tcp(
                    str(address), port, timeout=PATIENCE_SECONDS
                )
                return stream
            except (self._core.ConnectError, self._core.ConnectTimeout) as found:
                problem = found
        raise problem or Unreachable("name")

    async def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore2.AsyncNetworkStream:
        raise Unreachable("scheme")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _joined(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


async def _read(response: httpcore2.Response, headers: Mapping[str, str], limit_bytes: int) -> bytes:
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Unreachable("encoding")
    read = bytearray()
    async for part in response.aiter_stream():
        read += part
        if len(read) > limit_bytes:
            raise Unreachable("too_large")
    return bytes(read)


def _word(problem: BaseException) -> str:
    """What went wrong, for the log: never the library's own text, which may hold what was asked for."""
    cause: BaseException | None = problem
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "certificate" if isinstance(cause, ssl.SSLCertVerificationError) else "tls"
        cause = cause.__cause__ or cause.__context__
    return {"ConnectError": "connect", "ConnectTimeout": "connect"}.get(type(problem).__name__, "broken")
