"""A mail is sent after the commit of its cause, by one dispatcher at a time, and repeated only under its own name."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from server.errors import Invalid
from server.work import mail
from server.work.housekeeping import forget
from server.work.mail import State
from tests.tools.mailing import FROM, LEASE_OVER, LETTER, PAUSE_OVER, after, dispatcher, later, put, rows, sink, way

__all__ = ["dispatcher", "sink", "way"]


async def test_a_mail_arrives_once_with_exactly_what_was_written(server, sink, dispatcher):
    await put(server)
    assert await dispatcher.send_one() and not await dispatcher.send_one()

    (envelope,), (read,) = sink.taken, sink.mails()
    (row,) = await rows(server)
    assert (envelope.mail_from, envelope.rcpt_tos) == ("renraku@hokuto.example", ["sano@hokuto.example"])
    assert read["subject"] == "見積もりの件"
    assert (str(read["to"]), str(read["from"])) == ("sano@hokuto.example", FROM)
    assert read["message-id"] == f"<{row.message_id}>" and row.message_id.endswith("@hokuto.example")
    assert read["date"].datetime == row.at.replace(microsecond=0)
    assert read["auto-submitted"] == "auto-generated" and read.get_content_type() == "text/plain"
    assert read.get_content().replace("\r\n", "\n") == LETTER.text
    assert (row.state, row.tries, row.error) == (State.SENT, 1, "")


async def test_a_refused_cause_sends_nothing(server, sink, dispatcher):
    def refuse(tx):
        mail.queue(tx, LETTER, "hokuto.example")
        raise Invalid()

    with pytest.raises(Invalid):
        await server.services.writer.act(refuse)
    assert not await dispatcher.send_one() and sink.taken == []


async def test_two_dispatchers_never_have_the_same_mail(server):
    for _ in range(20):
        await put(server)
    act = server.services.writer.act
    taken = await asyncio.gather(*(act(mail.claim, f"d{n % 4}") for n in range(25)))
    ids = [each.id for each in taken if each is not None]
    assert len(ids) == len(set(ids)) == 20


@pytest.mark.parametrize("where", ["to_recipients", "to_mails"])
async def test_not_now_is_asked_again_after_a_pause(server, sink, dispatcher, monkeypatch, where):
    getattr(sink, where).append("451 later, please")
    await put(server)
    assert await dispatcher.send_one() and not await dispatcher.send_one()
    (row,) = await rows(server)
    assert (row.state, row.tries, row.leased_until) == (State.WAITING, 1, None)
    assert row.due_at - row.at >= mail.FIRST_PAUSE and "451" in row.error

    with later(monkeypatch, PAUSE_OVER):
        assert await dispatcher.send_one()
    (row,) = await rows(server)
    assert (row.state, row.tries, len(sink.taken)) == (State.SENT, 2, 1)


async def test_the_pause_grows_to_an_hour(server):
    await put(server)
    act, pauses = server.services.writer.act, []
    taken = await act(mail.claim, "d")
    for tries in range(1, 12):
        await act(mail.postpone, "d", replace(taken, tries=tries), "451")
        (row,) = await rows(server)
        pauses.append((row.due_at - row.at).total_seconds())
    assert pauses == sorted(pauses) and pauses[0] < 40 and 3590 < pauses[-1] < 3660


async def test_after_two_days_without_an_answer_it_is_given_up(server, sink, dispatcher, monkeypatch):
    sink.to_mails += ["451 later"]
    await put(server)
    await dispatcher.send_one()
    with later(monkeypatch, mail.GIVE_UP_AFTER + timedelta(minutes=1)):
        assert not await dispatcher.send_one()
    (row,) = await rows(server)
    assert row.state == State.FAILED and "451" in row.error


async def test_one_that_waited_longer_without_a_try_gets_its_chance(server, sink, dispatcher, monkeypatch):
    await put(server)
    with later(monkeypatch, timedelta(days=9)):
        assert await dispatcher.send_one()
    assert len(sink.taken) == 1


async def test_a_crash_between_sending_and_writing_it_down_repeats_it_under_its_own_name(
    server, sink, way, dispatcher, monkeypatch
):
    await put(server)
    taken = await server.services.writer.act(mail.claim, "who dies")
    await way.deliver(taken)
    assert not await dispatcher.send_one(), "as long as its lease"

    with later(monkeypatch, LEASE_OVER):
        assert await dispatcher.send_one()
    first, second = sink.taken
    assert first.content == second.content, "one mail, twice: whoever gets it can tell"
    await server.services.writer.act(mail.finish, "who dies", taken, State.FAILED)
    assert [row.state for row in await rows(server)] == [State.SENT], "the dead decide nothing"


async def test_decided_mails_are_forgotten_after_a_month_and_others_are_not(server, sink, dispatcher):
    await put(server)
    await dispatcher.send_one()
    await put(server)
    await forget(server.services)
    assert len(await rows(server)) == 2
    await server.services.writer.act(after(mail.KEPT + timedelta(minutes=1), mail.forget_old))
    assert [row.state for row in await rows(server)] == [State.WAITING]


async def test_who_has_lost_a_mail_to_another_decides_nothing_about_it(server):
    await put(server)
    act = server.services.writer.act
    lost = await act(mail.claim, "slow")
    held = await act(after(LEASE_OVER, mail.claim), "other")
    assert held.id == lost.id and held.message_id == lost.message_id

    await act(mail.finish, "slow", lost, State.FAILED)
    await act(mail.postpone, "slow", lost, "too late")
    (row,) = await rows(server)
    assert (row.state, row.leased_by, row.error) == (State.WAITING, "other", "")
