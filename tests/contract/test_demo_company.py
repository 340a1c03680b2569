"""Companies of any size are written straight into the tables, the same on both databases."""

from __future__ import annotations

from sqlalchemy import func, select

from directory.demo.filling import fill
from directory.demo.people import people
from directory.tables import departments, person_areas, posts
from directory.tables import people as rows
from server.auth import actions, queries
from server.auth.model import new_account, operator
from server.data.transaction import Transaction
from server.live.tables import topics
from server.operating import LoadDemo, carry_out
from tests.tools.running import Running

COUNT = 1_000


async def test_a_database_is_filled_with_the_people_of_the_generator(server: Running):
    services = server.services

    def filled(tx: Transaction) -> dict[str, int]:
        return fill(tx.connection, COUNT)

    numbers = await services.writer.act(filled)

    def read(connection):
        counts = [connection.scalar(select(func.count()).select_from(each)) for each in (rows, departments, posts)]
        head = connection.scalar(select(topics.c.rev).where(topics.c.key == "directory"))
        revs = set(connection.execute(select(rows.c.rev).union(select(departments.c.rev))).scalars())
        areas = connection.scalar(select(func.count()).where(person_areas.c.kind == "home"))
        return counts, head, revs, areas

    made = people(COUNT)
    (listed, sections, held), head, revs, homes = await services.readers.ask(read)
    assert len(numbers) == listed == COUNT and sections > 42
    assert held == sum(len(each.posts) for each in made)
    assert homes == sum(len(each.home_areas) for each in made)
    assert revs == {head}
    sano = await services.readers.ask(queries.credentials, "sano@example.co.jp")
    assert sano and sano.password_hash is None and len(sano.account.privileges) == 3
    assert sano.account.id == numbers["sano@example.co.jp"]


async def test_who_comes_later_gets_a_number_of_his_own(server: Running):
    services = server.services
    numbers = await services.writer.act(lambda tx: fill(tx.connection, 300))
    added = await services.writer.act(actions.add_account, operator(), new_account("new@example.co.jp", "新田"), None)
    assert added.id not in numbers.values()


async def test_the_demo_is_loaded(server: Running):
    services = server.services
    assert await carry_out(services, operator(), LoadDemo())
    wanted = select(func.count()).select_from(rows)
    assert await services.readers.ask(lambda db: db.scalar(wanted)) == 300
    assert await services.readers.ask(lambda db: db.scalar(wanted.where(rows.c.photo != ""))) > 40
