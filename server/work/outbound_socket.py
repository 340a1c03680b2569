"""A WebSocket to another's server, through the same door as all that goes out.

The door finds the address and opens the connection; the library speaks over it, and would not know where else to go:
no redirect, no proxy of the environment, no compression (a small frame must not become a large one here).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from server.work.addresses import Refused, Target, target_of
from server.work.outbound import Outbound, OutboundFailed, OutboundRefused

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

OPEN_SECONDS = 15.0
CLOSE_SECONDS = 5.0
WAITING_FRAMES = 64
"""What has come and nobody has taken yet; then the other side waits."""
_SCHEMES = {"ws": "http", "wss": "https"}


class Line:
    """An open WebSocket. Its end is ``OutboundFailed``, whoever has ended it."""

    def __init__(self, connection: ClientConnection, failures: tuple[type[Exception], ...]) -> None:
        self._connection = connection
        self._failures = failures

    async def receive(self) -> str:
        """The next message. One that is no text is the end."""
        try:
            said = await self._connection.recv()
        except self._failures:
            raise OutboundFailed(reason="closed") from None
        if not isinstance(said, str):
            raise OutboundFailed(reason="no_text")
        return said

    async def send(self, text: str) -> None:
        try:
            await self._connection.send(text)
        except self._failures:
            raise OutboundFailed(reason="closed") from None

    async def ping(self, seconds: float) -> None:
        """Return when the other side has answered, else it is not there."""
        try:
            async with asyncio.timeout(seconds):
                await (await self._connection.ping())
        except TimeoutError:
            raise OutboundFailed(reason="silent") from None
        except self._failures:
            raise OutboundFailed(reason="closed") from None


@asynccontextmanager
async def line_to(
    outbound: Outbound,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    protocol: str = "",
    limit_bytes: int,
    purpose: str,
) -> AsyncIterator[Line]:
    """An open line to ``wss://…`` (or ``ws://…``) while the block runs; a message over ``limit_bytes`` ends it.

    Raises ``OutboundRefused``, ``OutboundFailed`` or ``Busy`` as the door does.
    """
    target = _target(url)
    library, authorities = await asyncio.to_thread(_load)
    opened = await outbound.connect(target.host, target.port, purpose=purpose)
    secure: dict[str, Any] = {}
    if target.scheme == "https":
        secure = {"ssl": authorities, "server_hostname": target.host}
    failures = (library.exceptions.WebSocketException, OSError, EOFError)
    try:
        connection = await library.asyncio.client.connect(
            url,
            sock=opened,
            proxy=None,
            compression=None,
            subprotocols=[protocol] if protocol else None,
            additional_headers=dict(headers or {}),
            user_agent_header="Renraku",
            open_timeout=OPEN_SECONDS,
            close_timeout=CLOSE_SECONDS,
            ping_interval=None,
            max_size=limit_bytes,
            max_queue=WAITING_FRAMES,
            **secure,
        )
    except (*failures, ValueError) as problem:
        opened.close()
        raise OutboundFailed(reason=_word(problem)) from None
    except BaseException:
        opened.close()
        raise
    try:
        yield Line(connection, failures)
    finally:
        await connection.close()


def _target(url: str) -> Target:
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in _SCHEMES:
        raise OutboundRefused(reason="scheme")
    try:
        return target_of(f"{_SCHEMES[scheme]}://{rest}")
    except Refused as refused:
        raise OutboundRefused(reason=str(refused)) from None


def _load() -> tuple[Any, ssl.SSLContext]:
    """The library and whose certificates are believed: not the start's time, and not the loop's."""
    import httpcore2
    import websockets.asyncio.client
    import websockets.exceptions

    return websockets, httpcore2.default_ssl_context()


def _word(problem: BaseException) -> str:
    """What went wrong, for the log: never the library's own text, which may hold what was asked for."""
    if isinstance(problem, ssl.SSLCertVerificationError):
        return "certificate"
    if isinstance(problem, ssl.SSLError):
        return "tls"
    return "timeout" if isinstance(problem, TimeoutError) else "handshake"
