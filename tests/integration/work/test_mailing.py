"""Mails over a line that refuses, hangs and breaks, and into a folder where there is no line."""

from __future__ import annotations

import asyncio
import contextlib
import email.policy
import stat
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes

import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from structlog.testing import capture_logs

from server.work import dispatching, mail, smtp
from server.work.dispatching import Dispatcher
from server.work.mail import State
from server.work.relay import parse_relay
from server.work.smtp import FolderRoute, SmtpRoute
from server.work.smtp_verdicts import RouteTrouble
from tests.tools.mailing import FROM, LETTER, PAUSE_OVER, dispatcher, later, put, rows, sink, way
from tests.tools.relay import CUT, CUT_AFTER, HANG, HANG_AFTER, SLOW, relay

__all__ = ["dispatcher", "sink", "way"]


async def test_the_dispatcher_hears_of_a_mail_and_keeps_its_line_for_the_next(server, sink, dispatcher):
    running = asyncio.create_task(dispatcher.run())
    for _ in range(3):
        await put(server)
    async with asyncio.timeout(10):
        while [row.state for row in await rows(server)] != [State.SENT] * 3:
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert sink.connections < 3


@pytest.mark.parametrize("where", ["to_recipients", "to_mails"])
async def test_never_is_the_end_of_it(server, sink, dispatcher, monkeypatch, where):
    getattr(sink, where).append("550 no such person")
    await put(server)
    await put(server)
    assert await dispatcher.send_one() and await dispatcher.send_one()
    first, second = await rows(server)
    assert (first.state, "550" in first.error, second.state) == (State.FAILED, True, State.SENT)
    with later(monkeypatch, timedelta(days=1)):
        assert not await dispatcher.send_one()


@pytest.mark.parametrize("refusal", ["530 5.7.0 log in first", "553 5.7.1 not your address", "550 no", "451 wait"])
async def test_a_refused_sender_is_trouble_on_the_way_and_not_the_end_of_mails(
    server, sink, dispatcher, monkeypatch, refusal
):
    sink.to_senders.append(refusal)
    await put(server)
    with pytest.raises(RouteTrouble, match=refusal[:3]):
        await dispatcher.send_one()
    (row,) = await rows(server)
    assert (row.state, refusal in row.error) == (State.WAITING, True)
    with later(monkeypatch, PAUSE_OVER):
        assert await dispatcher.send_one()
    assert len(sink.taken) == 1


async def test_a_recipient_whom_the_relay_does_not_serve_for_us_is_asked_for_again(
    server, sink, dispatcher, monkeypatch
):
    sink.to_recipients.append("554 5.7.1 <sano@hokuto.example>: Relay access denied")
    await put(server)
    await put(server)
    assert await dispatcher.send_one() and await dispatcher.send_one()
    first, second = await rows(server)
    assert (first.state, "5.7.1" in first.error, second.state) == (State.WAITING, True, State.SENT)
    assert sink.connections == 1, "a refusal costs no connection"
    with later(monkeypatch, PAUSE_OVER):
        assert await dispatcher.send_one()
    assert len(sink.taken) == 2


async def test_a_mail_that_the_relay_takes_for_spam_is_refused(server, sink, dispatcher):
    sink.to_mails.append("550 5.7.1 spam")
    await put(server)
    assert await dispatcher.send_one()
    assert [row.state for row in await rows(server)] == [State.FAILED]


@pytest.mark.parametrize("where", ["to_senders", "to_recipients", "to_mails"])
@pytest.mark.parametrize("code", ["450", "550"])
async def test_a_relays_words_are_kept_in_whatever_they_are_written(
    server, sink, monkeypatch, dispatcher, where, code
):
    getattr(sink, where).append(f"{code} <words>")
    monkeypatch.setattr(SMTP, "push", spoken_in_latin)
    await put(server)
    with capture_logs() as logged, contextlib.suppress(RouteTrouble):
        await dispatcher.send_one()
    (row,) = await rows(server)
    assert f"{code} " in row.error and "Empf?nger" in row.error and "\0" not in row.error
    for value in (value for line in logged for value in line.values()):
        str(value).encode()


async def spoken_in_latin(line, said):
    """What aiosmtpd would send, with words that are not UTF-8 and a NUL among them."""
    line._writer.write(said.encode().replace(b"<words>", b"Empf\xe4nger\0unbekannt") + b"\r\n")
    await line._writer.drain()


@pytest.mark.parametrize("trouble", [HANG, CUT, "421 closing"])
async def test_a_way_that_breaks_says_nothing_against_the_mail(server, sink, way, dispatcher, monkeypatch, trouble):
    sink.to_mails.append(trouble)
    await put(server)
    with contextlib.suppress(RouteTrouble):
        await dispatcher.send_one()
    (row,) = await rows(server)
    state = State.DOUBTFUL if trouble in (HANG, CUT) else State.WAITING
    assert (row.state, row.tries, sink.taken) == (state, 1, [])

    with later(monkeypatch, PAUSE_OVER):
        assert await dispatcher.send_one()
    assert len(sink.taken) == 1 and sink.connections == 2, "what was half said is not gone on with"


async def test_a_way_that_hangs_is_no_longer_than_its_time(server, sink, way, dispatcher):
    longest = smtp.SEND_SECONDS + smtp.TAKING_SECONDS
    assert longest + smtp.CONTACT_SECONDS < mail.LEASE.total_seconds(), "else another would send it too"
    sink.to_mails.append(HANG)
    await put(server)
    with pytest.raises(RouteTrouble, match="no answer"):
        await dispatcher.send_one()


