"""Push: each browser of a person is woken, with a link by which he answers without signing in."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from enum import Enum, auto
from urllib.parse import urlsplit

import msgspec

from anpi.answers import tokens
from anpi.sending import subscribing, words
from anpi.sending.channels import result
from anpi.sending.composing import Composer
from anpi.sending.deliveries import State
from anpi.sending.leasing import Load, Result, Taken
from anpi.sending.resting import Rests
from anpi.sending.subscribing import Kept
from server.clock import zone
from server.errors import AppError
from server.services import Services
from server.work.mail import sender_domain
from server.work.outbound import OutboundFailed, OutboundRefused
from server.work.outbound_lanes import Lanes
from server.work.push import Keys, message

AT_ONCE = 60
UNDER_WAY = 20
A_HOST = 4
"""At once: so many connections there are to one host, and who waits for one would only lose his own time."""
SECONDS = 10.0
DEAL_SECONDS = 40.0
"""Nobody is asked later than that: what was taken is written down within the lease, even when all servers hang."""
ANSWER_BYTES = 16_384
BODY_LIMIT = 300
NO_BROWSER = "no browser"


class _Went(Enum):
    """What a browser's server has said."""

    TAKEN = auto()
    GONE = auto()
    LATER = auto()
    REFUSED = auto()


class Payload(msgspec.Struct):
    """What the service worker is given. ``url`` is a path of ours; a newer one of the same ``tag`` replaces it."""

    title: str
    body: str
    url: str
    tag: str


@dataclass(slots=True)
class _Tally:
    """What came of it for each person, and for each browser. ``until``: then nobody is asked any more."""

    until: float
    people: dict[int, set[_Went]] = field(default_factory=lambda: defaultdict(set))
    browsers: dict[_Went, list[int]] = field(default_factory=lambda: defaultdict(list))


class Pusher:
    """Wakes browsers."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._composer = Composer(services)
        self._keys = keys_of(services)
        self._zone = zone(services.settings.time_zone)
        self._room = asyncio.Semaphore(UNDER_WAY)
        self._lanes = Lanes(A_HOST)
        self._rests = Rests()

    async def deal(self, load: Load) -> list[Result]:
        """Wake the browsers of these people; it counts when one of somebody's has been reached."""
        await self._composer.look()
        found = await self._services.readers.ask(subscribing.of_accounts, [each.account for each in load.taken])
        tally = _Tally(asyncio.get_running_loop().time() + DEAL_SECONDS)
        await asyncio.gather(
            *(self._wake(each, kept, load, tally) for each in load.taken for kept in found.get(each.account, []))
        )
        by = tally.browsers
        lists = (by[_Went.TAKEN], by[_Went.GONE], by[_Went.LATER] + by[_Went.REFUSED])
        await self._services.writer.act(subscribing.settle, *lists, spends=False)
        return [_result(each, tally.people.get(each.id, set())) for each in load.taken]

    async def _wake(self, taken: Taken, kept: Kept, load: Load, tally: _Tally) -> None:
        host = urlsplit(kept.to.endpoint).hostname or ""
        # Its own host's turn first: who waits for one that hangs has no room that others need.
        async with self._lanes.turn(host), self._room:
            now = asyncio.get_running_loop().time()
            if now >= tally.until or self._rests.resting(host, now):
                tally.people[taken.id].add(_Went.LATER)
                return
            went = await self._ask(host, kept, self._payload(taken, load), f"anpi{taken.incident}")
        tally.people[taken.id].add(went)
        tally.browsers[went].append(kept.id)

    async def _ask(self, host: str, kept: Kept, payload: bytes, topic: str) -> _Went:
        made = message(self._keys, kept.to, payload, self._services.clock(), topic=topic)
        try:
            answer = await self._services.outbound.fetch(
                "POST",
                made.url,
                headers=made.headers,
                body=made.body,
                limit_bytes=ANSWER_BYTES,
                seconds=SECONDS,
                purpose="push",
            )
        except OutboundRefused:
            return _Went.REFUSED
        except OutboundFailed:
            self._rests.missed(host, asyncio.get_running_loop().time())
            return _Went.LATER
        except AppError:
            return _Went.LATER
        self._rests.answered(host)
        return _went(answer.status)

    def _payload(self, taken: Taken, load: Load) -> bytes:
        occasion = self._composer.occasion(taken.round, load.happenings[taken.incident])
        url = "/"
        if occasion.wants_answer:
            url = f"/a/{tokens.make(self._services.secrets, taken.incident, taken.account, 'push')}"
        body = words.brief(occasion, taken.language, self._zone)[:BODY_LIMIT]
        return msgspec.json.encode(Payload(occasion.subject[:BODY_LIMIT], body, url, f"anpi{taken.incident}"))


def keys_of(services: Services) -> Keys:
    """The VAPID keys of this server; makers of browsers can reach whoever runs it where its mails come from."""
    settings = services.settings
    url = settings.public_url
    return Keys(services.secrets, url if url.startswith("https://") else f"mailto:anpi@{sender_domain(settings)}")


def _went(status: int) -> _Went:
    if 200 <= status < 300:
        return _Went.TAKEN
    if status in (404, 410):
        return _Went.GONE
    return _Went.LATER if status == 429 or status >= 500 else _Went.REFUSED


def _result(taken: Taken, went: set[_Went]) -> Result:
    if _Went.TAKEN in went:
        return result(taken, State.SENT)
    if _Went.LATER in went:
        return result(taken, State.WAITING, "later", again=True)
    return result(taken, State.FAILED, NO_BROWSER if not went or went == {_Went.GONE} else "refused")
