"""The bus between processes: pub/sub of Redis, the payload included, on a fixed number of channels.

A group's events go out as one message a shard. Each message begins with its sender's name, so that one's own echo
is dropped without being read. Every second an empty message is sent and must come back: a line that is open and
dead is found that way, which TCP alone would not tell for minutes.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from zlib import crc32

import msgspec
import structlog
from msgspec import Struct, structs

from server.data.transaction import Event, Note, Revoked
from server.live.bus import Parcel, Receiver, Seen, process_name
from server.live.frames import encode
from server.live.redis_line import LineLost, RedisLine, connect, parse_address

SHARDS = 8
PROBE_SECONDS = 1.0
ECHO_SECONDS = 3.0
"""Without an echo for so long the bus counts as gone, and the line is made anew."""
RETRY_SECONDS = (0.2, 5.0)

log = structlog.get_logger()


class _Carried(Struct, array_like=True):
    """An event on its way: its frame is encoded already, and is not read again by whoever passes it on."""

    topic: str
    rev: int | None
    payload: bytes
    joins: tuple[int, ...]
    leaves: tuple[int, ...]
    silent: bool
    fleeting: bool


class _Closed(Struct, array_like=True):
    account: int
    session: str | None
    final: bool
    id: int


class _Message(Struct, array_like=True):
    """A parcel on its way, or one shard's part of it."""

    events: list[_Carried] = []
    revoked: list[_Closed] = []
    woken: list[str] = []
    notes: list[Note] = []
    seen: Seen | None = None
    lost: bool = False


_pack = msgspec.msgpack.Encoder().encode
_LOST = _pack(_Message(lost=True))
_unpack = msgspec.msgpack.Decoder(_Message).decode


