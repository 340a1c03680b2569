"""The room that files take: reserved before they come, given back to the byte, and swept."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select, update

from chat.files import space, sweeping, uploads
from chat.files.naming import blob
from chat.files.space import Limits
from chat.files.sweeping import sweep, sweep_incoming
from chat.files.tables import file_space, files
from chat.files.uploads import Begin, Claim
from server.auth.model import Actor
from tests.tools.client import Refused
from tests.tools.files import EXECUTABLE, Bringer, picture


@pytest.fixture
async def browsers(server, company):
    here = [Bringer.of(server, each) for each in (company.sato, company.suzuki, company.ito)]
    yield here
    for each in here:
        await each._client.aclose()


async def room_of(server, account):
    return await server.services.readers.ask(space.used, [account])


async def counted(server):
    """What the rows of files come to, by owner; law 8 for bytes."""

    def ask(connection):
        f = files.c
        kept = select(f.account_id, f.state, f.size, f.stored_size)
        found = {0: 0}
        for row in connection.execute(kept):
            size = row.size if row.state == "receiving" else row.stored_size
            if row.state in ("receiving", "ready", "sent"):
                found[row.account_id] = found.get(row.account_id, 0) + size
            if row.state not in ("refused", "gone"):
                found[0] += size
        told = {row.owner: row.bytes for row in connection.execute(select(file_space)) if row.bytes or row.owner == 0}
        return {owner: size for owner, size in found.items() if size or owner == 0}, told

    return await server.services.readers.ask(ask)


def limit(server, **limits):
    for process in server.processes:
        transfer = process.services.state["chat.files"]
        transfer.limits = Limits(**{"file": 10_000, "person": 0, "company": 0, **limits})


async def test_room_is_counted_to_the_byte_whatever_becomes_of_a_file(server, company, browsers):
    his, hers, _ = browsers
    sato = await server.connect(company.sato.token)
    room = (await sato.ask("room.create", kind="closed", name="営業", people=[]))["room"]["id"]
    photo = picture("JPEG")
    sent, begun = await his.ready("写真.jpg", photo + b"hidden behind it" * 100), await his.begun("途中.bin", 5000)
    await his.put("悪.txt", EXECUTABLE)
    await hers.put("長さのない.txt", parts(b"a" * 1000))
    given_up = await hers.begun("やめた.bin", 777)
    await hers.give_up(given_up)
    assert (await counted(server))[0] == (await counted(server))[1]
    ack = await sato.ask("post", channel=room, text="", client_id=str(uuid.uuid4()), files=[sent])
    await sato.ask("delete", channel=room, seq=ack["seq"])
    found, told = await counted(server)
    assert found == told and told[company.sato.id] == 5000 and told[company.suzuki.id] == 1000
    assert told[0] > 6000, "the deleted one's bytes are still the company's"

    assert await server.services.writer.act(sweeping.let_go, [(room, ack["seq"])]) == 1
    assert (await counted(server))[1][0] == 6000
    assert await his.offset(begun) == 0


async def parts(body):
    yield body[:300]
    yield body[300:]


async def test_three_limits_are_three_refusals(server, browsers, company):
    his, hers, _ = browsers
    limit(server, file=10_000, person=25_000, company=35_000)
    big = await his.begin("大きい.bin", 10_001)
    assert (big.status_code, big.json()["code"]) == (413, "file_too_big")
    for _ in range(2):
        await his.begun("a.bin", 10_000)
    assert (await his.begin("b.bin", 10_000)).json()["code"] == "file_quota"
    await hers.begun("c.bin", 10_000)
    assert (await hers.begin("d.bin", 10_000)).json()["code"] == "file_space"
    assert await room_of(server, company.sato.id) == {0: 30_000, company.sato.id: 20_000}
    whole = await hers.put("e.bin", b"a" * 10_001)
    assert (whole.status_code, whole.json()["code"]) == (413, "file_too_big")


async def test_in_one_moment_each_finds_the_room_that_those_before_him_have_left(server, company):
    limits = Limits(10_000, 15_000, 25_000)
    people = [company.sato, company.sato, company.suzuki, company.ito, company.suzuki]
    wanted = [
        Begin(Actor(each.id, each.account.name), f"key{n}", "a.bin", 10_000 if n < 4 else 5_000, limits)
        for n, each in enumerate(people)
    ]
    answers = await server.services.writer.act(uploads.begin_all, wanted)
    assert [getattr(each, "code", None) for each in answers] == [None, "file_quota", None, "file_space", None]
    found, told = await counted(server)
    assert found == told == {0: 25_000, company.sato.id: 10_000, company.suzuki.id: 15_000}


async def test_in_one_moment_an_upload_is_one_mans_bytes_and_is_accepted_once(server, company):
    sato, limits = company.sato.id, Limits(10_000, 0, 0)
    act = server.services.writer.act
    await act(uploads.begin_all, [Begin(Actor(sato, "佐藤"), "key", "a.bin", 10_000, limits)])
    claims = [Claim(sato, "key", "a"), Claim(sato, "key", "b"), Claim(company.ito.id, "key", "a")]
    answers = await act(uploads.claim_all, claims)
    assert [getattr(each, "code", None) for each in answers] == [None, "upload_busy", "not_found"]
    kept = uploads.Kept(10_000, "a", 9_000, "a", False, "", False)
    first, again = await act(uploads.accept_all, [uploads.Accept(sato, "key", kept)] * 2)
    assert first == again and (first.state, first.stored_size) == ("ready", 9_000)
    assert await room_of(server, sato) == {0: 9_000, sato: 9_000}, "what was not needed is given back once"
    gone = await act(uploads.give_up_all, [uploads.GiveUp(sato, "key")] * 2)
    assert [getattr(each, "code", None) for each in gone] == [None, "not_found"]
    assert (await counted(server))[1] == {0: 0}


async def test_many_at_once_do_not_reserve_more_than_there_is(server, company):
    limit(server, company=35_000)
    async with AsyncExitStack() as stack:
        lines = [
            await stack.enter_async_context(Bringer.of(process, each))
            for process in server.processes * 2
            for each in (company.sato, company.suzuki, company.ito)
        ]
        answers = await asyncio.gather(*(each.begin("a.bin", 10_000) for each in lines))
    assert sorted(each.status_code for each in answers) == [201] * 3 + [507] * (len(lines) - 3)


async def test_a_person_brings_three_at_a_time_and_the_next_is_told_to_wait(server, browsers):
    his = browsers[0]
    ends = [asyncio.Event() for _ in range(3)]
    lines = [Bringer.of(server, his_self) for his_self in [_someone(his)] * 3]

    async def slowly(end):
        yield b"a" * 10
        await end.wait()
        yield b"b" * 10

    ids = [await his.begun("遅い.bin", 20) for _ in range(4)]
    going = [
        asyncio.create_task(line.append(id, 0, slowly(end))) for line, id, end in zip(lines, ids, ends, strict=False)
    ]
    while server.services.meter.uploads_open < 3:
        await asyncio.sleep(0.01)
    answer = await his.append(ids[3], 0, b"c" * 20)
    assert (answer.status_code, answer.json()["code"]) == (429, "busy")
    busy = await browsers[1].put("彼女の.txt", b"x")
    assert busy.status_code == 201, "others are not held up"
    for end in ends:
        end.set()
    assert [each.status_code for each in await asyncio.gather(*going)] == [204] * 3
    assert (await his.append(ids[3], 0, b"c" * 20)).status_code == 204
    for line in lines:
        await line._client.aclose()


def lying_in(root: Path) -> set[str]:
    return {path.name for path in root.rglob("*") if path.is_file()}


def _someone(browser):
    return SimpleNamespace(token=browser.cookies["__Host-session"])


async def test_what_nobody_wants_goes_and_nothing_else(server, company, browsers):
    his = browsers[0]
    sato = await server.connect(company.sato.token)
    room = (await sato.ask("room.create", kind="closed", name="営業", people=[]))["room"]["id"]
    sent, unsent, young = await his.ready("送る.txt"), await his.ready("送らない.txt"), await his.ready("新しい.txt")
    await sato.ask("post", channel=room, text="", client_id=str(uuid.uuid4()), files=[sent])
    abandoned = await his.begun("途中.bin", 100)
    await his.append(abandoned, 0, b"a" * 50)
    refused = await his.begun("悪.txt", len(EXECUTABLE))
    await his.append(refused, 0, EXECUTABLE)
    day = int(timedelta(hours=25).total_seconds() * 1000)

    def age(tx):
        old = files.c.key.in_([sent, unsent, abandoned, refused])
        tx.connection.execute(update(files).where(old).values(moved_at=files.c.moved_at - day))

    await server.services.writer.act(age)
    with pytest.raises(Refused, match="file_unknown"):
        await sato.ask("post", channel=room, text="", client_id=str(uuid.uuid4()), files=[unsent])
    (root,) = (server.services.settings.var / "store").iterdir()
    for path in root.rglob("?" * 26):
        if path.name != young:
            os.utime(path, (time.time() - day / 1000,) * 2)
    os.utime(server.services.settings.var / "incoming" / abandoned, (time.time() - day / 1000,) * 2)
    stray = root / blob("a" * 26)
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_bytes(b"no row names it")
    foreign = root.parent / "another" / blob("a" * 26)
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(b"of an installation that was given the same place")
    for path in (stray, foreign):
        os.utime(path, (time.time() - day / 1000,) * 2)

    await sweep(server.services)
    await sweep_incoming(server.services)
    assert foreign.exists()

    assert lying_in(root) == {sent, young}
    assert not (server.services.settings.var / "incoming" / abandoned).exists()
    left = await server.services.readers.ask(lambda c: set(c.execute(select(files.c.key)).scalars()))
    assert left == {sent, young}
    found, told = await counted(server)
    assert found == told
    rows = await server.services.readers.ask(lambda c: c.execute(select(func.count()).select_from(files)).scalar())
    await sweep(server.services)
    assert (
        await server.services.readers.ask(lambda c: c.execute(select(func.count()).select_from(files)).scalar())
        == rows
    )


async def test_an_upload_that_is_given_up_while_it_comes_leaves_nothing(server, browsers):
    his, end = browsers[0], asyncio.Event()
    id = await his.begun("やめる.bin", 20)

    async def slowly():
        yield b"a" * 10
        await end.wait()
        yield b"b" * 10

    going = asyncio.create_task(his.append(id, 0, slowly()))
    while not server.services.meter.uploads_open:
        await asyncio.sleep(0.01)
    assert (await his.give_up(id)).status_code == 204
    end.set()
    assert (await going).status_code == 404
    assert (await counted(server))[1] == {0: 0}
    assert lying_in(server.services.settings.var / "incoming") == set()
    assert lying_in(server.services.settings.var / "store") == set()
