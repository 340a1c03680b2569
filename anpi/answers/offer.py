"""What answering adds to the module."""

from __future__ import annotations

from anpi import state
from anpi.answers.commands import HANDLERS
from anpi.answers.contract import CONTRACT
from anpi.answers.routes import routes
from anpi.offers import Offer

OFFER = Offer(routes=routes, contract=CONTRACT, handlers=HANDLERS, loops={"anpi live": state.look_again})
