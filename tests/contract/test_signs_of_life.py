"""Who is typing and who can be reached: told to those who look, as differences, and to nobody else."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from server.clock import to_millis
from server.live import presence
from tests.tools.client import Refused
from tests.tools.company import hire


@pytest.fixture(autouse=True)
def in_haste(monkeypatch):
    monkeypatch.setattr(presence, "TICK_SECONDS", 0.05)
    monkeypatch.setattr(presence, "QUIET_SECONDS", 0.3)


@pytest.fixture
async def talk(server, company):
    sato, suzuki, ito = [await server.connect(each.token) for each in (company.sato, company.suzuki, company.ito)]
    made = await sato.ask("room.create", kind="group", name="会議", people=[company.suzuki.id, company.ito.id])
    for client in (sato, suzuki, ito):
        await client.expect("room.added")
    return SimpleNamespace(id=made["room"]["id"], sato=sato, suzuki=suzuki, ito=ito)


def state(client, account):
    """What this client was told last of somebody."""
    told = [each for frame in client.heard if frame["is"] == "presence" for each in frame["people"]]
    found = [each for each in told if each["id"] == account]
    return found[-1] if found else None


async def until(client, account, wanted):
    async with asyncio.timeout(5):
        while (state(client, account) or {}).get("state") != wanted:
            await asyncio.sleep(0.01)


# ---------------------------------------------------------------- typing


async def test_typing_is_heard_by_those_who_have_the_room_open(company, talk):
    await talk.suzuki.ask("view", channel=talk.id)
    await talk.sato.ask("view", channel=talk.id)
    await talk.sato.ask("typing", channel=talk.id)
    await talk.suzuki.expect("typing", channel=talk.id, person=company.sato.id, name=company.sato.account.name)
    await talk.ito.expect_silence()


async def test_who_looks_away_hears_no_typing(talk):
    await talk.suzuki.ask("view", channel=talk.id)
    await talk.suzuki.ask("view", channel=0)
    await talk.ito.ask("view", channel=talk.id)
    await talk.sato.ask("typing", channel=talk.id)
    await talk.ito.expect("typing")
    await talk.suzuki.expect_silence()


async def test_who_was_put_out_hears_no_typing(server, company, talk):
    await talk.ito.ask("view", channel=talk.id)
    await talk.suzuki.ask("view", channel=talk.id)
    await talk.sato.ask("room.remove", channel=talk.id, person=company.ito.id)
    await talk.ito.expect("room.removed")
    await talk.sato.ask("typing", channel=talk.id)
    await talk.suzuki.expect("member.left")
    await talk.suzuki.expect("typing")
    await talk.ito.expect_silence()
    for do in ("view", "typing"):
        with pytest.raises(Refused, match="not_found"):
            await talk.ito.ask(do, channel=talk.id)


async def test_an_outsider_neither_looks_nor_types(server, talk):
    stranger = await server.connect((await hire(server.services, "stranger")).token)
    for do in ("view", "typing"):
        for channel in (talk.id, 999_999):
            with pytest.raises(Refused, match="not_found"):
                await stranger.ask(do, channel=channel)


async def test_typing_all_the_time_is_told_once_a_second(talk):
    await talk.suzuki.ask("view", channel=talk.id)
    for _ in range(20):
        await talk.sato.ask("typing", channel=talk.id)
    await talk.suzuki.expect("typing")
    await talk.suzuki.expect_silence()


# ---------------------------------------------------------------- presence


async def test_who_is_here_is_seen_and_who_goes_is_believed_gone_a_little_later(server, company, talk):
    other = await server.connect((await hire(server.services, "other")).token)
    answer = await other.ask("presence.watch", people=[company.sato.id, company.suzuki.id])
    if answer["people"][0]["state"] == "off":
        # At another process, which tells it with its next second.
        await until(other, company.sato.id, "in")
    await talk.sato.close()
    await until(other, company.sato.id, "off")
    assert {each["id"] for each in answer["people"]} == {company.sato.id, company.suzuki.id}


async def test_a_reload_is_not_seen_at_all(server, company, talk):
    other = await server.connect((await hire(server.services, "other")).token)
    await other.ask("presence.watch", people=[company.sato.id, company.ito.id])
    await until_quiet(other, company)
    before = len(other.heard)
    await talk.sato.close()
    await server.connect(company.sato.token)
    await talk.ito.ask("presence.choose", state="away")
    await until(other, company.ito.id, "away")
    told = [each["id"] for frame in other.heard[before:] if frame["is"] == "presence" for each in frame["people"]]
    assert company.sato.id not in told


async def until_quiet(client, company):
    """Until what was there before the watching has been told."""
    async with asyncio.timeout(5):
        while True:
            answer = await client.ask("presence.watch", people=[company.sato.id, company.ito.id])
            if {each["state"] for each in answer["people"]} == {"in"}:
                return
            await asyncio.sleep(0.02)


async def test_an_idle_device_is_away_until_it_is_touched(server, company, talk):
    await talk.ito.ask("presence.watch", people=[company.sato.id])
    await talk.sato.ask("presence.idle", idle=True)
    await until(talk.ito, company.sato.id, "away")
    second = await server.connect(company.sato.token)
    await until(talk.ito, company.sato.id, "in")
    await second.ask("presence.idle", idle=True)
    await until(talk.ito, company.sato.id, "away")
    await talk.sato.ask("presence.idle", idle=False)
    await until(talk.ito, company.sato.id, "in")


async def test_what_one_has_chosen_goes_first_and_outlives_the_connection(server, company, talk):
    await talk.ito.ask("presence.watch", people=[company.sato.id])
    back = to_millis(server.services.clock()) + 3_600_000
    await talk.sato.ask("presence.choose", state="out", until=back)
    await until(talk.ito, company.sato.id, "out")
    assert state(talk.ito, company.sato.id)["until"] == back
    await talk.sato.close()
    again = await server.connect(company.sato.token)
    assert again.welcome["presence"] == {"state": "out", "until": back}
    await again.ask("presence.choose", state="auto")
    await until(talk.ito, company.sato.id, "in")
    assert (await server.connect(company.sato.token)).welcome["presence"] == {"state": "auto", "until": 0}


async def test_who_is_out_is_back_at_his_time(server, company, talk):
    await talk.ito.ask("presence.watch", people=[company.sato.id])
    await talk.sato.ask("presence.choose", state="out", until=to_millis(server.services.clock()) + 400)
    await until(talk.ito, company.sato.id, "out")
    await until(talk.ito, company.sato.id, "in")


async def test_only_whom_one_names_one_is_told_of(server, company, talk):
    await talk.ito.ask("presence.watch", people=[company.sato.id])
    await talk.ito.ask("presence.watch", people=[company.suzuki.id])
    await talk.sato.ask("presence.choose", state="away")
    await talk.suzuki.ask("presence.choose", state="away")
    await until(talk.ito, company.suzuki.id, "away")
    assert state(talk.ito, company.sato.id) is None or state(talk.ito, company.sato.id)["state"] == "in"


@pytest.mark.parametrize("choice", [("out", 1), ("away", 10**13), ("auto", 10**13), ("out", 2**53 - 1)])
async def test_a_time_that_is_none_is_refused(talk, choice):
    with pytest.raises(Refused, match="bad_time"):
        await talk.sato.ask("presence.choose", state=choice[0], until=choice[1])


async def test_who_does_not_exist_is_in_no_answer(company, talk):
    answer = await talk.ito.ask("presence.watch", people=[company.sato.id, 999_999])
    assert [each["id"] for each in answer["people"]] == [company.sato.id]