class RedisBus:
    """Joins the processes that share a database. ``scope`` keeps those of another database out."""

    def __init__(self, url: str, scope: str) -> None:
        self._address = parse_address(url)
        self._channels = [f"renraku:{self._address.prefix}:{scope}:{shard}" for shard in range(SHARDS)]
        self.name = process_name()
        self._mark = self.name.encode()
        self._line: RedisLine | None = None
        self._receiver: Receiver | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._gone = asyncio.Event()
        self._echo = asyncio.Event()
        self._echoed_at = float("-inf")
        # Whether something could not be told to the others since they were last reached.
        self._lost = False
        self.sent = 0
        self.received = 0
        self.reconnects = 0

    # ------------------------------------------------------------ the contract

    @property
    def healthy(self) -> bool:
        return self._line is not None and asyncio.get_running_loop().time() - self._echoed_at < ECHO_SECONDS

    @property
    def reaches_all(self) -> bool:
        return self.healthy

    async def start(self, receiver: Receiver) -> None:
        """Begin; a Redis that is not there yet is tried again and again, without holding up anybody."""
        self._receiver = receiver
        try:
            self._line = await self._connected()
        except LineLost as problem:
            log.error("bus.unreachable", error=str(problem))
        self._keeper = asyncio.create_task(self._keep(), name="bus")

    def publish(self, parcel: Parcel) -> None:
        for shard, message in _messages(parcel):
            self._tell(shard, message)

    async def stop(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        line = self._line
        if line is not None:
            # What was told last (who is gone) is on its way before the line is cut.
            await self._wait_for_echo(line)
            line.close()

    # ------------------------------------------------------------ out

    def _tell(self, shard: int, message: _Message) -> None:
        line = self._line
        if line is None or not line.tell("PUBLISH", self._channels[shard], self._mark + _pack(message)):
            self._lost = True
        else:
            self.sent += 1

    # ------------------------------------------------------------ in

    def _take(self, data: bytes) -> None:
        if data.startswith(self._mark):
            if len(data) == len(self._mark):
                self._echoed_at = asyncio.get_running_loop().time()
                self._echo.set()
            return
        size = len(self._mark)
        self.received += 1
        try:
            parcel = _parcel(data[:size].decode(), _unpack(data[size:]) if len(data) > size else None)
        except (msgspec.DecodeError, UnicodeDecodeError) as problem:
            # Another version, or a stranger on our channels: what it meant is found by the heads.
            log.warning("bus.unreadable", error=str(problem))
            return
        if self._receiver is not None and parcel is not None:
            self._receiver(parcel)

    # ------------------------------------------------------------ the line

    async def _keep(self) -> None:
        """For ever: probe, and connect again when the probe is not heard."""
        pause = RETRY_SECONDS[0]
        while True:
            if self.healthy:
                pause = RETRY_SECONDS[0]
                await self._probe()
                continue
            try:
                await self._reconnect()
            except LineLost as problem:
                log.warning("bus.unreachable", error=str(problem))
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))
                pause = min(pause * 2, RETRY_SECONDS[1])
            except Exception as problem:
                log.error("bus.failed", exc_info=problem)
                await asyncio.sleep(RETRY_SECONDS[1])

    async def _probe(self) -> None:
        """Say something, and look up again in a second, or at once when the line goes."""
        if self._line is not None:
            if self._lost:
                self._lost = not self._line.tell("PUBLISH", self._channels[0], self._mark + _LOST)
            self._line.tell("PUBLISH", self._channels[0], self._mark)
        with suppress(TimeoutError):
            async with asyncio.timeout(PROBE_SECONDS):
                await self._gone.wait()

    async def _reconnect(self) -> None:
        """A new line. What was published meanwhile was not heard: both sides are told to look for themselves."""
        old, self._line = self._line, None
        if old is not None:
            old.close()
        self._line = await self._connected()
        self.reconnects += 1
        self._lost = True
        if self._receiver is not None:
            self._receiver(Parcel(sender=self.name, lost=True))

    async def _connected(self) -> RedisLine:
        self._gone = asyncio.Event()
        line = RedisLine(self._take, self._dropped)
        await connect(self._address, line, self._channels, self._mark)
        self._echoed_at = asyncio.get_running_loop().time()
        log.info("bus.connected")
        return line

    def _dropped(self, line: RedisLine) -> None:
        if line is self._line:
            self._line = None
            self._gone.set()

    async def _wait_for_echo(self, line: RedisLine) -> None:
        self._echo.clear()
        line.tell("PUBLISH", self._channels[0], self._mark)
        with suppress(TimeoutError):
            async with asyncio.timeout(PROBE_SECONDS):
                await self._echo.wait()


def _messages(parcel: Parcel) -> list[tuple[int, _Message]]:
    """The parcel as one message a shard; what concerns no topic goes with the first."""
    by_shard: dict[int, _Message] = {}
    for event in parcel.events:
        # People's own notices first: that one is in a room now comes before what is said there.
        shard = 0 if event.topic.startswith("user:") else crc32(event.topic.encode()) % SHARDS
        by_shard.setdefault(shard, _Message(events=[])).events.append(_carried(event))
    if parcel.revoked or parcel.woken or parcel.notes or parcel.seen is not None:
        first = by_shard.setdefault(0, _Message(events=[]))
        first.revoked = [_Closed(each.account, each.session, each.final, each.id) for each in parcel.revoked]
        first.woken, first.notes, first.seen = list(parcel.woken), list(parcel.notes), parcel.seen
    return sorted(by_shard.items())


def _carried(event: Event) -> _Carried:
    return _Carried(
        event.topic, event.rev, encode(event.frame), event.joins, event.leaves, event.silent, event.fleeting
    )


def _parcel(sender: str, message: _Message | None) -> Parcel | None:
    if message is None:
        return None
    return Parcel(
        sender=sender,
        events=_events(message.events),
        revoked=[Revoked(*structs.astuple(each)) for each in message.revoked],
        woken=message.woken,
        notes=message.notes,
        seen=message.seen,
        lost=message.lost,
    )


def _events(carried: Sequence[_Carried]) -> list[Event]:
    return [
        Event(each.topic, each.rev, msgspec.Raw(each.payload), each.joins, each.leaves, each.silent, each.fleeting)
        for each in carried
    ]
