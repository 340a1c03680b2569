"""安否の連絡先: seen by their owner alone, confirmed by a link that only its reader has; and 届かない人."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import insert, select, update

from anpi import links
from anpi.contacts import actions, model, offer
from anpi.sending import addresses as written
from anpi.sending.tables import addresses, contacts
from directory.tables import people
from server.auth import actions as accounts
from server.auth.model import Privilege, operator
from server.auth.tables import accounts as account_rows
from server.data.transaction import Transaction
from server.ports import move_listeners, people_listeners
from server.services import Services
from server.work.tables import mails
from tests.tools.company import Someone, hire
from tests.tools.running import Running
from tests.tools.visitor import Visitor

ODD = "hanako..w.@docomo.ne.jp"


@pytest.fixture
async def office(server: Running, company: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Sato and Suzuki are asked by the safety check; Mori administers it."""
    monkeypatch.setattr(links, "base", lambda settings: server.address)
    services = server.services

    def ask(tx: Transaction) -> None:
        for someone in (company.sato, company.suzuki):
            own = update(account_rows).where(account_rows.c.id == someone.id)
            tx.connection.execute(own.values(anpi_login_id=f"A{someone.id}", anpi_key=f"a{someone.id}"))

    await services.writer.act(ask)
    mori = await hire(services, "mori", privileges=frozenset({Privilege.ADMIN_ANPI}))
    return SimpleNamespace(sato=company.sato, suzuki=company.suzuki, ito=company.ito, mori=mori)


async def change(services: Services, statement: object) -> None:
    await services.writer.act(lambda tx: tx.connection.execute(statement))


async def links_to(services: Services, address: str) -> list[str]:
    """The paths in the mails to this address, the oldest first."""
    wanted = select(mails.c.body).where(mails.c.to_address == address).order_by(mails.c.id)
    bodies = await services.readers.ask(lambda db: list(db.execute(wanted).scalars()))
    return [re.search(r"https?://[^/]+(/c/\S+)", body)[1] for body in bodies]  # type: ignore[index]


async def added(server: Running, someone: Someone, address: str) -> str:
    """The path by which the new address is confirmed."""
    async with Visitor.of(server, someone) as browser:
        assert (await browser.send("/api/anpi/contacts", {"address": address})).status_code == 200
    return (await links_to(server.services, address))[-1]


async def states(server: Running, someone: Someone) -> dict[str, str]:
    async with Visitor.of(server, someone) as browser:
        listed = (await browser.get("/api/anpi/contacts")).json()
    return {each["address"]: each["state"] for each in listed["contacts"]}


async def test_an_odd_address_is_kept_and_only_the_button_confirms_it(server: Running, office: SimpleNamespace):
    path = await added(server, office.sato, ODD)
    async with Visitor(server) as stranger:
        for _ in range(100):
            page = await stranger.get(path)
            assert page.status_code == 200 and ODD in page.text
        assert await states(server, office.sato) == {ODD: "waiting"}, "a scanner that opens links confirms nothing"
        done = await stranger.ask("POST", path, {})
        assert done.status_code == 200 and "確認できました" in done.text
        assert (await stranger.ask("POST", path, {})).status_code == 200, "again is harmless"
    assert await states(server, office.sato) == {ODD: "confirmed"}


async def test_whatever_is_wrong_with_a_link_is_told_in_the_same_words(server: Running, office: SimpleNamespace):
    path = await added(server, office.sato, "a@example.com")
    token = path.removeprefix("/c/")
    secrets = server.services.secrets
    claim = model.read(secrets, token)
    assert claim is not None
    wrong = {token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in range(len(token))}
    wrong |= {"x", "a" * 500, token + "=", model.token(secrets, model.Claim(office.suzuki.id, 1, 0))}
    async with Visitor(server) as stranger:
        answers = {
            (answer.status_code, answer.text) for each in wrong if (answer := await stranger.get(f"/c/{each}"))
        }
        assert len(answers) == 1 and next(iter(answers))[0] == 404
        posted = {
            (answer.status_code, answer.text)
            for each in wrong
            if (answer := await stranger.ask("POST", f"/c/{each}", {}))
        }
        assert posted == answers
    assert await states(server, office.sato) == {"a@example.com": "waiting"}


async def test_an_older_link_confirms_nothing_once_the_address_is_another(server: Running, office: SimpleNamespace):
    old = await added(server, office.sato, "a@example.com")
    async with Visitor.of(server, office.sato) as browser:
        removed = await browser.ask("DELETE", "/api/anpi/contacts/1", {"Sec-Fetch-Site": "same-origin"})
        assert removed.status_code == 200
    await added(server, office.sato, "b@example.com")
    async with Visitor(server) as stranger:
        assert (await stranger.ask("POST", old, {})).status_code == 404
    assert await states(server, office.sato) == {"b@example.com": "waiting"}


async def test_a_link_ends_after_two_weeks(server: Running, office: SimpleNamespace):
    path = await added(server, office.sato, "a@example.com")
    long_ago = server.services.clock() - model.LINK_LIVES - timedelta(seconds=1)
    await change(server.services, update(contacts).values(asked_at=long_ago))
    async with Visitor(server) as stranger:
        assert (await stranger.get(path)).status_code == 404
        assert (await stranger.ask("POST", path, {})).status_code == 404


