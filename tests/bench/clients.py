"""Clients that hold timelines and come back as the browser app does: its waiting, its patience, its rules."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from tests.bench.line import Line
from tests.bench.shapes import FRAMES, Ack, Changes, Heads, Page, Posted, Refusal, Welcome, encode, ref_of
from tests.bench.timeline import Timeline, backoff_ms

CONNECT_SECONDS = 12.0
"""As the browser app: who is not welcomed by then begins anew."""
GOOD_AFTER_SECONDS = 5.0
TEXT = "the quick brown fox jumps over the lazy dog and says good morning to everyone"


class Lost(Exception):
    """The run has no result; the sentence says why."""


class Person:
    """One client: timelines, and a line that comes back."""

    def __init__(self, host: str, port: int, cookie: str, counts: Counter[str]) -> None:
        self.held: dict[int, Timeline] = {}
        self.resumed = asyncio.Event()
        self.resumed_at = self.lost_at = 0.0
        self.counts = counts
        self._host, self._port, self._cookie = host, port, cookie
        self._line: Line | None = None
        self._owed: dict[int, int] = {}
        self._asked: dict[int, Callable[[Any], None]] = {}
        self._asking: set[int] = set()
        self._ref = self._attempt = 0
        self._retry_ms: int | None = None
        self._welcomed_at: float | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._patience: asyncio.TimerHandle | None = None

    # ------------------------------------------------------------ coming and going

    def connect(self) -> None:
        self.counts["attempts"] += 1
        self._line = Line(self, self._host, self._cookie)
        self._patience = asyncio.get_running_loop().call_later(CONNECT_SECONDS, self._give_up, self._line)
        self._connecting = asyncio.create_task(self._dial(self._line))

    async def _dial(self, line: Line) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: line, "127.0.0.1", self._port)
        except OSError:
            self.lost(line, 1006)

    def _give_up(self, line: Line) -> None:
        self.counts["gave_up"] += 1
        if self._connecting is not None:
            self._connecting.cancel()
        line.cut()
        self.lost(line, 1006)

    def cut(self) -> None:
        if self._line is not None:
            self._line.cut()

    def opened(self, line: Line) -> None:
        if line is not self._line:
            return line.cut()
        self.say("hello", have={str(channel): held.rev for channel, held in self.held.items()})

    def lost(self, line: Line, code: int) -> None:
        if line is not self._line:
            return
        self._line = None
        if self._patience is not None:
            self._patience.cancel()
        if self.resumed.is_set():
            self.lost_at = time.monotonic()
            self.resumed.clear()
        self.counts[f"closed {code}"] += 1
        self._owed.clear()
        self._asked.clear()
        self._asking.clear()
        asyncio.get_running_loop().call_later(self._delay(), self.connect)

    def _delay(self) -> float:
        """The browser app's rule (web/src/lib/socket.ts)."""
        welcomed_at, self._welcomed_at = self._welcomed_at, None
        retry_ms, self._retry_ms = self._retry_ms, None
        if welcomed_at is not None and time.monotonic() - welcomed_at >= GOOD_AFTER_SECONDS:
            self._attempt = 0
        if retry_ms is None:
            retry_ms = backoff_ms(self._attempt, random.random())
            self._attempt += 1
        return retry_ms / 1000

    # ------------------------------------------------------------ saying and hearing

    def say(self, do: str, answered: Callable[[Any], None] | None = None, **fields: Any) -> None:
        if self._line is None:
            return
        self._ref += 1
        if answered is not None:
            self._asked[self._ref] = answered
        self._line.say(encode({"do": do, "ref": self._ref, **fields}))

    async def ask(self, do: str, **fields: Any) -> Any:
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.say(do, answer.set_result, **fields)
        async with asyncio.timeout(CONNECT_SECONDS):
            return await answer

    def heard(self, line: Line, payload: bytes) -> None:
        kind = payload[7 : payload.index(b'"', 7)]
        decoder = FRAMES.get(kind)
        if decoder is None or line is not self._line:
            return
        frame = decoder.decode(payload)
        if kind == b"message.posted":
            self._posted(frame)
        elif kind == b"changes":
            self._changed(frame)
        elif kind == b"reset":
            self._begin_anew(frame)
        elif kind == b"welcome":
            self._welcome(frame)
        elif kind == b"heads":
            self._heads(frame)
        elif kind == b"bye":
            self._retry_ms = frame.retry_ms
        else:
            answered = self._asked.pop(ref_of(payload).ref or 0, None)
            if answered is not None:
                answered(frame)
        if self._owed:
            self._see_if_resumed()

    def _welcome(self, welcome: Welcome) -> None:
        if self._patience is not None:
            self._patience.cancel()
        self._welcomed_at = time.monotonic()
        self._owed = {room.id: room.rev for room in welcome.rooms}
        for room in welcome.rooms:
            if room.id not in self.held:
                self.say("history", self._paged, channel=room.id)

    def _see_if_resumed(self) -> None:
        for channel, rev in self._owed.items():
            held = self.held.get(channel)
            if held is None or held.rev < rev:
                return
        self._owed.clear()
        self.resumed_at = time.monotonic()
        self.resumed.set()
        self.went_on()

    def went_on(self) -> None:
        """Everything missed is here."""

    def _paged(self, page: Page | Refusal) -> None:
        if isinstance(page, Refusal):
            raise Lost(f"a page was refused: {page.code}")
        self.held[page.channel] = Timeline(page.rev, page.messages)

    def _posted(self, event: Posted) -> None:
        held = self.held.get(event.channel)
        if held is not None and not held.post(event.rev, event.message):
            self._miss(event.channel)

    def _changed(self, changes: Changes) -> None:
        self.counts["changes"] += 1
        self._asking.discard(changes.channel)
        if not self.held[changes.channel].change(changes.since, changes.rev, changes.messages):
            self._miss(changes.channel)

    def _begin_anew(self, page: Page) -> None:
        self.counts["resets"] += 1
        self._asking.discard(page.channel)
        self.held[page.channel] = Timeline(page.rev, page.messages)

    def _heads(self, heads: Heads) -> None:
        for key, rev in heads.revs.items():
            kind, _, number = key.partition(":")
            held = self.held.get(int(number)) if kind == "channel" else None
            if held is not None and held.rev < rev:
                self._miss(int(number))

    def _miss(self, channel: int) -> None:
        """Something is not here: ask for it, once."""
        if channel not in self._asking:
            self.counts["gaps"] += 1
            self._asking.add(channel)
            self.say("since", channel=channel, rev=self.held[channel].rev)


