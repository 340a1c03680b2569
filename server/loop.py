"""The event loop: uvloop where it installs, which gathers what one connection gets in a turn into one write."""

from __future__ import annotations

import asyncio
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
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(main)
