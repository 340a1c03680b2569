"""What one client says, without a server."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from types import SimpleNamespace
from typing import Any

from server.live.conversation import Conversation
from server.live.frames import Command, Frame


class Slow(Command, tag="slow"):
    pass


async def answer_slowly(talk: Conversation, command: Slow) -> Frame | None:
    await asyncio.sleep(60)
    return None


def conversation() -> Conversation:
    services: Any = SimpleNamespace(
        parser=SimpleNamespace(parse=lambda text: Slow(ref=1)),
        settings=SimpleNamespace(posts_per_second=20),
        handlers={Slow: answer_slowly},
        meter=SimpleNamespace(sockets_closed=Counter()),
        hub=SimpleNamespace(quit=lambda connection: None),
    )
    connection: Any = SimpleNamespace(id="1", code=None, closed=False, close=lambda *given: None)
    line: Any = SimpleNamespace(ended_with=1006)
    return Conversation(services, SimpleNamespace(id=1), connection, line)  # type: ignore[arg-type]


async def test_a_line_that_goes_before_its_command_has_begun_leaves_nothing_behind():
    talk = conversation()
    talk.greeted = True
    talk.receive(b"{}")
    talk.lost()
    assert talk.task is not None
    await asyncio.gather(talk.task, return_exceptions=True)
    await asyncio.sleep(0)
    del talk
    # A coroutine that is never awaited warns when it is collected, and warnings are errors.
    gc.collect()
