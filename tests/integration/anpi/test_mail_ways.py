"""Relays that hang, cut and refuse: everybody gets his mail, and one that was perhaps taken goes once more at
most."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from anpi.sending import leasing, lines, ways
from anpi.sending.deliveries import State, Wanted
from server.work.mail import State as MailState
from server.work.smtp import Parcel
from server.work.smtp_verdicts import Refused
from tests.tools.anpi_mailing import by_state, ended, incident, mails, people, put, sending, to, until
from tests.tools.mailing import after, sink
from tests.tools.relay import CUT, CUT_AFTER, HANG, HANG_AFTER, Sink, relay
from tests.tools.running import Running

__all__ = ["sink"]


@pytest.fixture
async def second() -> AsyncIterator[Sink]:
    async with relay() as here:
        yield here


async def some(server: Running, number: int) -> int:
    about = await incident(server.services)
    await put(server.services, about, mails(await people(server.services, number)))
    return about


async def test_a_connection_that_is_cut_costs_the_mail_nothing(server, sink):
    await some(server, 20)
    sink.to_recipients += ["421 closing", "421 closing"]
    async with sending(server.services, to(sink)):
        rows = await until(server.services, lambda rows: by_state(rows).get(State.SENT, 0) >= 18)
    assert State.FAILED not in by_state(rows)


@pytest.mark.parametrize("how", [CUT_AFTER, HANG_AFTER, CUT, HANG])
async def test_one_that_was_perhaps_taken_goes_once_more_and_never_a_third_time(server, sink, monkeypatch, how):
    await some(server, 3)
    sink.to_mails.append(how)
    async with sending(server.services, to(sink)):
        rows = await until(server.services, lambda rows: by_state(rows) == {State.SENT: 2, State.DOUBTFUL: 1})
    (doubtful,) = [row for row in rows if row.state == State.DOUBTFUL]
    taken = len(sink.taken)
    sink.to_mails.append(how)
    with monkeypatch.context() as patch:
        patch.setattr(leasing, "step", after(leasing.FIRST_PAUSE * 2, leasing.step))
        async with sending(server.services, to(sink)):
            rows = await until(server.services, ended)
    (last,) = [row for row in rows if row.id == doubtful.id]
    assert (last.state, last.tries) == (State.FAILED, 2)
    assert len(sink.taken) - taken <= 1


async def test_when_the_first_relay_is_gone_the_second_takes_over(server, sink, second):
    await some(server, 40)
    gone = Sink(port=1)
    async with sending(server.services, to(gone, second)):
        rows = await until(server.services, ended)
    assert by_state(rows) == {State.SENT: 40} and len(second.taken) == 40


async def test_when_the_first_relay_falls_silent_the_second_takes_over(server, sink, second, monkeypatch):
    for module in (lines, ways):
        monkeypatch.setattr(module, "SILENCE_SECONDS", 0.5)
    monkeypatch.setattr(lines, "LOOK_SECONDS", 0.05)
    await some(server, 30)
    sink.to_mails += [HANG] * 8
    async with sending(server.services, to(sink, second, taking_seconds=60)):
        rows = await until(server.services, lambda rows: by_state(rows) == {State.SENT: 22, State.DOUBTFUL: 8})
    assert len(second.taken) == 22 and all(row.error for row in rows if row.state == State.DOUBTFUL)


async def test_without_any_way_out_nothing_is_lost(server, sink):
    await some(server, 5)
    async with sending(server.services, to(Sink(port=1))):
        await until(server.services, lambda rows: all(row.leased_by for row in rows))
    async with sending(server.services, to(sink)):
        rows = await until(server.services, ended)
    assert by_state(rows) == {State.SENT: 5} and len(sink.taken) == 5


async def test_without_a_relay_mails_are_written_and_nobody_has_got_them(server, monkeypatch):
    about = await some(server, 4)
    async with sending(server.services):
        rows = await until(server.services, ended)
    assert by_state(rows) == {State.WRITTEN: 4}
    files = sorted((server.services.settings.var / "mail").iterdir())
    assert len(files) == 4 and all(file.name.startswith(f"anpi-{about}-0-") for file in files)
    assert files[0].stat().st_mode & 0o077 == 0


class OnlyQuoted:
    """A relay that knows the rules of addresses better than the carriers do."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def carry(self, parcel: Parcel) -> MailState:
        self.asked.append(parcel.to)
        if not parcel.to.startswith('"'):
            raise Refused("553 5.1.3 syntax")
        return MailState.SENT

    async def rest(self) -> None:
        """Nothing is held."""


async def test_carriers_odd_addresses_are_put_in_quotes_where_a_relay_wants_it(server):
    about = await incident(server.services)
    one, two = await people(server.services, 2)
    route = OnlyQuoted()
    odd, plain = ("abc..def@docomo.ne.jp", "abc.def@docomo.ne.jp")
    await put(server.services, about, [Wanted(one, "mail", "own1", odd), Wanted(two, "mail", "own1", plain)])
    async with sending(server.services, lambda: [route]):  # type: ignore[list-item]
        rows = await until(server.services, ended)
    assert [row.state for row in rows] == [State.SENT, State.FAILED]
    assert sorted(route.asked) == sorted([odd, '"abc..def"@docomo.ne.jp', plain])
