"""Sending asks and writes by its indexes: what a step costs does not grow with what was sent before."""

from __future__ import annotations

import pytest

from anpi.sending import deliveries, leasing, reaching, subscribing
from anpi.sending.addresses import LANES
from anpi.sending.deliveries import State
from anpi.sending.leasing import Result
from chat import notices
from tests.tools.anpi_mailing import incident, mails, people, put
from tests.tools.plans import scans


@pytest.fixture
async def waiting(server):
    """Some who wait: an incident, and its people."""
    about = await incident(server.services)
    ids = await people(server.services, 20)
    await put(server.services, about, mails(ids))
    return about, ids


async def test_a_step_of_a_sender_reads_no_table_whole(server, waiting):
    about, ids = waiting

    def step(tx):
        held = [Result(1, about, ids[0], State.FAILED, hard=True), Result(2, about, ids[1], State.SENT)]
        shares = dict.fromkeys(LANES, 5)

        def question(connection):
            leasing.step(tx, "s", held, [3], shares, [4])

        return scans(tx.connection, question)

    found = await server.services.writer.act(step)
    # The parts of the question itself: the first of each lane.
    assert [each for each in found if not each.startswith("SCAN anon_")] == []


async def test_adding_dropping_and_finding_addresses_read_no_table_whole(server, waiting):
    about, ids = waiting

    def step(tx):
        services = server.services
        wanted = reaching.wanted(tx.connection, services, "ask", 0, ids)
        found = scans(tx.connection, lambda _: deliveries.add(tx, services.secrets, about, 1, mails(ids)))
        found += scans(tx.connection, lambda _: deliveries.drop(tx, about, ids))
        found += scans(tx.connection, lambda db: reaching.wanted(db, services, "ask", 0, ids))
        found += scans(tx.connection, lambda db: deliveries.states(db, about, ids))
        found += scans(tx.connection, lambda db: deliveries.of_person(db, about, ids[0]))
        found += scans(tx.connection, lambda db: subscribing.of_accounts(db, ids))
        found += scans(tx.connection, lambda _: notices.tell(tx, 1, "k", dict.fromkeys(ids, "x")))
        assert wanted == []
        return found

    assert await server.services.writer.act(step) == []