async def test_three_addresses_and_each_once(server: Running, office: SimpleNamespace):
    for n in range(3):
        await added(server, office.sato, f"{n}@example.com")
    async with Visitor.of(server, office.sato) as browser:
        fourth = await browser.send("/api/anpi/contacts", {"address": "3@example.com"})
        again = await browser.send("/api/anpi/contacts", {"address": "1@EXAMPLE.com"})
        broken = await browser.send("/api/anpi/contacts", {"address": "山田@example.com\nBcc: x@example.com"})
    assert (fourth.status_code, fourth.json()["code"]) == (409, "contacts_full")
    assert (again.status_code, again.json()["code"]) == (409, "contact_known")
    assert broken.status_code == 400
    assert len(await states(server, office.sato)) == 3


async def test_nobodys_mailbox_is_filled_by_asking_again_and_again(server: Running, office: SimpleNamespace):
    await added(server, office.sato, "a@example.com")
    async with Visitor.of(server, office.sato) as browser:
        told = [await browser.send("/api/anpi/contacts/1/ask", {}) for _ in range(model.MAILS_A_DAY)]
        assert [each.status_code for each in told] == [200] * (model.MAILS_A_DAY - 1) + [409]
        await browser.ask("DELETE", "/api/anpi/contacts/1", {"Sec-Fetch-Site": "same-origin"})
        assert (await browser.send("/api/anpi/contacts", {"address": "b@example.com"})).status_code == 409
    sent = await server.services.readers.ask(lambda db: db.execute(select(mails.c.id)).all())
    assert len(sent) == model.MAILS_A_DAY


async def test_others_see_nothing_of_them(server: Running, office: SimpleNamespace):
    await added(server, office.sato, "a@example.com")
    assert await states(server, office.suzuki) == {}
    async with Visitor.of(server, office.ito) as browser:
        assert (await browser.get("/api/anpi/contacts")).status_code == 404, "he is not asked by the safety check"
    async with Visitor.of(server, office.mori) as browser:
        assert "a@example.com" not in (await browser.get("/api/anpi/unreachable")).text


async def test_they_go_with_the_account_and_come_back_with_it(server: Running, office: SimpleNamespace):
    services = server.services
    path = await added(server, office.sato, "a@example.com")
    await services.writer.act(accounts.delete_account, operator(), office.sato.id, people_listeners(services.ports))
    gone = select(contacts.c.gone_at)
    assert await services.readers.ask(lambda db: db.execute(gone).scalar()) is not None
    async with Visitor(server) as stranger:
        assert (await stranger.get(path)).status_code == 404
        assert (await stranger.ask("POST", path, {})).status_code == 404
    await services.writer.act(moved_back(services, office.sato.id))
    assert await services.readers.ask(lambda db: db.execute(gone).scalar()) is None

    week_ago = services.clock() - model.KEPT_AFTER_DELETION - timedelta(seconds=1)
    await change(services, update(contacts).values(gone_at=week_ago))
    await services.writer.act(actions.forget_gone)
    assert await services.readers.ask(lambda db: db.execute(select(contacts.c.address)).all()) == []


def moved_back(services: Services, account: int) -> Callable[[Transaction], None]:
    def come_back(tx: Transaction) -> None:
        for listener in move_listeners(services.ports):
            listener(tx, operator(), [], [account], datetime.fromtimestamp(0, tz=tx.now.tzinfo))

    return come_back


async def test_who_is_not_reached_stands_in_the_list(server: Running, office: SimpleNamespace):
    services, secrets = server.services, server.services.secrets
    await change(
        services, update(people).where(people.c.account_id == office.suzuki.id).values(email1="s@example.com")
    )
    await change(services, update(people).where(people.c.account_id == office.mori.id).values(email1="m@example.com"))
    path = await added(server, office.sato, "a@example.com")
    assert await unreached(server, office.mori) == {office.sato.id: ("none", 1, 0, 0)}, "nobody has confirmed it"

    async with Visitor(server) as stranger:
        await stranger.ask("POST", path, {})
    assert await unreached(server, office.mori) == {}

    now = services.clock()
    for address in ("a@example.com", "s@example.com"):
        row = {"address_key": written.key(secrets, address), "hard": 3, "bad_at": now}
        await change(services, insert(addresses).values(row))
    assert await unreached(server, office.mori) == {
        office.sato.id: ("none", 1, 1, 1),
        office.suzuki.id: ("bad", 0, 0, 0),
    }


async def unreached(server: Running, mori: Someone) -> dict[int, tuple[str, int, int, int]]:
    async with Visitor.of(server, mori) as browser:
        listed = (await browser.get("/api/anpi/unreachable")).json()
    assert listed["people"] == len(listed["rows"]) and listed["scope"] == 3
    return {
        row["id"]: (row["company"], row.get("registered", 0), row.get("confirmed", 0), row.get("bad", 0))
        for row in listed["rows"]
    }


async def test_addresses_of_many_who_are_gone_go_a_few_at_a_time(
    server: Running, office: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
):
    services = server.services
    monkeypatch.setattr(actions, "A_STEP", 2)
    week_ago = services.clock() - model.KEPT_AFTER_DELETION - timedelta(seconds=1)
    shared = {"place": 1, "address_key": "", "made_at": week_ago}
    people = (office.sato, office.suzuki, office.ito, office.mori)
    given = [{"account_id": each.id, "address": f"{each.id}@example.com", "gone_at": week_ago} for each in people]
    given[3]["gone_at"] = services.clock()
    await change(services, insert(contacts).values([shared | each for each in given]))
    owners = select(contacts.c.account_id).order_by(contacts.c.account_id)

    assert await services.writer.act(actions.forget_gone)
    assert len(await services.readers.ask(lambda db: list(db.execute(owners).scalars()))) == 2
    await offer.OFFER.ticks[0].run(services)
    assert await services.readers.ask(lambda db: list(db.execute(owners).scalars())) == [office.mori.id]
