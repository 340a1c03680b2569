"""What waits to be sent, in ``/metrics``."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from anpi.sending.addresses import LANES
from anpi.sending.deliveries import Channel
from anpi.sending.tables import deliveries
from server.figures import Figure

FIGURES = (
    Figure(
        "anpi_deliveries_waiting",
        "gauge",
        "What waits to be sent by the safety check, by its channel.",
        lambda _, stored: [((each.value,), stored.more.get(f"anpi_waiting_{each}", 0.0)) for each in Channel],
        ("channel",),
    ),
)


def stored(connection: Connection) -> dict[str, float]:
    """Counted in the index of what waits."""
    d = deliveries.c
    waiting = select(d.channel, func.count().label("found")).where(d.lane.in_(LANES), d.ended_at.is_(None))
    rows = connection.execute(waiting.group_by(d.channel))
    return {f"anpi_waiting_{row.channel}": float(row.found) for row in rows}
