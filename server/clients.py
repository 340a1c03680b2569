"""Giving an order from the command line: to the running server, or, when none runs, by doing it here."""

from __future__ import annotations

from server.control import NobodyListens, local_operator, refused, send
from server.errors import AppError
from server.folder import FolderInUse, owned
from server.opening import opened
from server.operating import AnyOrder, Report, carry_out
from server.settings import Settings


async def order(settings: Settings, wish: AnyOrder) -> Report:
    """Have it done, once. With PostgreSQL nobody owns the data, so it is always done here."""
    if not settings.embedded:
        return await _here(settings, wish)
    try:
        return await send(settings.var, wish)
    except NobodyListens:
        return await _alone(settings, wish)


async def _alone(settings: Settings, wish: AnyOrder) -> Report:
    try:
        with owned(settings.var):
            return await _here(settings, wish)
    except FolderInUse:
        # It holds the lock and does not listen: it is just starting, or just ending.
        raise FolderInUse(f"{settings.var} is busy; please try again in a moment.") from None


async def _here(settings: Settings, wish: AnyOrder) -> Report:
    async with opened(settings) as services:
        try:
            return await carry_out(services, local_operator(), wish)
        except AppError as refusal:
            return refused(refusal)
