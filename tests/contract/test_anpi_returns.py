"""Bounces and replies come by LMTP to addresses that only we can make, and each is taken in once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from anpi.answers.answering import ANSWER
from anpi.answers.frames import Said
from anpi.answers.model import Given
from anpi.sending import deliveries, health, leasing, returns
from anpi.sending.deliveries import State, Wanted
from anpi.sending.leasing import Result
from anpi.sending.lmtp import Door
from anpi.tables import answers, sends, targets
from tests.tools.anpi_mailing import incident, kept, put
from tests.tools.mailing import after

SAMPLES = Path(__file__).parents[1] / "data" / "bounces"
BASE = "anpi@back.hokuto.example"


@pytest.fixture
def server(server):
    for each in server.processes:
        each.services.settings.__dict__["anpi_return_address"] = BASE
    return server


@contextlib.asynccontextmanager
async def door(server) -> AsyncIterator[int]:
    here = Door(server.services)
    listening = await asyncio.start_server(here.talk, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        await here.close()


async def bring(port: int, to: str, raw: bytes) -> list[str]:
    """What the door says to each line of a mail server that brings one mail."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    said = [(await reader.readline()).decode()]
    stuffed = b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in raw.splitlines())
    for line in ("LHLO mx", "MAIL FROM:<>", f"RCPT TO:<{to}>", "DATA"):
        writer.write(f"{line}\r\n".encode())
        answer = await _answer(reader)
        said.append(answer)
        if answer[0] in "45":
            break
    else:
        writer.write(stuffed + b".\r\n")
        said.append(await _answer(reader))
    writer.write(b"QUIT\r\n")
    await _answer(reader)
    writer.close()
    await writer.wait_closed()
    return said


async def _answer(reader: asyncio.StreamReader) -> str:
    async with asyncio.timeout(20):
        while (line := (await reader.readline()).decode())[3:4] == "-":
            pass
    return line


async def sent(server, someone) -> tuple[int, int]:
    """A mail that the next server has taken: its incident and its delivery."""
    services = server.services
    about = await incident(services)
    await put(services, about, [Wanted(someone.id, "mail", "email1", "sano@hokuto.example")])

    def send(tx):
        send = {"incident_id": about, "key": f"s{about}", "round": 0, "act": "ask", "whom": "{}", "at": tx.now}
        made = tx.connection.execute(insert(sends), send | {"state": "ready"}).inserted_primary_key[0]
        target = {"incident_id": about, "account_id": someone.id, "send_id": made, "asked_at": tx.now}
        tx.connection.execute(insert(targets), target)
        (taken,) = leasing.step(tx, "s", shares={"mail": 1}).taken
        leasing.step(tx, "s", [Result(taken.id, about, someone.id, State.SENT)])
        return taken.id

    return about, await services.writer.act(send)


async def test_a_bounce_is_written_down_and_three_in_a_row_make_the_address_bad(server, company):
    services = server.services
    raw = (SAMPLES / "docomo-unknown.eml").read_bytes()
    async with door(server) as port:
        for _ in range(3):
            assert await bad_keys(server) == set()
            _, delivery = await sent(server, company.sato)
            to = returns.address(services.secrets, BASE, returns.BOUNCE, delivery)
            for _ in range(2):
                assert (await bring(port, to, raw))[-1] == "250 2.0.0 taken\r\n"
    rows = await kept(services)
    assert [(row.state, row.error) for row in rows] == [(State.BOUNCED, "5.1.1")] * 3
    assert await bad_keys(server) == {rows[0].address_key}
    await services.writer.act(health.good, rows[0].address_key)
    assert await bad_keys(server) == set()


async def bad_keys(server) -> set[str]:
    keys = {row.address_key for row in await kept(server.services)}
    return await server.services.readers.ask(health.bad, keys)


async def test_a_bounce_of_what_never_went_says_nothing(server, company):
    about = await incident(server.services)
    await put(server.services, about, [Wanted(company.sato.id, "mail", "email1", "sano@hokuto.example")])
    (row,) = await kept(server.services)
    to = returns.address(server.services.secrets, BASE, returns.BOUNCE, row.id)
    async with door(server) as port:
        await bring(port, to, (SAMPLES / "docomo-unknown.eml").read_bytes())
    (row,) = await kept(server.services)
    assert (row.state, row.error, row.ended_at) == (State.WAITING, "", None)


async def test_a_bounce_that_is_quicker_than_the_sender_is_brought_again(server, company):
    services = server.services
    about = await incident(services)
    await put(services, about, [Wanted(company.sato.id, "mail", "email1", "sano@hokuto.example")])
    (taken,) = (await services.writer.act(leasing.step, "s", shares={"mail": 1})).taken
    to = returns.address(services.secrets, BASE, returns.BOUNCE, taken.id)
    raw = (SAMPLES / "docomo-unknown.eml").read_bytes()
    async with door(server) as port:
        assert (await bring(port, to, raw))[-1] == "451 4.3.0 later\r\n"
        done = [Result(taken.id, about, company.sato.id, State.SENT)]
        await services.writer.act(leasing.step, "s", done)
        assert (await bring(port, to, raw))[-1] == "250 2.0.0 taken\r\n"
    (row,) = await kept(services)
    assert row.state == State.BOUNCED


