"""Strangers' bytes are read in processes of their own, which have given up all that can be given up.

There are two: one kept for what is urgent (telegrams), one for everything else, one call at a time each. A call
that runs over its time or its memory, or dies, is a refusal and never an outage: its process is killed, and the
next call has a new one. They start at the first call.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import msgspec
import structlog

from server.errors import AppError, Busy, Invalid
from server.work.confinement import Confined
from server.work.sandbox_child import START_SECONDS, Broken, Child, Recipe, spawn
from server.work.sandboxed import Answer, Call

Slot = Literal["ordinary", "urgent"]

CALLS_A_CHILD = 200
"""Then a new one: what a stranger may have got hold of, he loses."""
WAITING_LIMIT = 32
WAITING_SECONDS = 30.0
RETRY_MS = 5000
REQUEST_BYTES = 8 * 1024 * 1024
"""What may be handed over as arguments; more goes as an open file."""
ANSWER_BYTES = 1024 * 1024
"""What comes back unless a call asks for more. A wicked answer takes up to a hundred times its length here."""

GROUND: Mapping[str, str] = {"kind_of": "server.work.kinds:kind_of"}
"""What may be called whichever features run."""

log = structlog.get_logger()


class SandboxFailed(AppError):
    """What was to be read cannot be read."""

    code = "unreadable"


class TooLongToRead(SandboxFailed):
    """Not within its time."""

    code = "too_long_to_read"


class UnknownFunction(Exception):
    """A name that no module has registered, or two have: a bug."""


class MoreThanReading(Exception):
    """A descriptor by which more can be done than read: a bug."""


class Sandbox:
    """The two processes, and who waits for them."""

    def __init__(self, functions: Mapping[str, str], folder: Path, memory_bytes: int) -> None:
        self._functions = dict(functions)
        packages = {"server", *(place.partition(".")[0] for place in functions.values())}
        recipe = Recipe(folder, memory_bytes, tuple(sorted(packages)))
        self._places: dict[Slot, _Place] = {"ordinary": _Place(recipe), "urgent": _Place(recipe)}

    async def run(
        self,
        function: str,
        *arguments: Any,
        seconds: float,
        answer: Any = Any,
        answer_bytes: int = ANSWER_BYTES,
        file: int | None = None,
        slot: Slot = "ordinary",
    ) -> Any:
        """What the registered ``function`` makes of the arguments: plain values, checked against the type ``answer``.

        ``file`` is a descriptor open for reading alone, which the function gets as ``file=``, a binary file: large
        input is never copied. It stays the caller's to close; its position is shared. ``seconds`` is wall time from
        when the call has its process.

        Raises ``SandboxFailed``, or ``TooLongToRead``, which is one; ``Busy`` when too many wait. A caller that is
        cancelled ends the call.
        """
        call = self._call(function, arguments, seconds, answer_bytes)
        if file is not None:
            _require_reading_alone(file)
        place = self._places[slot]
        async with place.turn():
            try:
                given = await place.ask(call, file)
                if not given.raised:
                    return _decoded(given, answer, place)
            except TimeoutError:
                raise _failed(function, "time", refusal=TooLongToRead) from None
            except Broken as problem:
                raise _failed(function, str(problem)) from None
        raise _failed(function, f"raised {given.raised}", given.place)

    async def confined(self) -> Confined:
        """What a process gives up on this machine; starts one for it."""
        place = self._places["ordinary"]
        async with place.turn():
            return await place.prepare()

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes that live now."""
        return tuple(place.child.pid for place in self._places.values() if place.child is not None)

    async def close(self) -> None:
        """End both, and all calls."""
        await asyncio.gather(*(place.close() for place in self._places.values()))

    def _call(self, function: str, arguments: Sequence[Any], seconds: float, answer_bytes: int) -> Call:
        if function not in self._functions:
            raise UnknownFunction(function)
        call = Call(self._functions[function], list(arguments), seconds, answer_bytes)
        if sum(len(each) for each in arguments if isinstance(each, bytes | str)) > REQUEST_BYTES:
            raise Invalid("too_large", limit=REQUEST_BYTES)
        return call