class Poster(Person):
    """Says things, one after the other, each until it is acknowledged."""

    def __init__(self, host: str, port: int, cookie: str, counts: Counter[str], channel: int) -> None:
        super().__init__(host, port, cookie, counts)
        self.channel = channel
        self.waiting: deque[str] = deque()
        self.acked: dict[str, tuple[int, int]] = {}

    def post(self) -> None:
        self.waiting.append(str(uuid.uuid4()))
        if len(self.waiting) == 1 and self.resumed.is_set():
            self._say_first()

    def went_on(self) -> None:
        if self.waiting:
            self._say_first()

    def _say_first(self) -> None:
        self.say("post", self._answered, channel=self.channel, client_id=self.waiting[0], text=TEXT)

    def _answered(self, answer: Ack | Refusal) -> None:
        if isinstance(answer, Refusal):
            self.counts[f"refused {answer.code}"] += 1
            asyncio.get_running_loop().call_later(answer.retry_ms / 1000, self.went_on)
            return
        self.acked[self.waiting.popleft()] = (answer.channel, answer.seq)
        self.went_on()

    async def everything(self) -> tuple[int, dict[int, str]]:
        """The whole channel as the database has it, and its rev."""
        rows: dict[int, str] = {}
        while True:
            page: Page = await self.ask("history", channel=self.channel, after=max(rows, default=0), limit=100)
            rows |= {row.seq: row.client_id for row in page.messages}
            if not page.after:
                return page.rev, rows
