"""What the directory keeps for the life of a process: pages that many ask for, and who tells of badges."""

from __future__ import annotations

from dataclasses import dataclass

from directory.pages import Pages
from directory.status import Teller
from server.services import Services


@dataclass(frozen=True)
class Here:
    """Found again as ``services.state["directory"]``."""

    pages: Pages
    teller: Teller


def open_here(services: Services) -> Here:
    return Here(Pages(), Teller(services))


async def close_here(services: Services) -> None:
    here: Here = services.state["directory"]
    await here.teller.stop()
