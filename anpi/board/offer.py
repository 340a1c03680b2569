"""What the board adds to the module."""

from __future__ import annotations

from anpi.board.commands import HANDLERS
from anpi.board.contract import CONTRACT
from anpi.board.routes import routes
from anpi.offers import Offer

OFFER = Offer(routes=routes, contract=CONTRACT, handlers=HANDLERS)
