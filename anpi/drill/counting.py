"""The same once more, by SQL that shares nothing with the product: from the answers themselves."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import Connection, text

from anpi.drill.figures import MINUTE_MS, WORKS, Figures, quarters
from anpi.model import SELVES

_NEWEST = """
SELECT a.self, a.help, a.work, a.doubtful
FROM anpi_targets t
JOIN (SELECT account_id, max(answer_id) AS id FROM anpi_counted WHERE incident_id = :id GROUP BY account_id) n
  ON n.account_id = t.account_id
JOIN anpi_answers a ON a.id = n.id
WHERE t.incident_id = :id
"""
_TIMES = """
SELECT (min(a.at) / 1000) - :since
FROM anpi_counted c JOIN anpi_answers a ON a.id = c.answer_id
WHERE c.incident_id = :id GROUP BY c.account_id ORDER BY 1
"""
_SINCE = "SELECT min(asked_at) / 1000 FROM anpi_targets WHERE incident_id = :id"
_ASKED = "SELECT count(*) FROM anpi_targets WHERE incident_id = :id"
_REACHED = "SELECT count(DISTINCT account_id) FROM anpi_deliveries WHERE incident_id = :id AND state = 'sent'"
_WAITING = "SELECT count(*) FROM anpi_deliveries WHERE incident_id = :id AND ended_at IS NULL"
_PREPARING = "SELECT count(*) FROM anpi_sends WHERE incident_id = :id AND state = 'preparing'"
_DEPARTMENTS = """
WITH RECURSIVE under (id, top) AS (
  SELECT id, id FROM departments WHERE parent_id IS NULL
  UNION ALL SELECT d.id, u.top FROM departments d JOIN under u ON d.parent_id = u.id
)
SELECT coalesce(u.top, 0), count(*), count(n.account_id)
FROM anpi_targets t
LEFT JOIN under u ON u.id = t.department_id
LEFT JOIN (SELECT DISTINCT account_id FROM anpi_counted WHERE incident_id = :id) n ON n.account_id = t.account_id
WHERE t.incident_id = :id GROUP BY 1
"""


def counted(connection: Connection, id: int) -> Figures:
    """The incident in numbers."""
    since = began(connection, id)
    newest = connection.execute(text(_NEWEST), {"id": id}).all()
    times = [int(row[0]) for row in connection.execute(text(_TIMES), {"id": id, "since": since})]
    asked = _number(connection, _ASKED, id)
    selves, works = Counter(row[0] for row in newest), Counter(row[2] for row in newest)
    found = {name: selves[name] for name in SELVES} | {name: works[name] for name in WORKS}
    found |= {
        "asked": asked,
        "answered": len(newest),
        "unanswered": asked - len(newest),
        "help": sum(bool(row[1]) for row in newest),
        "doubtful": sum(bool(row[3]) for row in newest),
        "reached": _number(connection, _REACHED, id),
    }
    rows = connection.execute(text(_DEPARTMENTS), {"id": id})
    departments = {int(row[0]): (int(row[1]), int(row[2])) for row in rows}
    return Figures(found, quarters(times, asked), _minutes(times), departments)


def began(connection: Connection, id: int) -> int:
    """When the first were asked, in milliseconds."""
    return _number(connection, _SINCE, id)


def under_way(connection: Connection, id: int) -> int:
    """How many mails are still to go, those to people who are still to be asked not counted but as one."""
    return _number(connection, _WAITING, id) + _number(connection, _PREPARING, id)


def _number(connection: Connection, question: str, id: int) -> int:
    found: Any = connection.execute(text(question), {"id": id}).scalar()
    return int(found or 0)


def _minutes(times: list[int]) -> list[int]:
    """How many came first in each minute, up to the last that anybody did."""
    minutes = Counter(max(0, each) // MINUTE_MS for each in times)
    return [minutes[minute] for minute in range(max(minutes, default=-1) + 1)]
