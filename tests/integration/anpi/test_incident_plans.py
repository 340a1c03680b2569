"""No step of a send, and nothing that is asked each few seconds, reads a table from end to end."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection

from anpi import queries, reach, reminding, targets
from anpi.sending import deliveries, reaching
from tests.tools.anpi_incidents import scope
from tests.tools.plans import scans
from tests.tools.running import Running

NOW = datetime(2027, 4, 1, tzinfo=UTC)
QUESTIONS = {
    "what was begun by this key": (queries.incident_of_key, "eq:1"),
    "what is open": (queries.incidents_page, "open", 0, 50),
    "how some stand": (queries.standings, [1, 2]),
    "how many are silent": (queries.unanswered, 1),
    "a send by its key": (queries.send_of_key, "k"),
    "sends of one": (queries.sends_of, 1),
    "the next in scope": (queries.in_scope_after, 0, 150),
    "areas of some": (reach.places, [1, 2]),
    "the next silent": (targets.silent_after, 1, 0, 150),
    "the next who are due": (targets.silent_after, 1, 0, 150, NOW),
    "the next whom all means": (targets.unasked_after, 1, 0, 100, 150),
    "the next who have answered": (targets.answered_after, 1, 0, 150),
    "whether the silent are asked": (queries.asking_again, 1),
    "the next targets": (targets.after, 1, 0, 150),
    "what is due": (reminding._with_due, NOW),
    "how some were reached": (deliveries.states, 1, [1, 2]),
    "whom areas mean": (reach.numbers, ["442"], False),
}


@pytest.mark.parametrize("name", QUESTIONS)
async def test_it_is_answered_by_an_index(server: Running, name: str):
    await scope(server.services, 3)
    question, *args = QUESTIONS[name]
    assert await server.services.readers.ask(scans, question, *args) == []


async def test_what_is_to_be_prepared_is_found_without_reading_long_rows(server: Running):
    def plan(connection: Connection) -> list[str]:
        asked = "SELECT id FROM anpi_sends WHERE state = 'preparing' ORDER BY id"
        return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}")]

    (step,) = await server.services.readers.ask(plan)
    assert "ix_anpi_sends_preparing" in step


async def test_whom_to_reach_where_is_found_by_indexes(server: Running):
    ids = await scope(server.services, 3)
    seen = await server.services.readers.ask(scans, reaching.wanted, server.services, "ask", 1, ids)
    assert seen == []
