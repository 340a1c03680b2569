"""What the earth's side adds to the module."""

from __future__ import annotations

from anpi.hazard.contract import CONTRACT
from anpi.hazard.feeds import alarm
from anpi.hazard.feeds.feeding import feed
from anpi.hazard.figures import FIGURES
from anpi.hazard.forgetting import TICK
from anpi.hazard.routes import routes
from anpi.hazard.telling import JOB, tell_administrators
from anpi.offers import Offer

OFFER = Offer(
    routes=routes,
    contract=CONTRACT,
    jobs={JOB: tell_administrators},
    ticks=(TICK, alarm.TICK),
    loops={"hazard": feed},
    sandbox={
        "anpi.telegram": "anpi.hazard.telegram:read",
        "anpi.feed": "anpi.hazard.feeds.atom:read_feed",
    },
    figures=FIGURES,
)
