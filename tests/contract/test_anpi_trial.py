"""テストメール: an administrator sees whether mails of the safety check go out, and the panel remembers it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import insert, select, update

from anpi.sending import receiving, returns, trial
from anpi.sending.returned import Came
from anpi.sending.returns import Returned
from anpi.sending.tables import mail_tests
from anpi.sending.trial import Ending
from directory.tables import people
from server.auth.model import Privilege
from server.auth.tables import accounts, audit
from server.clock import to_millis
from server.data.transaction import Transaction
from server.settings import Settings
from server.work.smtp import Parcel
from tests.tools.company import Someone, hire
from tests.tools.mailing import sink
from tests.tools.quakes import MovedClock
from tests.tools.relay import CUT_AFTER, HANG
from tests.tools.running import Running, running, together
from tests.tools.visitor import Visitor

__all__ = ["sink"]

BACK = "anpi@back.hokuto.example"
NOWHERE = "smtp://127.0.0.1:1"
UNKNOWN = Path(__file__).parents[1] / "data" / "bounces" / "rfc3464-unknown.eml"


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def server(settings: Settings, clock: MovedClock) -> AsyncIterator[Running]:
    async with together(settings, clock) if settings.redis_url else running(settings, clock) as here:
        yield here


@pytest.fixture
async def mori(server: Running) -> Someone:
    return await employ(server, "mori", frozenset({Privilege.ADMIN_ANPI}))


@pytest.fixture
async def admin(server: Running, mori: Someone) -> AsyncIterator[Visitor]:
    async with Visitor.of(server, mori) as visitor:
        yield visitor


async def employ(server: Running, name: str, privileges: frozenset[Privilege] = frozenset()) -> Someone:
    """Somebody whom the company has an address of."""
    someone = await hire(server.services, name, privileges=privileges)
    row = update(people).where(people.c.account_id == someone.id)
    await put(server, row.values(email1=f"{name}@hokuto.example", email2="other@hokuto.example"))
    return someone


async def put(server: Running, *statements: Any) -> None:
    def run(tx: Transaction) -> None:
        for each in statements:
            # An insert may not say how many.
            assert tx.connection.execute(each).rowcount in (1, -1)

    await server.services.writer.act(run)


def set_ways(server: Running, *urls: str, back: str = "") -> None:
    for each in server.processes:
        each.services.settings.__dict__.update(
            smtp_url=urls[0] if urls else "", smtp_url_2=urls[1] if len(urls) > 1 else "", anpi_return_address=back
        )


async def press(visitor: Visitor) -> httpx2.Response:
    return await visitor.send("/api/anpi/readiness/mail", {})


async def told(visitor: Visitor) -> Any:
    answer = await press(visitor)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def panel(visitor: Visitor) -> tuple[Any, Any]:
    """The line メール送信, and the newest test mail."""
    found = (await visitor.get("/api/anpi/readiness")).json()
    return {line["name"]: line for line in found["lines"]}["mail"], found["test"]


async def test_it_goes_the_road_of_a_safety_check_and_the_panel_keeps_it(server, admin, mori, sink, clock):
    set_ways(server, sink.url, back=BACK)
    assert await panel(admin) == ({"name": "mail", "ok": False, "count": 0, "total": 0, "at": 0}, None)
    result = await told(admin)
    assert (result["outcome"], result["way"], result["to"]) == ("sent", 1, "mori@hokuto.example")
    (mail,), (envelope,) = sink.mails(), sink.taken
    assert (mail["to"], mail["subject"]) == ("mori@hokuto.example", "【テスト】安否確認メールの送信テスト")
    assert mail["from"].startswith("安否確認") and mail["reply-to"] is None
    text = mail.get_content()
    assert text.startswith("mori 様") and "これはテストメールです。災害は発生していません。" in text
    assert "http" not in text and "/a/" not in text
    number = (await rows(server))[0].id
    assert returns.read(server.services.secrets, BACK, envelope.mail_from) == Returned("t", number)

    line, test = await panel(admin)
    assert line["ok"] and line["at"] == test["at"] == to_millis(clock())
    assert (test["outcome"], test["by"], test.get("to")) == ("sent", "mori", None)
    wanted = select(audit.c.actor, audit.c.result).where(audit.c.action == "anpi.mail_test")
    assert await server.services.readers.ask(lambda db: db.execute(wanted).all()) == [("mori", "ok")]


async def test_whoever_chose_english_gets_it_in_english(server, admin, mori, sink):
    set_ways(server, sink.url)
    await put(server, update(accounts).where(accounts.c.id == mori.id).values(language="en"))
    await told(admin)
    (mail,) = sink.mails()
    assert mail["subject"] == "[TEST] Safety check mail"
    assert "This is a test. Nothing has happened." in mail.get_content()


@pytest.mark.parametrize(
    ("place", "answer", "outcome", "said"),
    [
        ("to_recipients", "550 5.1.1 no such user", "refused", "550 5.1.1 no such user"),
        ("to_recipients", "451 4.3.0 come again", "later", "451 4.3.0 come again"),
        ("to_senders", "550 5.7.1 not you", "trouble", "550 5.7.1 not you"),
        ("to_mails", CUT_AFTER, "doubtful", "perhaps taken"),
        ("to_mails", HANG, "doubtful", "perhaps taken"),
    ],
)
async def test_what_went_wrong_is_told_and_the_line_is_red(
    server, admin, sink, clock, monkeypatch, place, answer, outcome, said
):
    monkeypatch.setattr(trial, "TAKING_SECONDS", 0.3)
    set_ways(server, sink.url)
    assert (await told(admin))["outcome"] == "sent"
    clock.move(minutes=1)
    getattr(sink, place).append(answer)
    result = await told(admin)
    assert result["outcome"] == outcome and said in result["said"]
    line, test = await panel(admin)
    assert not line["ok"] and test["outcome"] == outcome

    clock.move(minutes=1)
    assert (await told(admin))["outcome"] == "sent"
    assert (await panel(admin))[0]["ok"]


async def test_the_second_relay_carries_it_when_the_first_cannot_be_used(server, admin, sink, clock):
    set_ways(server, NOWHERE, sink.url)
    result = await told(admin)
    assert (result["outcome"], result["way"], len(sink.taken)) == ("sent", 2, 1)
    set_ways(server, NOWHERE, NOWHERE)
    clock.move(minutes=1)
    result = await told(admin)
    assert (result["outcome"], result["way"]) == ("trouble", 2) and " / " in result["said"]


async def test_without_a_relay_or_an_address_nothing_goes_and_it_is_said(server, admin, mori, sink, clock):
    set_ways(server)
    assert (await told(admin))["outcome"] == "no_relay"
    assert not (await panel(admin))[0]["ok"]
    set_ways(server, sink.url)
    await put(server, update(people).where(people.c.account_id == mori.id).values(email1=""))
    clock.move(minutes=1)
    assert (await told(admin))["outcome"] == "no_address"
    assert sink.taken == [], "Email 2 is not asked for it"


async def test_one_a_minute_and_a_person(server, admin, sink, clock):
    set_ways(server, sink.url)
    await told(admin)
    clock.move(seconds=59)
    again = await press(admin)
    assert (again.status_code, again.json()["code"]) == (429, "too_fast") and len(sink.taken) == 1
    clock.move(seconds=1)
    await told(admin)
    assert len(await rows(server)) == 1, "the newest of each is kept"


async def test_pressed_in_two_windows_at_once_it_goes_once(server, admin, sink):
    set_ways(server, sink.url)
    found = await asyncio.gather(*(press(admin) for _ in range(4)))
    assert sorted(each.status_code for each in found) == [200, 429, 429, 429]
    assert len(sink.taken) == 1


async def test_nobody_else_sends_one(server, sink):
    set_ways(server, sink.url)
    async with Visitor.of(server, await employ(server, "ito")) as other:
        assert (await press(other)).status_code == 404
    assert sink.taken == [] and await rows(server) == []


@pytest.mark.parametrize("late", [True, False])
async def test_one_that_comes_back_turns_the_line_red(server, admin, sink, clock, late):
    set_ways(server, sink.url, back=BACK)
    about = Returned("t", await sent(server, admin))
    if late:
        clock.move(minutes=1)
        await told(admin)
    await receiving.receive(server.services, about, UNKNOWN.read_bytes())
    _, test = await panel(admin)
    assert test["outcome"] == ("sent" if late else "bounced"), "of an older one it says nothing"


async def sent(server: Running, admin: Visitor) -> int:
    await told(admin)
    return int((await rows(server))[0].id)


async def test_a_bounce_that_is_quicker_than_our_own_writing_stays(server, mori, clock):
    number = await unfinished(server, mori, clock)
    await server.services.writer.act(trial.came_back, number, Came("hard", "5.1.1"))
    await server.services.writer.act(trial.end, number, Ending("sent", 1))
    assert [(row.outcome, row.said) for row in await rows(server)] == [("bounced", "5.1.1")]


async def test_one_whose_process_died_is_not_waited_for_without_end(server, admin, mori, clock):
    await unfinished(server, mori, clock)
    assert (await panel(admin))[1]["outcome"] == ""
    clock.move(seconds=trial.LOST_AFTER.total_seconds() + 1)
    assert (await panel(admin))[1]["outcome"] == "lost"


async def unfinished(server: Running, mori: Someone, clock: MovedClock) -> int:
    await put(server, insert(mail_tests).values(account_id=mori.id, at=clock()))
    return int((await rows(server))[0].id)


async def test_a_relay_that_says_nothing_at_all_has_an_end(server):
    class Silent:
        reached = at_stake = False

        async def carry(self, parcel: Parcel) -> Any:
            await asyncio.Event().wait()

        async def rest(self) -> None:
            await asyncio.Event().wait()

    ending = await trial.carried([Silent()], Parcel("a@x.example", "b@x.example", b"", "x"), 0.1)
    assert ending == Ending("trouble", 1, "no answer")


def test_all_waits_together_end_before_the_browser_gives_up():
    two_relays = trial.HANDING_SECONDS * 2 + trial.TAKING_SECONDS
    assert two_relays <= trial.WHOLE_SECONDS < 60 - trial.PARTING_SECONDS
    assert timedelta(seconds=60) < trial.LOST_AFTER


async def rows(server: Running) -> list[Any]:
    return await server.services.readers.ask(lambda db: list(db.execute(select(mail_tests))))