async def test_one_bad_afternoon_makes_no_address_bad_and_a_mail_that_goes_makes_it_good(server, company):
    services, act = server.services, server.services.writer.act
    one = [Wanted(company.sato.id, "mail", "email1", "sano@hokuto.example")]

    def end(tx, about, state):
        (taken,) = leasing.step(tx, "s", shares={"mail": 1}).taken
        leasing.step(tx, "s", [Result(taken.id, about, taken.account, state, "550", hard=state == State.FAILED)])

    about = await incident(services)
    for round in range(3):
        await put(services, about, one, round)
        await act(end, about, State.FAILED)
    assert await bad_keys(server) == set()
    for _ in range(2):
        about = await incident(services)
        await put(services, about, one)
        await act(end, about, State.FAILED)
    assert len(await bad_keys(server)) == 1
    about = await incident(services)
    await put(services, about, one)
    await act(end, about, State.SENT)
    assert await bad_keys(server) == set()


async def test_a_bad_address_is_tried_again_after_a_month(server, company):
    services, act = server.services, server.services.writer.act
    both = [Wanted(company.sato.id, "mail", slot, f"{slot}@hokuto.example") for slot in ("email1", "own1")]
    for _ in range(3):
        about = await incident(services)
        await put(services, about, both[:1])
        (taken,) = (await act(leasing.step, "s", shares={"mail": 1})).taken
        await act(leasing.step, "s", [Result(taken.id, about, taken.account, State.FAILED, "550", hard=True)])
    for wait, state in ((timedelta(days=1), State.FAILED), (timedelta(days=31), State.WAITING)):
        about = await incident(services)
        await act(after(wait, deliveries.add), services.secrets, about, 0, both)
        assert [row.state for row in await kept(services) if row.incident_id == about] == [state, State.WAITING]


async def test_a_full_mailbox_is_no_reason_to_give_an_address_up(server, company):
    _, delivery = await sent(server, company.sato)
    to = returns.address(server.services.secrets, BASE, returns.BOUNCE, delivery)
    async with door(server) as port:
        await bring(port, to, (SAMPLES / "rfc3464-full.eml").read_bytes())
    (row,) = await kept(server.services)
    assert (row.state, row.error) == (State.SENT, "5.2.2")


async def test_a_reply_is_an_answer_and_brought_twice_it_is_one(server, company):
    services = server.services
    about, delivery = await sent(server, company.sato)
    to = returns.address(services.secrets, BASE, returns.REPLY, delivery)
    raw = (SAMPLES / "reply-one.eml").read_bytes()
    async with door(server) as port:
        for _ in range(2):
            assert (await bring(port, to, raw))[-1] == "250 2.0.0 taken\r\n"
    found = await services.readers.ask(lambda db: db.execute(select(answers)).all())
    assert [(row.account_id, row.incident_id, row.channel, row.self) for row in found] == [
        (company.sato.id, about, "reply", "safe")
    ]


async def test_a_reply_that_was_long_on_its_way_does_not_take_the_place_of_a_newer_answer(server, company):
    services = server.services
    about, delivery = await sent(server, company.sato)
    hurt = Given("hurt", company.sato.id, about, "directory", Said(self="major"))
    newer = await services.writer.ask(ANSWER, hurt)
    to = returns.address(services.secrets, BASE, returns.REPLY, delivery)
    written = format_datetime(services.clock() - timedelta(hours=3))
    raw = f"Date: {written}\r\nFrom: a@b.example\r\n\r\n1\r\n".encode()
    async with door(server) as port:
        assert (await bring(port, to, raw))[-1] == "250 2.0.0 taken\r\n"
    kept_answers = await services.readers.ask(lambda db: db.execute(select(answers.c.self)).scalars().all())
    standing = await services.readers.ask(lambda db: db.execute(select(targets.c.answer_id)).scalar_one())
    assert (sorted(kept_answers), standing) == (["major", "safe"], newer.id)


@pytest.mark.parametrize("sample", ["autoreply.eml", "reply-quote-only.eml", "vacation-without-header.eml"])
async def test_what_a_machine_sends_is_no_answer(server, company, sample):
    _, delivery = await sent(server, company.sato)
    to = returns.address(server.services.secrets, BASE, returns.REPLY, delivery)
    async with door(server) as port:
        await bring(port, to, (SAMPLES / sample).read_bytes())
    assert await server.services.readers.ask(lambda db: db.execute(select(answers)).all()) == []


async def test_only_addresses_that_we_have_made_are_let_in(server, company):
    _, delivery = await sent(server, company.sato)
    made = returns.address(server.services.secrets, BASE, returns.REPLY, delivery)
    forged = made.replace(f"+r{delivery}.", f"+r{delivery + 1}.")
    async with door(server) as port:
        for to in (forged, BASE, "x@y.example", "", made.replace("+r", "+b")):
            assert (await bring(port, to, b"1"))[-1] == "550 5.1.1 nobody\r\n"


async def test_too_long_a_mail_is_refused_and_nothing_stays_behind(server, company):
    _, delivery = await sent(server, company.sato)
    to = returns.address(server.services.secrets, BASE, returns.REPLY, delivery)
    async with door(server) as port:
        assert (await bring(port, to, b"1\n" + b"x" * 70 + b"\n" * 1_100_000))[-1] == "552 5.3.4 too long\r\n"
        assert (await bring(port, to, b"\n1\n"))[-1] == "250 2.0.0 taken\r\n"
