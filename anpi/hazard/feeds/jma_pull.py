"""JMA's public list of telegrams, asked as often as it changes, and each telegram fetched once.

The list says what is new; only what may matter is fetched. After a silence the longer list fills the gap, slowly,
beside the looks: what is old starts nothing, but it is known.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter, OrderedDict, deque
from collections.abc import Awaitable, Callable
from datetime import timedelta
from urllib.parse import urljoin, urlsplit, urlunsplit

from msgspec.structs import replace

from anpi.hazard import recording
from anpi.hazard.feeds.atom import Entry
from anpi.hazard.feeds.health import Health
from anpi.hazard.feeds.pacing import Budget, after_trouble, next_look
from anpi.hazard.intake import LIST_BYTES, MAX_TELEGRAM, Intake
from server.clock import from_millis, to_millis
from server.errors import AppError, Busy, Unavailable
from server.services import Services
from server.work.outbound import Answer, OutboundFailed

SOURCE = "jma"
QUAKES = frozenset({"VXSE43", "VXSE45", "VXSE51", "VXSE52", "VXSE53", "VXSE61", "VTSE41"})
WEATHER = frozenset({"VPWW53", "VPWW54", "VPWW55", "VPWW56", "VPWW57", "VPWW58", "VPWW59", "VPWW60", "VPWW61"})
GAP = timedelta(minutes=9)
"""The short list holds the last ten minutes at least."""
FILL_BACK = timedelta(hours=24)
FILL_LIMIT = 300
FILL_AGAIN = timedelta(hours=1)
SECONDS = 10.0
LONG_SECONDS = 60.0
BETWEEN_OLD_SECONDS = 1.0
AT_ONCE = 4
TRIES = 3
"""For one telegram that does not come, or comes as something else."""
KNOWN_LIMIT = 20_000

Pause = Callable[[float], Awaitable[None]]


class JmaPull:
    """Looks until it is cancelled. ``wants_weather`` says whether a rule speaks of special warnings."""

    def __init__(
        self,
        services: Services,
        intake: Intake,
        health: Health,
        wants_weather: Callable[[], bool],
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._services = services
        self._intake = intake
        self._health = health
        self._wants_weather = wants_weather
        self._pause = pause
        self._base = services.settings.jma_url
        self._kept: dict[str, dict[str, str]] = {}
        self._age: dict[str, float] = {}
        self._known: OrderedDict[str, None] = OrderedDict()
        self._failed: Counter[str] = Counter()
        self._old: deque[Entry] = deque()
        self._problem = ""
        budget = health.kept.get("bytes", {})
        self._budget = Budget(day=str(budget.get("day", "")), used=int(budget.get("used", 0)))

    async def run(self) -> None:
        while True:
            seconds = await self.look()
            await self._wait(seconds)

    async def look(self) -> float:
        """Ask each list once, and take in what is new; the seconds until the next look."""
        now = self._services.clock()
        gap = self._health.heard_at is None or now - self._health.heard_at > GAP
        self._health.tried(now)
        self._problem = ""
        try:
            found = [await self._look_at(name) for name in self._lists()]
            self._health.heard(self._services.clock(), report=any(found), but=self._problem)
            if gap:
                await self._fill()
        except AppError as problem:
            self._health.trouble(str(problem.details.get("reason", problem.code)))
            return after_trouble(self._health.troubles, _jitter())
        finally:
            self._health.kept["bytes"] = {"day": self._budget.day, "used": self._budget.used}
        return min(self._age.get(name, 0.0) for name in self._lists())

    def _lists(self) -> tuple[str, ...]:
        return ("eqvol.xml", "extra.xml") if self._wants_weather() else ("eqvol.xml",)

    def _types(self) -> frozenset[str]:
        return QUAKES | WEATHER if self._wants_weather() else QUAKES

    async def _look_at(self, name: str) -> bool:
        """Whether something new was there. What the list says is remembered only when all of it was taken in."""
        answer = await self._get(urljoin(self._base, name), LIST_BYTES, SECONDS, self._kept.get(name))
        self._age[name] = next_look(answer.headers.get("cache-control", ""), answer.headers.get("age", ""), _jitter())
        if answer.status == 304:
            return False
        fresh = await self._unknown(await self._entries(answer))
        taken: list[bool] = []
        for first in range(0, len(fresh), AT_ONCE):
            some = fresh[first : first + AT_ONCE]
            # Fetched together, that one which hangs holds up few; taken in one after the other, so that a 取消 comes
            # after what it takes back.
            came = await asyncio.gather(*(self._fetch(entry) for entry in some))
            taken += [await self._take(entry, each) for entry, each in zip(some, came, strict=True)]
        if all(taken):
            self._kept[name] = _conditions(answer)
        else:
            self._kept.pop(name, None)
        return bool(fresh)

    async def _entries(self, answer: Answer) -> list[Entry]:
        types, found = self._types(), await self._intake.read_list(answer.body)
        ours = ((self._ours(each.url), each) for each in found if each.type in types)
        return [replace(each, url=url) for url, each in ours if url]

    def _ours(self, url: str) -> str:
        """Where the telegram is fetched; "" elsewhere: a list names telegrams of its own host and of no other. Older
        lists say http, and https is meant."""
        try:
            here, there = urlsplit(self._base), urlsplit(url)
            same = (here.hostname, here.port) == (there.hostname, there.port)
        except ValueError:
            return ""
        upgraded = (there.scheme, here.scheme, there.port) == ("http", "https", None)
        if not same or "@" in there.netloc or not (there.scheme == here.scheme or upgraded):
            return ""
        return urlunsplit((here.scheme, here.netloc, there.path, there.query, ""))

    async def _unknown(self, entries: list[Entry]) -> list[Entry]:
        """Those that were never taken, nor given up."""
        fresh = [each for each in entries if each.name not in self._known]
        if fresh:
            names = [each.name for each in fresh]
            had = await self._services.readers.ask(recording.known_names, SOURCE, names)
            for name in had:
                self._remember(name)
        return [each for each in fresh if each.name not in self._known]

    async def _fetch(self, entry: Entry) -> Answer | AppError:
        try:
            return await self._get(entry.url, MAX_TELEGRAM, SECONDS)
        except AppError as problem:
            return problem

    async def _take(self, entry: Entry, came: Answer | AppError) -> bool:
        """Hand on what was fetched; whether it need not be asked for again."""
        try:
            if isinstance(came, AppError):
                raise came
            await self._intake.telegram(SOURCE, entry.name, came.body, keep_broken=self._is_last_try(entry))
        except (Busy, Unavailable) as problem:
            # Ours to wait for: the telegram is as good as it was.
            self._problem = problem.code
            return False
        except AppError as problem:
            self._failed[entry.name] += 1
            self._problem = f"telegram_{problem.details.get('reason', problem.code)}"
            if self._failed[entry.name] < TRIES:
                return False
        self._failed.pop(entry.name, None)
        self._remember(entry.name)
        return True

    def _is_last_try(self, entry: Entry) -> bool:
        return self._failed[entry.name] >= TRIES - 1

    def _remember(self, name: str) -> None:
        self._known[name] = None
        while len(self._known) > KNOWN_LIMIT:
            self._known.popitem(last=False)

    async def _get(
        self, url: str, limit_bytes: int, seconds: float, conditions: dict[str, str] | None = None
    ) -> Answer:
        today = self._services.clock().date()
        if not self._budget.is_left(today):
            raise OutboundFailed(reason="bytes")
        answer = await self._services.outbound.fetch(
            "GET", url, headers=conditions, limit_bytes=limit_bytes, seconds=seconds, purpose="hazard"
        )
        self._budget.spend(len(answer.body), today)
        if answer.status != 200 and not (conditions and answer.status == 304):
            raise OutboundFailed(reason=f"http_{answer.status}")
        return answer

    # ---------------------------------------------------------------- after a silence

    async def _fill(self) -> None:
        """Put what the longer lists know beyond the short ones into the queue of old ones; once an hour at most."""
        now = self._services.clock()
        filled = from_millis(int(self._health.kept.get("filled", 0)))
        if now - filled < FILL_AGAIN or not self._budget.half_is_left(now.date()):
            return
        self._health.kept["filled"] = to_millis(now)
        since = to_millis(now - FILL_BACK)
        for name in self._lists():
            longer = urljoin(self._base, name.replace(".xml", "_l.xml"))
            answer = await self._get(longer, LIST_BYTES, LONG_SECONDS)
            entries = [each for each in await self._entries(answer) if each.at >= since]
            self._old.extend((await self._unknown(entries))[-FILL_LIMIT:])

    async def _wait(self, seconds: float) -> None:
        """Until the next look; meanwhile an old telegram a second."""
        ends = asyncio.get_running_loop().time() + seconds
        while self._old and asyncio.get_running_loop().time() + BETWEEN_OLD_SECONDS < ends:
            entry = self._old.popleft()
            if entry.name not in self._known:
                await self._take(entry, await self._fetch(entry))
            await self._pause(BETWEEN_OLD_SECONDS)
        await self._pause(max(0.0, ends - asyncio.get_running_loop().time()))


def _conditions(answer: Answer) -> dict[str, str]:
    """With which the same list is asked for only if it has changed."""
    names = {"etag": "if-none-match", "last-modified": "if-modified-since"}
    return {asked: answer.headers[given] for given, asked in names.items() if given in answer.headers}


def _jitter() -> float:
    return random.uniform(0.0, 2.0)
