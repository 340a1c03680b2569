"""Where people are reached (A12): first at Email 1 and what they have confirmed, then everywhere."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, update

from anpi.sending import reaching
from anpi.sending.deliveries import CANCELLED
from anpi.sending.tables import contacts
from directory.tables import people
from server.auth.tables import accounts


@pytest.fixture
async def reach(server, company):
    """How somebody is reached: by mail alone, since nobody here may talk."""
    services = server.services

    def silence(tx):
        tx.connection.execute(update(accounts).values(talk=False))

    await services.writer.act(silence)

    async def slots(someone, round=0, kind="ask"):
        found = await services.readers.ask(reaching.wanted, services, kind, round, [someone.id])
        return [(each.slot, each.address) for each in found]

    return slots


async def give(server, someone, email1="", email2="", own=(), language="ja", mobile=""):
    """Addresses of a person; of his own each with whether it is confirmed."""

    def keep(tx):
        values = {"email1": email1, "email2": email2, "company_mobile_number": mobile}
        tx.connection.execute(update(people).where(people.c.account_id == someone.id).values(values))
        tx.connection.execute(update(accounts).where(accounts.c.id == someone.id).values(language=language))
        for place, (address, confirmed) in enumerate(own, 1):
            row = {"account_id": someone.id, "place": place, "address": address, "address_key": f"k{place}"}
            row |= {"made_at": tx.now, "confirmed_at": tx.now if confirmed else None}
            tx.connection.execute(insert(contacts), row)

    await server.services.writer.act(keep)


async def test_first_at_the_office_and_at_confirmed_addresses_then_everywhere(server, company, reach):
    own = [("a..b@docomo.ne.jp", True), ("c@ezweb.ne.jp", False)]
    await give(server, company.sato, "sato@hokuto.example", "sato@home.example", own)
    first = [("email1", "sato@hokuto.example"), ("own1", "a..b@docomo.ne.jp")]
    rest = [("email2", "sato@home.example"), ("own2", "c@ezweb.ne.jp")]
    assert await reach(company.sato) == first
    assert sorted(await reach(company.sato, round=1)) == sorted(first + rest)


async def test_who_has_nothing_else_is_written_to_at_the_others_at_once(server, company, reach):
    await give(server, company.sato, "", "sato@home.example", [("c@ezweb.ne.jp", False)])
    assert await reach(company.sato) == [("email2", "sato@home.example"), ("own1", "c@ezweb.ne.jp")]


async def test_an_address_that_somebody_has_twice_counts_once_and_as_the_better_one(server, company, reach):
    own = [("Sato@Hokuto.example", True), ("sato@home.example", True)]
    await give(server, company.sato, "sato@hokuto.example", "sato@home.example", own)
    assert await reach(company.sato) == [("email1", "sato@hokuto.example"), ("own2", "sato@home.example")]


async def test_what_is_no_address_is_none(server, company, reach):
    await give(server, company.sato, "not an address", "", [("", True)])
    await give(server, company.suzuki, "suzuki@hokuto.example")
    assert await reach(company.sato) == []
    services, both = server.services, [company.sato.id, company.suzuki.id]
    assert await services.readers.ask(reaching.unaddressed, services, both) == {company.sato.id}


async def test_an_sms_goes_only_to_who_is_asked_again_and_has_a_mobile(server, company, reach):
    server.services.settings.__dict__["anpi_sms_url"] = "https://sms.example/send"
    await give(server, company.sato, "sato@hokuto.example", mobile="090-1234-5678")
    await give(server, company.suzuki, "suzuki@hokuto.example", mobile="03-1234-5678")
    await give(server, company.ito, "ito@hokuto.example", mobile="０９０−１２３４−５６７８")
    assert [slot for slot, _ in await reach(company.sato)] == ["email1"]
    assert await reach(company.sato, round=1) == [("email1", "sato@hokuto.example"), ("sms", "09012345678")]
    assert await reach(company.ito, round=1) == [("email1", "ito@hokuto.example"), ("sms", "09012345678")]
    assert [slot for slot, _ in await reach(company.suzuki, round=1)] == ["email1"]
    assert [slot for slot, _ in await reach(company.sato, round=CANCELLED)] == ["email1"]
