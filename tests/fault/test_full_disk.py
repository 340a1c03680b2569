"""A full disk: talk stops by name before it, answers go on to the last, reading always; nothing acked is lost."""

from __future__ import annotations

import asyncio
import uuid
from types import SimpleNamespace

import pytest
import structlog
from sqlalchemy import event

from server import health
from server.data.space import MEBIBYTE, Use
from server.work import jobs
from tests.tools.anpi_answering import Link, ask, counted, incident
from tests.tools.client import Refused
from tests.tools.company import hire
from tests.tools.mirror import everything
from tests.tools.running import running, settings_for
from tests.tools.tmpfs import fill, small_disk


@pytest.fixture
def disk(server):
    """A switch: while it is full, SQLite may not add a page."""
    engine, full = server.services.writer._engine, {"is": False}

    def limit(connection, *_):
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages if full['is'] else 2**30}").fetchone()

    # For the connection that is open, and for the one that is opened anew after the failure.
    event.listen(engine, "connect", lambda connection, _: limit(connection))

    async def switch(is_full):
        full["is"] = is_full
        await server.services.writer.act(lambda tx: limit(tx.connection.connection.driver_connection))

    return switch


async def test_nothing_is_acknowledged_that_the_disk_did_not_take(server, company, disk):
    sato = await server.connect(company.sato.token)
    room = (await sato.ask("room.create", kind="closed", name="営業", people=[]))["room"]["id"]
    await sato.post(room, "前")
    long, ids = "あ" * 9000, [str(uuid.uuid4()) for _ in range(20)]

    await disk(True)
    refs = [await sato.say("post", channel=room, text=long, client_id=client_id) for client_id in ids]
    answers = await asyncio.gather(*(sato.answer_to(ref) for ref in refs), return_exceptions=True)
    assert all(isinstance(answer, Refused) and answer.code == "unavailable" for answer in answers)
    assert len((await everything(sato, room)).messages) == 1, "reading goes on"

    await disk(False)
    for client_id in ids:
        await sato.post(room, long, client_id)
    held = await everything(sato, room)
    assert sorted(held.messages) == list(range(1, 22)), "no gap, nothing twice"


@pytest.fixture
async def small(tmp_path, sqlite_template):
    """A server on a disk of 32 MiB, with 8 in reserve and 4 as ballast, and somebody in a room."""
    with small_disk(tmp_path / "disk", 32) as folder:
        settings = settings_for(folder / "var", sqlite_template, reserve_mb=8, ballast_mb=4)
        async with running(settings) as server:
            sato = await server.connect((await hire(server.services, "sato")).token)
            room = (await sato.ask("room.create", kind="closed", name="営業", people=[]))["room"]["id"]
            yield SimpleNamespace(folder=folder, server=server, space=server.services.space, sato=sato, room=room)


async def answer(small, length):
    """Something of the kind that goes on to the last: so many bytes in a row of their own."""
    small.space.require(Use.ANSWERS)
    await small.server.services.writer.act(jobs.add, "answer", "a" * length)


async def test_talk_stops_before_the_disk_is_full_and_answers_go_on_when_it_is(small):
    space, ballast, filler = small.space, small.folder / "var" / "ballast", small.folder / "filler"
    space.look()
    assert ballast.stat().st_blocks * 512 == 4 * MEBIBYTE
    said = [(await small.sato.post(small.room, f"{number}"))["seq"] for number in range(3)]

    fill(filler, leave=MEBIBYTE)
    space.look()
    for refused in (
        small.sato.post(small.room, "もう入らない"),
        small.sato.ask("edit", channel=small.room, seq=1, text="直す"),
        small.sato.ask("room.create", kind="closed", name="総務", people=[]),
    ):
        with pytest.raises(Refused, match="disk_full"):
            await refused
    await answer(small, 10_000)
    assert ballast.exists(), "what other programs fill is not given to them"

    fill(filler)
    with structlog.testing.capture_logs() as lines:
        await answer(small, 2 * MEBIBYTE)
    assert "ballast.given_up" in [line["event"] for line in lines], "this test needs the disk to be really full"
    with pytest.raises(Refused, match="disk_full"):
        await small.sato.post(small.room, "まだ入らない")
    assert len((await everything(small.sato, small.room)).messages) == 3, "reading goes on"

    filler.unlink()
    space.look()
    assert ballast.exists() and space.stopped == Use.NOTHING
    said.append((await small.sato.post(small.room, "また入る"))["seq"])
    assert sorted((await everything(small.sato, small.room)).messages) == said == [1, 2, 3, 4]


async def test_what_the_server_does_by_itself_leaves_the_ballast_to_answers(small, monkeypatch):
    services, ballast = small.server.services, small.folder / "var" / "ballast"
    small.space.look()
    fill(small.folder / "filler")
    sign = health.sign

    def long_sign(tx, *who):
        sign(tx, *who)
        jobs.add(tx, "sign", "a" * 2 * MEBIBYTE)

    monkeypatch.setattr(health, "sign", long_sign)
    for _ in range(2):
        await services.probe.look()
        assert services.probe.failing() == ["database", "disk"], "this test needs the probe to need room"
        assert ballast.exists()

    await answer(small, 2 * MEBIBYTE)
    assert not ballast.exists(), "this test needs an answer that needs it"


async def test_people_answer_a_safety_check_when_talk_has_stopped(small):
    """By the link and in the app, while the disk has no room but what the ballast held."""
    server, space, ballast = small.server, small.space, small.folder / "var" / "ballast"
    space.look()
    asked = await hire(server.services, "suzuki", talk=False)
    about = await incident(server.services)
    await ask(server.services, about, [asked.id])
    link, phone = Link(server, about, asked.id), await server.connect(asked.token)
    form = await link.open()

    fill(small.folder / "filler")
    space.look()
    with pytest.raises(Refused, match="disk_full"):
        await small.sato.post(small.room, "もう入らない")
    # Until what SQLite's files have in stock does not hold one more; and then some.
    left = 10
    for number in range(300):
        given = {"self": "safe", "comment": "あ" * 1000}
        await phone.ask("anpi.answer", incident=about, client_id=f"answer-{number:04}", channel="talk", answer=given)
        left -= not ballast.exists()
        if not left:
            break
    assert not ballast.exists(), "this test needs answers that need the ballast"
    assert (await link.answer(form, self="minor")).status_code == 200
    assert await counted(server.services, about) == {asked.id: "minor"}
    await link.close()


async def test_what_was_on_its_way_when_the_disk_filled_is_told_unavailable_or_kept(small):
    """Nobody has looked yet: the writer meets the full disk first, and then talk stops at once."""
    ids, long = [str(uuid.uuid4()) for _ in range(40)], "あ" * 9000
    fill(small.folder / "filler")
    refs = [await small.sato.say("post", channel=small.room, text=long, client_id=each) for each in ids]
    answers = await asyncio.gather(*(small.sato.answer_to(ref) for ref in refs), return_exceptions=True)
    refused = {each.code for each in answers if isinstance(each, Refused)}
    assert refused and refused <= {"unavailable", "disk_full"}
    acked = [each["seq"] for each in answers if not isinstance(each, Refused)]
    assert sorted((await everything(small.sato, small.room)).messages) == sorted(acked)

    (small.folder / "filler").unlink()
    small.space.look()
    for client_id in ids:
        await small.sato.post(small.room, long, client_id)
    assert sorted((await everything(small.sato, small.room)).messages) == list(range(1, 41)), "each once"
