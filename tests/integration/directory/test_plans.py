"""No question that each reader of the directory asks reads a table of people from end to end."""

from __future__ import annotations

import pytest

from directory import asking, catchup, groups, people_port, queries, status
from directory.pages import Pages
from directory.pictures import queries as pictures
from directory.search import queries as search
from tests.tools.company import hire
from tests.tools.directory import found
from tests.tools.plans import scans
from tests.tools.running import Running

PORT = people_port.Directory()
QUESTIONS = {
    "who looks": (queries.viewer, 1),
    "whom he is above of": (queries.covers, 1),
    "who searches": (search.asker, 1),
    "the newest rev": (queries.revs, ("directory", "status")),
    "a few of all": (queries.in_departments, [1], 0, 100),
    "a department and those below": (queries.below, 1),
    "some people": (queries.people_at, [1, 2]),
    "a card": (asking.card, 1, 1),
    "one's own profile": (asking.mine, 1, 7),
    "one's groups": (groups.all_of, 1),
    "some departments": (queries.departments_at, [1]),
    "those in departments": (queries.people_in, [1]),
    "who is listed": (queries.listed, [1, 2]),
    "what changed": (catchup.since, 1),
    "badges": (status.of_people, 1, [1, 2], 7),
    "changed badges": (status.changed_since, 0),
    "names for others": (PORT.names, [1]),
    "addresses for others": (PORT.addresses, [1]),
}
NO_TABLES = {"SCAN company", "SCAN under", "SCAN chain", "SCAN anon_1", "SCAN held", "SCAN search_blocks"}
"""One row; departments and people that the question itself has found; people that it counts; the blocks."""


@pytest.mark.parametrize("name", QUESTIONS)
async def test_a_hot_question_finds_its_rows_by_an_index(server: Running, name: str):
    await hire(server.services, "sato")
    await found(server.services, "S")
    question, *args = QUESTIONS[name]

    seen = await server.services.readers.ask(scans, question, *args)
    assert [step for step in seen if step not in NO_TABLES] == []


async def test_the_first_page_of_all_goes_along_the_index_of_the_order(server: Running):
    def plan(connection):
        asked = queries.select(queries.people.c.account_id).where(queries.LISTED).order_by(*queries.IN_ORDER).limit(9)
        sql = str(asked.compile(connection, compile_kwargs={"literal_binds": True}))
        return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")]

    # The index holds those who are listed, and no others: it is gone along from its beginning, and nothing is sorted.
    (step,) = await server.services.readers.ask(plan)
    assert "ix_people_sorted" in step, step


async def test_unused_pictures_are_found_by_names_alone(server: Running):
    """Their bytes lie between the name and the day: to read that of each would be to read all photos."""

    def plan(connection):
        asked = str(pictures.unused_names().compile(connection, compile_kwargs={"literal_binds": True}))
        return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}")]

    steps = await server.services.readers.ask(plan)
    assert any(step.startswith("SCAN pictures USING COVERING INDEX") for step in steps), steps
    assert any("SEARCH people" in step and "ix_people_photo" in step for step in steps), steps


async def test_the_second_reader_of_a_page_is_answered_from_memory(server: Running):
    sato = await hire(server.services, "sato")
    client = await server.connect(sato.token)
    pages: Pages = server.services.state["directory"].pages
    first = await client.ask("directory.people")
    before = pages.hits
    again = await client.ask("directory.people")
    assert (pages.hits, {**again, "ref": 0}) == (before + 1, {**first, "ref": 0})
    await hire(server.services, "suzuki")
    assert (await client.ask("directory.people"))["total"] == first["total"] + 1
