"""The sources of telegrams in ``/metrics``."""

from __future__ import annotations

from sqlalchemy import Connection, Select, func, select, text

from anpi.hazard.feeds import health
from anpi.hazard.tables import reports
from server.clock import to_millis
from server.figures import Figure

FIGURES = (
    Figure(
        "hazard_source_heard_timestamp_seconds",
        "gauge",
        "When each source of telegrams was last heard, in seconds since 1970; 0: never.",
        lambda _, stored: [((name,), stored.more.get(f"hazard_heard_{name}", 0.0)) for name in health.NAMES],
        ("source",),
    ),
    Figure(
        "hazard_source_troubles",
        "gauge",
        "Failures in a row of each source of telegrams.",
        lambda _, stored: [((name,), stored.more.get(f"hazard_troubles_{name}", 0.0)) for name in health.NAMES],
        ("source",),
    ),
    Figure(
        "hazard_reports",
        "gauge",
        "Reports that have come in, by whether they could be read.",
        lambda _, stored: [((word,), stored.more.get(f"hazard_reports_{word}", 0.0)) for word in ("read", "unread")],
        ("outcome",),
    ),
)


def stored(connection: Connection) -> dict[str, float]:
    """What only the database knows."""
    found: dict[str, float] = {}
    for name, known in health.read(connection).items():
        found[f"hazard_heard_{name}"] = to_millis(known.heard_at) / 1000 if known.heard_at else 0.0
        found[f"hazard_troubles_{name}"] = float(known.troubles)
    # Written out as the partial index has it, so that it is used.
    unread = _count(connection, select(func.count(reports.c.id)).where(text("error != ''")))
    found["hazard_reports_unread"] = float(unread)
    found["hazard_reports_read"] = float(_count(connection, select(func.count(reports.c.id))) - unread)
    return found


def _count(connection: Connection, wanted: Select[int]) -> int:
    return connection.execute(wanted).scalar_one()
