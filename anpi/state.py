"""What the safety check keeps for the life of a process."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from sqlalchemy import Connection, select

from anpi import events, settings, tables
from anpi.answers.pages import Pages
from anpi.answers.telling import OwnTeller
from anpi.answers.together import Together
from anpi.answers.views import Views
from anpi.board.telling import BoardTeller
from server.services import Services

QUEUE = "anpi live"
LOOKS_EVERY_SECONDS = 10.0
"""How soon it is found that an incident has moved without a word of it having come."""

log = structlog.get_logger()


@dataclass
class Here:
    """Found again as ``services.state["anpi"]``: questions that are gathered, and who is told what has changed."""

    views: Views
    pages: Pages
    together: Together
    own: OwnTeller
    boards: BoardTeller
    quiet: str | None = None
    """The number for emergencies while it is known that no check is open: then nobody who comes need be asked for.
    None: it is not known."""
    turn: int = 0
    """Goes up whenever something has moved."""

    def moved(self, incident: int) -> None:
        """An incident, somebody whom it asks, or an answer has changed."""
        self.quiet = None
        self.turn += 1
        self.own.moved(incident)
        self.boards.moved(incident)


def here(services: Services) -> Here:
    found: Here = services.state["anpi"]
    return found


def open_here(services: Services) -> Here:
    together = Together(services.writer)
    kept = Here(Views(services), Pages(services), together, OwnTeller(services), BoardTeller(services))
    services.notices.on(events.MOVED, kept.moved)
    return kept


async def close_here(services: Services) -> None:
    kept = here(services)
    for each in (kept.together, kept.own, kept.boards, kept.views):
        await each.stop()


async def look_again(services: Services) -> None:
    """Goes on in every process: whatever moved without a word is told too."""
    known: dict[int, int] = {}
    while not services.draining:
        turn = here(services).turn
        try:
            heads, emergency = await services.readers.ask(_heads)
        except Exception as problem:
            log.warning("anpi.look_failed", error=repr(problem))
        else:
            still = turn == here(services).turn
            # One that is not open any more has moved too.
            for incident in {id for id, rev in heads.items() if known.get(id) != rev} | known.keys() - heads.keys():
                here(services).moved(incident)
            known = heads
            if not heads and still:
                here(services).quiet = emergency
        await services.wakeups.sleep(QUEUE, LOOKS_EVERY_SECONDS)


def _heads(connection: Connection) -> tuple[dict[int, int], str]:
    i = tables.incidents.c
    heads = {row.id: row.rev for row in connection.execute(select(i.id, i.rev).where(i.state == "open"))}
    return heads, settings.read(connection).emergency_number
