"""What the safety check plugs into the server."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection
from starlette.routing import BaseRoute

from anpi import offer as incidents
from anpi import state
from anpi.answers import commands
from anpi.answers import offer as answers
from anpi.board import offer as board
from anpi.contacts import actions as contact_actions
from anpi.contacts import offer as contacts
from anpi.demo import furnish
from anpi.drill import cli as drill
from anpi.hazard import figures as hazard_figures
from anpi.hazard import offer as hazard
from anpi.offers import Offer, all_of, every
from anpi.sending import figures as sending_figures
from anpi.sending import offer as sending
from server.contract.terms import joined
from server.module import Module
from server.ports import PEOPLE_CHANGED, PEOPLE_MOVED
from server.services import Services

# Addresses are tried in this order.
OFFERS: tuple[Offer, ...] = (answers.OFFER, board.OFFER, incidents.OFFER, contacts.OFFER, hazard.OFFER, sending.OFFER)


def _routes(services: Services) -> list[BaseRoute]:
    return [route for offer in OFFERS if offer.routes is not None for route in offer.routes(services)]


def _ports(services: Services) -> dict[str, object]:
    return {
        PEOPLE_CHANGED: contact_actions.on_people_changed,
        PEOPLE_MOVED: contact_actions.on_people_moved,
    }


def _stored(connection: Connection) -> dict[str, float]:
    return {**hazard_figures.stored(connection), **sending_figures.stored(connection)}


module = Module(
    name="anpi",
    needs=("directory",),
    opens=state.open_here,
    closes=state.close_here,
    routes=_routes,
    greet=commands.greet,
    open_paths=("/a/", "/c/", "/api/hazard/inbound"),
    commands=all_of(OFFERS, "handlers"),
    # Joining leaves the part of the welcome out: there is one.
    contract=replace(joined([offer.contract for offer in OFFERS]), welcome=answers.OFFER.contract.welcome),
    topics=every(OFFERS, "topics"),
    jobs=all_of(OFFERS, "jobs"),
    ticks=every(OFFERS, "ticks"),
    loops=all_of(OFFERS, "loops"),
    sandbox=all_of(OFFERS, "sandbox"),
    orders=all_of(OFFERS, "orders"),
    figures=every(OFFERS, "figures"),
    stored=_stored,
    ports=_ports,
    cli=drill.commands,
    demo=furnish,
)
