"""What the directory keeps for the life of a process: pages that many ask for, and who tells of badges."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from directory.areas import resolving
from directory.pages import Pages
from directory.status import Teller
from server.services import Services


@dataclass(frozen=True)
class Here:
    """Found again as ``services.state["directory"]``."""

    pages: Pages
    teller: Teller
    warming: asyncio.Future[None]


def open_here(services: Services) -> Here:
    warming = asyncio.get_running_loop().run_in_executor(None, resolving.warm)
    return Here(Pages(), Teller(services), warming)


async def close_here(services: Services) -> None:
    here: Here = services.state["directory"]
    await here.teller.stop()
    await asyncio.gather(here.warming, return_exceptions=True)
