"""What must not grow: statements with the size of a group of answers, and scans with what is stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event

from anpi.answers import mine, views
from anpi.answers.answering import answer_all
from anpi.answers.frames import Said
from anpi.answers.model import Given
from anpi.board import asking, counting, searching
from anpi.board.forms import AnswersQuestion
from server.clock import zone
from server.data.transaction import Transaction
from tests.tools.anpi_answering import ask, incident
from tests.tools.anpi_mailing import people
from tests.tools.plans import scans
from tests.tools.running import Running

NOW = datetime(2027, 4, 1, tzinfo=UTC)


def group(about: int, ids: list[int], turn: str) -> list[Given]:
    return [Given(f"{turn}{id}", id, about, "mail", Said(self="safe", work="can")) for id in ids]


async def statements_of(server: Running, work: Callable[[Transaction], Any]) -> list[str]:
    """Everything that the work says to the database."""
    said: list[str] = []

    def counted(tx: Transaction) -> None:
        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            said.append(statement)

        event.listen(tx.connection, "before_cursor_execute", note)
        try:
            work(tx)
        finally:
            event.remove(tx.connection, "before_cursor_execute", note)

    await server.services.writer.act(counted)
    return said


async def test_two_hundred_answers_cost_as_many_statements_as_two(server: Running):
    services = server.services
    ids = await people(services, 210)
    about, drill = await incident(services), await incident(services, key="drill", drill=True)
    for each in (about, drill):
        await ask(services, each, ids)

    few = await statements_of(server, lambda tx: answer_all(tx, group(about, ids[:2], "a")))
    many = await statements_of(server, lambda tx: answer_all(tx, group(about, ids[2:202], "b")))

    assert len(many) == len(few) <= 13


QUESTIONS: dict[str, tuple[Any, ...]] = {
    "what a link shows": (views.shown, [(1, 1), (1, 2)], NOW),
    "one's own checks": (mine.of, [1, 2], zone("Asia/Tokyo")),
    "whom it concerns": (mine.concerned, {1: 0}),
    "who administers": (asking.administrators, [1, 2]),
    "how one stands": (counting.head, 1),
    "who has changed": (counting.changed, 1, 0),
    "the curve": (counting.curve, 1, 3),
    "how often each has answered": (searching.answers_given, 1, [1, 2]),
}


@pytest.mark.parametrize("name", QUESTIONS)
async def test_it_is_answered_by_an_index(server: Running, name: str):
    services = server.services
    ids = await people(services, 3)
    about = await incident(services)
    await ask(services, about, ids)
    await services.writer.act(lambda tx: answer_all(tx, group(about, ids, "a")))
    question, *args = QUESTIONS[name]
    assert await services.readers.ask(scans, question, *args) == []


async def test_no_answer_reads_a_table_from_end_to_end(server: Running):
    services = server.services
    ids = await people(services, 3)
    about = await incident(services)
    await ask(services, about, ids)

    def answered(tx: Transaction) -> list[str]:
        return scans(tx.connection, lambda connection: answer_all(tx, group(about, ids, "a")))

    assert await services.writer.act(answered) == []


async def test_the_search_reads_the_check_and_no_more(server: Running):
    services = server.services
    ids = await people(services, 3)
    about = await incident(services)
    await ask(services, about, ids)
    conditions = AnswersQuestion(self="safe", work="cannot", area="13", text="山田")
    assert await services.readers.ask(scans, searching.rows_after, about, conditions, 0, 50) == []
