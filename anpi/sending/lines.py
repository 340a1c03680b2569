"""One of several connections that mails leave by: it takes from the sender's list, one after the other.

What is the way's fault costs the mail nothing: it goes back to the list and is tried again, by the other relay if
there is one. A mail that has broken three connections is put off, because it may be the mail.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from anpi.sending.addresses import without_addresses
from anpi.sending.deliveries import State
from anpi.sending.leasing import Result, Taken
from anpi.sending.ways import SILENCE_SECONDS, Ways
from server.work.mail import State as MailState
from server.work.smtp import Parcel, Route
from server.work.smtp_verdicts import Later, Refused, RouteTrouble, Unanswered

MAILS_A_CONNECTION = 100
"""Then a new one: carriers count the recipients of a session."""
LONGEST_PAUSE_SECONDS = 5.0
LOOK_SECONDS = 1.0
TROUBLES_A_MAIL = 3

_ODD = re.compile(r"\.\.|^\.|\.$")

log = structlog.get_logger()

Carried = Callable[[Result], None]
Again = Callable[[Taken], None]


class Line:
    """A connection to each of the relays, of which it uses one at a time."""

    def __init__(self, routes: Sequence[Route], ways: Ways, broken: dict[int, int] | None = None) -> None:
        """``broken``: how many connections each mail has broken, kept together by all lines of a sender."""
        self._routes = routes
        self._ways = ways
        self._carried = [0] * len(routes)
        self._troubles = 0
        self._broken = {} if broken is None else broken

    async def carry(self, taken: Taken, parcel: Parcel) -> Result | None:
        """Hand one over: what has become of it, or None when it is to be tried again on another connection."""
        way = self._ways.current
        try:
            state = await self._patiently(way, parcel)
        except Refused as refusal:
            self._answered(way)
            return _result(taken, State.FAILED, str(refusal), hard=True)
        except Later as reason:
            self._answered(way)
            return _result(taken, _still(taken), str(reason), again=True)
        except Unanswered as silence:
            self._trouble(way, silence)
            if taken.doubtful:
                return _result(taken, State.FAILED, str(silence))
            return _result(taken, State.DOUBTFUL, str(silence), again=True)
        except RouteTrouble as trouble:
            self._trouble(way, trouble)
            # While nobody lets us in it cannot be the mail.
            return self._put_off(taken, trouble) if getattr(self._routes[way], "reached", True) else None
        self._answered(way)
        self._ways.succeeded(way, asyncio.get_running_loop().time())
        self._broken.pop(taken.id, None)
        return _result(taken, State.WRITTEN if state is MailState.WRITTEN else State.SENT)

    async def pause(self) -> None:
        """After trouble, a little longer each time; not at all while all goes well."""
        if self._troubles:
            await asyncio.sleep(min(0.25 * 2.0 ** min(self._troubles, 6), LONGEST_PAUSE_SECONDS))

    async def rest(self) -> None:
        """Nothing is waiting: hold nothing open."""
        for way, route in enumerate(self._routes):
            self._carried[way] = 0
            await route.rest()

    async def _patiently(self, way: int, parcel: Parcel) -> MailState:
        """Carry it; when the others have changed over meanwhile and this one hangs, let go of it."""
        if self._carried[way] >= MAILS_A_CONNECTION:
            self._carried[way] = 0
            await self._routes[way].rest()
        self._carried[way] += 1
        if len(self._routes) == 1:
            return await with_quotes(self._routes[way], parcel)
        carrying = asyncio.ensure_future(with_quotes(self._routes[way], parcel))
        began = asyncio.get_running_loop().time()
        try:
            while not (await asyncio.wait({carrying}, timeout=LOOK_SECONDS))[0]:
                hanging = asyncio.get_running_loop().time() - began >= SILENCE_SECONDS
                if hanging and self._ways.current != way:
                    raise self._abandoned(way)
            return carrying.result()
        finally:
            if not carrying.done():
                carrying.cancel()
                await asyncio.gather(carrying, return_exceptions=True)

    def _abandoned(self, way: int) -> RouteTrouble:
        perhaps = getattr(self._routes[way], "at_stake", False)
        return Unanswered("perhaps taken, no answer") if perhaps else RouteTrouble("no answer")

    def _answered(self, way: int) -> None:
        self._troubles = 0
        self._ways.answered(way)

    def _trouble(self, way: int, trouble: RouteTrouble) -> None:
        self._troubles += 1
        self._carried[way] = 0
        before = self._ways.changes
        self._ways.failed(way, asyncio.get_running_loop().time())
        log.warning("anpi.mail_route_trouble", way=way + 1, reason=without_addresses(str(trouble)))
        if self._ways.changes != before:
            log.warning("anpi.mail_route_changed", way=self._ways.current + 1)

    def _put_off(self, taken: Taken, trouble: RouteTrouble) -> Result | None:
        broken = self._broken[taken.id] = self._broken.get(taken.id, 0) + 1
        if broken < TROUBLES_A_MAIL:
            return None
        del self._broken[taken.id]
        return _result(taken, _still(taken), str(trouble), again=True)


async def with_quotes(route: Route, parcel: Parcel) -> MailState:
    """Carry it; some relays take an address like ``abc..def@`` only with its first part in quotes."""
    try:
        return await route.carry(parcel)
    except Refused:
        local, _, domain = parcel.to.rpartition("@")
        if not _ODD.search(local):
            raise
        return await route.carry(replace(parcel, to=f'"{local}"@{domain}'))


def _still(taken: Taken) -> State:
    return State.DOUBTFUL if taken.doubtful else State.WAITING


def _result(taken: Taken, state: State, error: str = "", again: bool = False, hard: bool = False) -> Result:
    return Result(taken.id, taken.incident, taken.account, state, error, again, hard, taken.tries)