class _Place:
    """A slot: at most one process, and a queue with an end before it."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._free = asyncio.Lock()
        self._waiting = 0
        self._buried: set[asyncio.Task[None]] = set()
        self._confined: Confined | None = None
        self._closed = False
        self.child: Child | None = None

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until the process is free, in the order of arrival. Raises ``Busy``."""
        if self._waiting >= WAITING_LIMIT:
            raise Busy(retry_ms=RETRY_MS)
        self._waiting += 1
        try:
            async with asyncio.timeout(WAITING_SECONDS):
                await self._free.acquire()
        except TimeoutError:
            raise Busy(retry_ms=RETRY_MS) from None
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._free.release()

    async def ask(self, call: Call, file: int | None) -> Answer:
        """Raises ``TimeoutError`` or ``Broken``; whatever is raised, the process is gone."""
        await self.prepare()
        assert self.child is not None
        try:
            async with asyncio.timeout(call.seconds):
                given = await self.child.ask(call, file)
        except BaseException:
            self.end()
            raise
        if given.raised == "MemoryError" or self.child.calls >= CALLS_A_CHILD:
            self.end()
        return given

    async def prepare(self) -> Confined:
        """A living process. Raises ``Busy`` when there is none to be had: nobody's bytes are to blame for that."""
        if self._closed:
            raise Busy(retry_ms=RETRY_MS)
        if self.child is not None and not self.child.is_alive:
            self.end()
        if self.child is None or self._confined is None:
            self._confined = await self._start()
        return self._confined

    async def _start(self) -> Confined:
        try:
            self.child = spawn(self._recipe)
            async with asyncio.timeout(START_SECONDS):
                return await self.child.greet()
        except (OSError, TimeoutError, Broken) as problem:
            self.end()
            log.error("sandbox.not_started", reason=f"{type(problem).__name__}: {problem}")
            raise Busy(retry_ms=RETRY_MS) from None
        except BaseException:
            self.end()
            raise

    async def close(self) -> None:
        """End what is under way; who still waits is told to come back."""
        self._closed = True
        if self.child is not None:
            self.child.kill()
        async with self._free:
            self.end()
        await asyncio.gather(*self._buried)

    def end(self) -> None:
        """The next call has another process. Only for who has the turn."""
        child, self.child, self._confined = self.child, None, None
        if child is not None:
            child.kill()
            child.leave()
            grave = asyncio.get_running_loop().create_task(child.bury(), name="sandbox.bury")
            self._buried.add(grave)
            grave.add_done_callback(self._buried.discard)


def _require_reading_alone(file: int) -> None:
    # An access mode of 0 has `O_PATH` too, by which nothing is read, and other things are opened.
    if fcntl.fcntl(file, fcntl.F_GETFL) & (os.O_ACCMODE | getattr(os, "O_PATH", 0)) != os.O_RDONLY:
        raise MoreThanReading(file)


def _decoded(given: Answer, answer: Any, place: _Place) -> Any:
    try:
        return msgspec.msgpack.decode(given.value, type=answer)
    except (msgspec.MsgspecError, RecursionError):
        place.end()
        raise Broken("answered wrongly") from None


def _failed(
    function: str, reason: str, place: str = "", refusal: type[SandboxFailed] = SandboxFailed
) -> SandboxFailed:
    log.warning("sandbox.failed", function=function, reason=reason, place=place)
    return refusal()


def joined(offers: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """All modules' functions as one. Two of the same name are a mistake."""
    functions: dict[str, str] = {}
    for offer in offers:
        for name, place in offer.items():
            if name in functions:
                raise UnknownFunction(f"two modules register the sandbox function {name}")
            functions[name] = place
    return functions
