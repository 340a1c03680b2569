"""Answers by links, handed to the writer some at a time while many come.

A group costs 6 ms before its first answer, and 0.1 ms for each (measured with SQLite): after an earthquake, when a
thousand come each second, those of the same moment go together. Who answers when nobody else does waits for nothing.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from anpi.answers.answering import ANSWER
from anpi.answers.model import Given, Taken
from server.data.group import Waiting
from server.data.writer import Writer, resolve
from server.errors import AppError

MOMENT_SECONDS = 0.06


class Together:
    """The answers of one process that wait for their moment."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._waiting: list[tuple[Given, asyncio.Future[Any]]] = []
        self._handed_over_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    async def ask(self, given: Given) -> Taken:
        """``Writer.ask``: what was taken, once it is durable, or the refusal."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        self._waiting.append((given, answer))
        if self._timer is None:
            moment = self._handed_over_at + MOMENT_SECONDS
            if moment <= loop.time():
                self._hand_over()
            else:
                self._timer = loop.call_at(moment, self._hand_over)
        taken: Taken = await answer
        return taken

    async def stop(self) -> None:
        """What waits goes at once: the writer ends after us."""
        if self._timer is not None:
            self._timer.cancel()
            self._hand_over()

    def _hand_over(self) -> None:
        self._timer, self._handed_over_at = None, asyncio.get_running_loop().time()
        waiting, self._waiting = self._waiting, []
        for given, answer in waiting:
            try:
                self._writer.submit(Waiting(ANSWER, given, None, partial(resolve, answer)))
            except AppError as refusal:
                resolve(answer, refusal)
