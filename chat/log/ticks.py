"""What the talk log does at its times."""

from __future__ import annotations

from datetime import timedelta

from chat.log import heads, reconciling, retention
from server.module import Tick

DAY = timedelta(days=1)

TICKS = (
    Tick("chat.log.head", DAY, heads.send_daily, late=DAY),
    Tick("chat.log.reconcile", DAY, reconciling.reconcile, late=DAY),
    Tick("chat.log.expire", DAY, retention.expire, late=DAY),
)
