"""Giving an order from the command line: to the running server, or, when none runs, by doing it here."""

from __future__ import annotations

from collections.abc import Callable

from server.control import NobodyListens, local_operator, refused, send
from server.errors import AppError
from server.folder import FolderInUse, owned
from server.opening import opened
from server.operating import AnyOrder, Report, carry_out, watched
from server.settings import Settings

Tell = Callable[[str], None]


def _silent(far: str) -> None:
    """Nobody listens."""


async def order(settings: Settings, wish: AnyOrder, tell: Tell = _silent) -> Report:
    """Have it done, once; ``tell`` hears how far it is, when it takes long.

    With PostgreSQL nobody owns the data, so it is always done here.
    """
    if not settings.embedded:
        return await _here(settings, wish, tell)
    try:
        return await send(settings.var, wish, tell)
    except NobodyListens:
        return await _alone(settings, wish, tell)


async def _alone(settings: Settings, wish: AnyOrder, tell: Tell) -> Report:
    try:
        with owned(settings.var):
            return await _here(settings, wish, tell)
    except FolderInUse:
        # It holds the lock and does not listen: it is just starting, or just ending.
        raise FolderInUse(f"{settings.var} is busy; please try again in a moment.") from None


async def _here(settings: Settings, wish: AnyOrder, tell: Tell) -> Report:
    async with opened(settings) as services:
        try:
            return await watched(services, wish, carry_out(services, local_operator(), wish), tell)
        except AppError as refusal:
            return refused(refusal)
