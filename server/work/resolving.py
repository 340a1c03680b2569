"""From a host's name to the addresses one may connect to: asked once, each looked at."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from server.work.addresses import Address, Refused, host_of, is_listed, is_public, literal

THREADS = 4
WAITING_LIMIT = 64

Lookup = Callable[[str, int], list[str]]
"""The system's resolver: a name's addresses, best first. Blocks; raises ``OSError`` when there are none."""


class Unreachable(Exception):
    """The other side is not there or does not keep to the rules. The text is a word for the log."""


@dataclass(frozen=True)
class Pinned:
    """A host with the addresses it had when it was looked at. Connecting asks nobody again."""

    host: str
    port: int
    addresses: tuple[Address, ...]


class Resolver:
    """Asks the system in threads of its own: a resolver that hangs holds up nobody else."""

    def __init__(self, listed: tuple[str, ...], lookup: Lookup | None = None) -> None:
        self._listed = listed
        self._lookup = lookup or _ask_the_system
        self._pool: ThreadPoolExecutor | None = None
        self._waiting = 0

    async def resolve(self, host: str, port: int) -> Pinned:
        """The host's addresses. One that is not public refuses them all, unless the operator has listed the host.

        Raises ``Refused`` or ``Unreachable``.
        """
        host = host_of(host)
        given = literal(host)
        addresses = (given,) if given is not None else await self._addresses(host, port)
        if not is_listed(host, port, self._listed) and not all(is_public(each) for each in addresses):
            raise Refused("address")
        return Pinned(host, port, addresses)

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    async def _addresses(self, host: str, port: int) -> tuple[Address, ...]:
        if self._waiting >= WAITING_LIMIT:
            raise Unreachable("names")
        self._pool = self._pool or ThreadPoolExecutor(THREADS, thread_name_prefix="names")
        asked = asyncio.get_running_loop().run_in_executor(self._pool, self._lookup, host, port)
        self._waiting += 1
        # Who goes away does not end the thread: it counts until it has come back.
        asked.add_done_callback(self._came_back)
        try:
            found = await asyncio.shield(asked)
        except (OSError, UnicodeError):
            raise Unreachable("name") from None
        addresses = tuple(address for each in found if (address := literal(each.partition("%")[0])) is not None)
        if not addresses:
            raise Unreachable("name")
        return addresses

    def _came_back(self, asked: asyncio.Future[list[str]]) -> None:
        self._waiting -= 1
        if not asked.cancelled():
            # Nobody may be waiting for it any more.
            asked.exception()


def _ask_the_system(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
