"""Who sends the mails of the safety check: several connections, fed from one list, in one process or in several.

The list holds at most ``leasing.HELD`` deliveries, which is what a crash can repeat. What has become of them is
written together, a few times a second, in the same transaction that takes new ones.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

import structlog

from anpi.sending import leasing
from anpi.sending.addresses import MAIL, PACED
from anpi.sending.composing import Composer
from anpi.sending.deliveries import QUEUE, State
from anpi.sending.leasing import HELD, Load, Result, Taken
from anpi.sending.lines import Line
from anpi.sending.pacing import Paces
from anpi.sending.ways import Ways
from server.errors import AppError
from server.services import Services
from server.settings import Settings
from server.work.mail import sender
from server.work.relay import parse_relay
from server.work.smtp import FolderRoute, Parcel, Route, SmtpRoute

IDLE_SECONDS = 5.0
PACED_SECONDS = 0.25
"""Between two looks while something waits for its pace."""
GATHER_SECONDS = 0.1
"""How long results are gathered before they are written: a commit each time."""
TURN_SECONDS = 1.0
RENEW_SECONDS = 15.0
LEASE_MARGIN_SECONDS = 10.0
TROUBLE_SECONDS = 2.0
LOW_WATER = HELD // 2

log = structlog.get_logger()

Routes = Callable[[], list[Route]]


def routes_for(settings: Settings) -> list[Route]:
    """A way by each relay that the settings name; without any, into the folder."""
    urls = [url for url in (settings.smtp_url, settings.smtp_url_2) if url]
    if not urls:
        return [FolderRoute(settings.var / "mail", sender(settings))]
    return [SmtpRoute(parse_relay(url), sender(settings)) for url in urls]


class Dispatcher:
    """Sends until the process drains."""

    def __init__(self, services: Services, routes: Routes | None = None) -> None:
        settings = services.settings
        routes = routes or (lambda: routes_for(settings))
        self._services = services
        self._composer = Composer(services)
        self._name = secrets.token_hex(8)
        self._paces = Paces({lane: float(settings.anpi_mails_per_second) for lane in PACED}, [MAIL])
        each = [routes() for _ in range(settings.anpi_smtp_connections)]
        self._ways = Ways(len(each[0]))
        broken: dict[int, int] = {}
        self._lines = [Line(own, self._ways, broken) for own in each]
        self._list: deque[tuple[Taken, Parcel]] = deque()
        self._filled = asyncio.Event()
        self._results: list[Result] = []
        self._unbegun: list[int] = []
        self._done = asyncio.Event()
        self._held: set[int] = set()
        self._waiting: set[str] = set()
        """Lanes in which more waits than their pace allows now."""
        self._lease_ends = 0.0
        self._renewed = 0.0
        self._stopping = False

    async def run(self) -> None:
        """Until the process drains: what is under way then is finished and written down, the rest given back."""
        workers = [asyncio.create_task(self._work(line), name="anpi mails") for line in self._lines]
        try:
            if self._services.settings.embedded:
                await self._safely(self._release)
            while not self._services.draining:
                await self._safely(self._turn)
            self._stopping = True
            self._filled.set()
            await asyncio.gather(*workers)
        finally:
            self._stopping = True
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            await self._safely(self._close)

    async def _safely(self, what: Callable[[], Awaitable[None]]) -> None:
        """The database may be away for a while; nobody else would go on."""
        try:
            await what()
        except AppError as problem:
            log.warning("anpi.mails_unavailable", reason=problem.code)
            await self._nap()
        except Exception as problem:
            log.error("anpi.mails_failed", exc_info=problem)
            await self._nap()

    async def _nap(self) -> None:
        if not self._services.draining:
            await asyncio.sleep(TROUBLE_SECONDS)

    async def _release(self) -> None:
        await self._services.writer.act(leasing.release, (MAIL, *PACED), spends=False)

    async def _turn(self) -> None:
        if await self._step():
            return None
        if self._held:
            self._ways.busy(asyncio.get_running_loop().time())
            return await self._gather()
        self._ways.idle()
        if not self._waiting:
            await self._rest()
        return await self._services.wakeups.sleep(QUEUE, PACED_SECONDS if self._waiting else IDLE_SECONDS)

    async def _step(self) -> bool:
        """Write what has been done, give back what is over, and take as much as fits.

        Whether to look again at once: all that was found was over.
        """
        now = asyncio.get_running_loop().time()
        await self._composer.look()
        await self._sift()
        results, self._results = self._results, []
        unbegun, self._unbegun = self._unbegun, []
        free = HELD - len(self._held - {each.id for each in results})
        wants = free >= LOW_WATER and not self._services.draining
        shares = self._paces.shares(free, now, self._waiting) if wants else {}
        renew = bool(self._held) and now - self._renewed >= RENEW_SECONDS
        if not (results or unbegun or renew or any(shares.values())):
            return False
        try:
            still = self._held - {each.id for each in results} if renew else ()
            # In a transaction of its own: its lock and those of answers would else be taken in any order.
            load: Load = await self._services.writer.alone(
                leasing.step, self._name, results, unbegun, shares, still, first=True
            )
        except BaseException:
            self._results = results + self._results
            self._unbegun = unbegun + self._unbegun
            raise
        self._waiting -= {lane for lane, share in shares.items() if share}
        self._waiting |= load.full
        self._settled(results, load, now, renew)
        return bool(load.full) and not load.taken

    async def _sift(self) -> None:
        """What is over by now is not sent: relays may have let nobody in for hours."""
        waiting = [taken.id for taken, _ in self._list]
        if not waiting:
            return
        over = await self._services.readers.ask(leasing.pointless, waiting)
        # A connection may have taken some of them meanwhile.
        gone = [taken.id for taken, _ in self._list if taken.id in over]
        if gone:
            self._list = deque(each for each in self._list if each[0].id not in over)
            self._held.difference_update(gone)
            self._unbegun += gone

    def _settled(self, results: Sequence[Result], load: Load, now: float, renew: bool) -> None:
        self._held.difference_update(each.id for each in results)
        if load.mine is not None:
            self._held &= load.mine | {each.id for each in self._results}
        if renew or not self._held:
            self._renewed = now
            self._lease_ends = now + leasing.LEASE.total_seconds() - LEASE_MARGIN_SECONDS
        for taken in load.taken:
            self._paces.spent(taken.lane, 1)
            self._held.add(taken.id)
            try:
                parcel = self._composer.parcel(taken, load.happenings[taken.incident])
            except Exception as problem:
                self._failed(taken, problem)
            else:
                self._list.append((taken, parcel))
        if load.taken:
            log.info("anpi.mails_taken", mails=len(load.taken), incidents=sorted(load.happenings))
            self._filled.set()

    async def _gather(self) -> None:
        """Until something has been done, and a moment longer, so that a commit is worth it."""
        try:
            async with asyncio.timeout(TURN_SECONDS):
                await self._done.wait()
        except TimeoutError:
            return
        await asyncio.sleep(GATHER_SECONDS)
        self._done.clear()

    async def _rest(self) -> None:
        await asyncio.gather(*(line.rest() for line in self._lines))

    async def _close(self) -> None:
        await self._rest()
        unbegun = [*self._unbegun, *(taken.id for taken, _ in self._list)]
        self._list.clear()
        results, self._results = self._results, []
        if results or unbegun:
            await self._services.writer.alone(leasing.step, self._name, results, unbegun, first=True)

    # ------------------------------------------------------------ a connection

    async def _work(self, line: Line) -> None:
        while not self._stopping:
            if not self._list:
                self._filled.clear()
                await self._filled.wait()
                continue
            taken, parcel = self._list.popleft()
            await self._carry(line, taken, parcel)

    async def _carry(self, line: Line, taken: Taken, parcel: Parcel) -> None:
        # Not renewed for too long: it is another's by now, or may be.
        late = asyncio.get_running_loop().time() >= self._lease_ends
        if late or taken.id not in self._held:
            self._held.discard(taken.id)
            return None
        try:
            result = await line.carry(taken, parcel)
        except Exception as problem:
            self._failed(taken, problem)
            return await line.pause()
        if result is None:
            self._list.append((taken, parcel))
            self._filled.set()
            return await line.pause()
        self._results.append(result)
        self._done.set()
        return await line.pause()

    def _failed(self, taken: Taken, problem: Exception) -> None:
        """A bug must not stop the others, nor be tried without end."""
        log.error("anpi.mail_failed", delivery=taken.id, exc_info=problem)
        state = State.DOUBTFUL if taken.doubtful else State.WAITING
        self._results.append(
            Result(taken.id, taken.incident, taken.account, state, "internal", again=True, tries=taken.tries)
        )
        self._done.set()
