"""Whether anybody new is let in: not while this process is going, and not when it can hardly open another file.

Whoever is refused is told when to come back, each at another moment, so that thousands do not return in one.
"""

from __future__ import annotations

import random

from starlette.types import Scope

from server.descriptors import Crowded
from server.errors import Unavailable
from server.services import Services

ALWAYS_ANSWERED = frozenset({"/healthz", "/readyz", "/servez", "/metrics"})
"""What operators ask, above all when nobody else is let in."""
CROWDED_RETURN_MS = (5_000, 30_000)
DRAINING_RETURN_MS = (1_000, 5_000)


def check_room(scope: Scope, services: Services) -> None:
    """Refuse a request or a socket for which there is no room now."""
    if scope["path"] in ALWAYS_ANSWERED:
        return
    # Closed after the answer: a line that is kept open would take the room that it was refused.
    away = {"Connection": "close"} if scope["type"] == "http" else {}
    if services.draining:
        raise Unavailable(retry_ms=random.randrange(*DRAINING_RETURN_MS), headers=away)
    if services.descriptors.crowded:
        raise Crowded(retry_ms=random.randrange(*CROWDED_RETURN_MS), headers=away)