async def test_a_relay_that_looks_through_a_mail_for_long_is_waited_for(server, sink, monkeypatch):
    assert smtp.TAKING_SECONDS >= 600, "RFC 5321, 4.5.3.2.6"
    monkeypatch.setattr(smtp, "CONTACT_SECONDS", 1)
    sink.to_mails.append(SLOW)
    await put(server)
    route = SmtpRoute(parse_relay(sink.url), FROM, seconds=1)
    assert await Dispatcher(server.services, route).send_one()
    await route.rest()
    assert ([row.state for row in await rows(server)], len(sink.taken)) == ([State.SENT], 1)


@pytest.mark.parametrize("silence", [HANG_AFTER, CUT_AFTER])
async def test_a_mail_is_handed_over_twice_at_most_without_an_answer(server, sink, dispatcher, monkeypatch, silence):
    sink.to_mails += [silence, "451 later", silence]
    await put(server)
    states = []
    for hours in range(5):
        with later(monkeypatch, timedelta(hours=hours * 2)), contextlib.suppress(RouteTrouble):
            await dispatcher.send_one()
        states.append((await rows(server))[0].state)
    doubt, end = State.DOUBTFUL, State.FAILED
    assert states == [doubt, doubt, end, end, end] and len(sink.taken) == 2
    assert "perhaps taken" in (await rows(server))[0].error


async def test_nobody_at_the_other_end_is_knocked_at_less_and_less(server, sink, dispatcher, monkeypatch):
    async with relay() as gone:
        pass
    pauses = []

    async def sleep(queue, seconds):
        pauses.append((queue, seconds))
        if len(pauses) == 8:
            server.services.draining = True

    monkeypatch.setattr(server.services.wakeups, "sleep", sleep)
    for _ in range(20):
        await put(server)
    with capture_logs() as said:
        await Dispatcher(server.services, SmtpRoute(parse_relay(gone.url), FROM)).run()
    server.services.draining = False
    assert [seconds for _, seconds in pauses] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert {queue for queue, _ in pauses} == {dispatching.PAUSE}, "a new mail is no reason to knock again"
    assert {line["event"] for line in said} == {"mail.postponed", "mail.route_trouble"}
    assert "sano" not in str(said)


async def test_taken_without_a_word_is_repeated_under_its_own_name(server, sink, dispatcher, monkeypatch):
    sink.to_mails.append(CUT_AFTER)
    await put(server)
    with contextlib.suppress(RouteTrouble):
        await dispatcher.send_one()
    with later(monkeypatch, PAUSE_OVER):
        await dispatcher.send_one()
    first, second = sink.mails()
    assert first["message-id"] == second["message-id"]


async def test_a_carriers_odd_address_is_written_to(server, sink, dispatcher):
    await put(server, replace(LETTER, to="abc..def.@docomo.ne.jp"))
    await dispatcher.send_one()
    assert sink.taken[0].rcpt_tos == ["abc..def.@docomo.ne.jp"]


async def test_without_a_relay_mails_are_files_that_only_the_operator_reads(server):
    await put(server)
    await put(server)
    dispatcher = Dispatcher(server.services)
    assert await dispatcher.send_one() and await dispatcher.send_one()

    folder = server.services.settings.var / "mail"
    files = sorted(folder.iterdir())
    assert len(files) == 2 and {file.suffix for file in files} == {".eml"}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert message_from_bytes(files[0].read_bytes(), policy=email.policy.default)["subject"] == LETTER.subject
    assert await server.services.readers.ask(mail.counts) == {
        State.WAITING: 0,
        State.DOUBTFUL: 0,
        State.SENT: 0,
        State.WRITTEN: 2,
        State.FAILED: 0,
    }


async def test_a_folder_that_cannot_be_written_is_trouble_on_the_way(server, tmp_path):
    (tmp_path / "file").write_text("no folder")
    dispatcher = Dispatcher(server.services, FolderRoute(tmp_path / "file" / "mail", FROM))
    await put(server)
    with pytest.raises(RouteTrouble):
        await dispatcher.send_one()
    assert [row.state for row in await rows(server)] == [State.WAITING]


# ---------------------------------------------------------------- who may hear it


async def test_where_tls_is_required_nothing_is_handed_over_without(server, sink):
    await put(server)
    route = SmtpRoute(parse_relay(f"{sink.url}?tls=required"), FROM)
    with pytest.raises(RouteTrouble, match="offers no TLS"):
        await Dispatcher(server.services, route).send_one()
    assert sink.taken == [] and [row.state for row in await rows(server)] == [State.WAITING]


@pytest.mark.parametrize(("password", "state"), [("geheim", State.SENT), ("wrong", State.WAITING)])
async def test_a_wrong_password_is_trouble_on_the_way_and_not_the_end_of_mails(server, password, state):
    def known(line, session, envelope, mechanism, said):
        return AuthResult(success=said.password == b"geheim", handled=False)

    await put(server)
    async with relay(authenticator=known, auth_require_tls=False, auth_required=True) as strict:
        url = f"smtp://renraku:{password}@127.0.0.1:{strict.port}"
        route = SmtpRoute(parse_relay(url), FROM)
        with capture_logs() as said, contextlib.suppress(RouteTrouble):
            await Dispatcher(server.services, route).send_one()
        await route.rest()
    (row,) = await rows(server)
    assert (row.state, len(strict.taken)) == (state, state == State.SENT)
    assert password not in row.error + str(said)
