"""The event loop: uvloop where it installs, which gathers what one connection gets in a turn into one write."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

try:
    from uvloop import new_event_loop
except ImportError:
    new_event_loop = asyncio.new_event_loop

Result = TypeVar("Result")

loop_factory: Callable[[], asyncio.AbstractEventLoop] = new_event_loop


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end on the best loop there is."""
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(main)
