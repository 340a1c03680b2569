"""The event loop: uvloop where it installs, which gathers what one connection gets in a turn into one write."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")

loop_factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
try:
    import uvloop

    loop_factory = uvloop.new_event_loop
except ImportError:
    pass


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end on the best loop there is."""
    _share_arenas()
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(main)


def _share_arenas() -> None:
    """glibc gives each thread an arena of its own, and keeps there what the thread has freed: after an import of
    10,000 people a seventh of the memory was held so."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS)


ARENAS = 2
_M_ARENA_MAX = -8
"""Of glibc's ``malloc.h``; other libraries have no ``mallopt``, or pay it no heed."""
