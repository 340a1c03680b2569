"""What incidents, templates and settings add to the module."""

from __future__ import annotations

from datetime import timedelta

from anpi import preparing, reminding, routes, upkeep
from anpi.contract import CONTRACT
from anpi.offers import Offer
from server.module import Tick

OFFER = Offer(
    routes=routes.routes,
    contract=CONTRACT,
    loops={"anpi.sends": preparing.run},
    ticks=(
        Tick("anpi.remind", timedelta(seconds=30), reminding.remind),
        Tick("anpi.closing", timedelta(seconds=30), upkeep.close_notices),
        Tick("anpi.forgotten", timedelta(hours=1), upkeep.remind_administrators),
        Tick("anpi.locations", timedelta(hours=6), upkeep.forget_locations),
    ),
)
