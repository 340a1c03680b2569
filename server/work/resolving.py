"""From a host's name to the addresses one may connect to: asked once, each looked at."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from server.work.addresses import Address, Refused, host_of, is_listed, is_public, literal
from server.work.outbound_lanes import Lanes

LOOKUPS_A_HOST = 2
LOOKUPS = 64
"""At once, for all hosts. Each is a thread."""

Lookup = Callable[[str, int], list[str]]
"""The system's resolver: a name's addresses, best first. Blocks; raises ``OSError`` when there are none."""
_Found = list[str] | Exception
"""No address where there is none; an exception is a bug."""


class Unreachable(Exception):
    """The other side is not there or does not keep to the rules. The text is a word for the log."""


@dataclass(frozen=True)
class Pinned:
    """A host with the addresses it had when it was looked at. Connecting asks nobody again."""

    host: str
    port: int
    addresses: tuple[Address, ...]


class Resolver:
    """Asks the system, in a thread a question: a name whose resolver hangs holds up nobody who asks for another.

    That is so until as many hang as may be asked at once. Then who asks is told at once that there is no answer.
    """

    def __init__(self, listed: tuple[str, ...], lookup: Lookup | None = None) -> None:
        self._listed = listed
        self._lookup = lookup or _ask_the_system
        self._lanes = Lanes(LOOKUPS_A_HOST)
        self._under_way = 0

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

    async def _addresses(self, host: str, port: int) -> tuple[Address, ...]:
        await self._lanes.enter(host)
        found = await self._ask(host, port)
        if isinstance(found, Exception):
            raise found
        addresses = tuple(address for each in found if (address := literal(each.partition("%")[0])) is not None)
        if not addresses:
            raise Unreachable("name")
        return addresses

    def _ask(self, host: str, port: int) -> asyncio.Future[_Found]:
        """The answer to come. Who goes away does not end the thread: it counts until it has come back."""
        loop = asyncio.get_running_loop()
        asked: asyncio.Future[_Found] = loop.create_future()

        def ask() -> None:
            found = self._look_up(host, port)
            # Who closed the loop waits for no answer.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._came_back, host, asked, found)

        try:
            if self._under_way >= LOOKUPS:
                raise Unreachable("names")
            # A daemon: nothing ends a question that hangs, and the end of the process does not wait for it.
            threading.Thread(target=ask, name="names", daemon=True).start()
        except (RuntimeError, Unreachable):
            # A machine that has no more threads says the first.
            self._lanes.leave(host)
            raise Unreachable("names") from None
        self._under_way += 1
        return asked

    def _look_up(self, host: str, port: int) -> _Found:
        try:
            return self._lookup(host, port)
        except (OSError, UnicodeError):
            return []
        except Exception as bug:
            return bug

    def _came_back(self, host: str, asked: asyncio.Future[_Found], found: _Found) -> None:
        self._under_way -= 1
        self._lanes.leave(host)
        if not asked.done():
            asked.set_result(found)


def _ask_the_system(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
