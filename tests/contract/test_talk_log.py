"""Law 6: the log is complete. Every act writes an entry that can be read alone, and the follower puts all into one
chain of segments, whichever process it runs in."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, insert, select, update

from chat import actions, amending
from chat.files.tables import files as file_rows
from chat.log import (
    alarms,
    archiving,
    files,
    heads,
    holds,
    leftovers,
    queries,
    reconciling,
    retention,
    rights,
    signing,
    state,
)
from chat.log.line import GENESIS
from chat.log.manifests import decoded, matches, sha256_of
from chat.log.segments import CLOSED, EXPIRED, STORED
from chat.log.tables import log_checks, log_heads, log_segment_rooms, log_segments
from chat.model import Draft
from chat.posting import POSTING
from chat.tables import log_entries, messages
from server.auth import actions as account_actions
from server.auth.changing import AccountChanges, change_account
from server.auth.model import Privilege, operator
from server.auth.tables import accounts
from server.clock import to_millis
from server.data.store.model import Missing, StoreFailed
from server.ports import move_listeners, people_listeners
from server.work import leases
from server.work.tables import mails
from tests.tools.company import hire
from tests.tools.running import running, together
from tests.tools.talk_log import (
    Moved,
    all_segments,
    following,
    in_state,
    is_at_rest,
    numbered,
    rows_gone,
    told,
    whole_log,
)

ALL_DAY = timedelta(hours=24)


@pytest.fixture
def clock():
    return Moved()


@pytest.fixture
async def server(settings, clock):
    async with together(settings, clock) if settings.redis_url else running(settings, clock) as here:
        yield here


@pytest.fixture
async def office(server):
    names = ("sato", "suzuki", "ito")
    sato, suzuki, ito = [await hire(server.services, name) for name in names]
    room = await server.services.writer.act(actions.create, sato.id, "closed", "営業", [suzuki.id])
    return SimpleNamespace(sato=sato, suzuki=suzuki, ito=ito, room=room.id)


@pytest.fixture
def act(server):
    return server.services.writer.act


async def post(services, account: int, channel: int, text: str, client: str):
    return await services.writer.ask(POSTING, Draft(account=account, channel=channel, client_id=client, text=text))


async def chatter(services, office, count: int, word: str = "こんにちは") -> None:
    """So many messages in a room, a group of them at a time."""

    await asyncio.gather(
        *(post(services, office.sato.id, office.room, f"{word} {n}", f"{word}-{n}") for n in range(count))
    )


def small(services, limit: int) -> None:
    """Segments of so many bytes."""
    log = state.of(services)
    log.rotation = replace(log.rotation, limit=limit)


# ---------------------------------------------------------------- what is told


async def test_every_act_is_told_with_names_as_of_then(server, office, act):
    services, room = server.services, office.room
    await post(services, office.sato.id, room, "見積もり", "c1")
    await act(amending.edit, office.sato.id, room, 1, "見積書", ALL_DAY)
    await act(actions.rename, office.sato.id, room, "営業一課")
    await act(amending.delete, office.sato.id, room, 1, ALL_DAY)
    await act(actions.add, office.sato.id, room, [office.ito.id])
    await act(actions.remove, office.sato.id, room, office.ito.id)
    await act(actions.leave, office.sato.id, room)
    direct = await act(actions.direct, office.suzuki.id, office.ito.id)
    await post(services, office.suzuki.id, direct.id, "内緒", "c2")
    async with following(services):
        await numbered(services)
    lines = [line for line in await told(services) if line["kind"] != "privilege"]
    read = [(line["kind"], line["rev"], line["body"]) for line in lines if line["channel"] == room]
    sato, suzuki, ito = ({"id": one.id, "name": one.account.name} for one in (office.sato, office.suzuki, office.ito))
    closed = {"name": "sato", "room": "営業", "kind": "closed", "members": 2}
    later = closed | {"room": "営業一課"}
    assert read == [
        ("created", 1, closed | {"people": [sato, suzuki]}),
        ("sent", 2, closed | {"text": "見積もり"}),
        ("edited", 3, closed | {"before": "見積もり", "text": "見積書"}),
        ("renamed", 4, later | {"before": "営業"}),
        ("deleted", 5, later | {"before": "見積書"}),
        ("joined", 6, later | {"person": ito, "members": 3}),
        ("left", 7, later | {"person": ito}),
        ("left", 8, later | {"person": sato, "members": 1}),
        ("owner", 9, {"person": suzuki, "room": "営業一課", "kind": "closed", "members": 1}),
    ]
    pair = [line["body"] for line in lines if line["channel"] == direct.id]
    assert [body["to"] for body in pair] == [ito, ito]
    assert pair[1]["text"] == "内緒" and "members" not in pair[1]


async def test_granting_and_taking_a_right_is_a_line_of_its_own(server, office):
    services = server.services
    listeners = people_listeners(services.ports)

    async def change(**changes):
        await services.writer.act(change_account, operator(), office.ito.id, AccountChanges(**changes), listeners)

    await change(privileges=frozenset({Privilege.ADMIN_GOTALK}))
    await change(talk_log=True)
    await change(name="伊藤")
    await change(talk=False)
    await change(enabled=False)
    await services.writer.act(account_actions.delete_account, operator(), office.ito.id, listeners)
    async with following(services):
        await numbered(services)
    lines = await told(services)
    told_of = [line["body"] for line in lines if line["kind"] == "privilege"]
    his = [body for body in told_of if body["person"]["id"] == office.ito.id]
    assert [body["change"] for body in his] == [
        {"talk": [False, True], "state": ["", "enabled"]},
        {"ADMIN_GOTALK": [False, True]},
        {"talk_log": [False, True]},
        {"talk": [True, False]},
        {"state": ["enabled", "disabled"]},
        {"ADMIN_GOTALK": [True, False], "talk_log": [True, False], "state": ["disabled", "deleted"]},
    ]
    assert his[-1]["person"]["name"] == "伊藤" and his[-1]["name"] == "operator"


async def test_what_an_import_gives_is_told_by_a_job_once(server, office):
    services = server.services

    def many(tx):
        tx.connection.execute(
            update(accounts).where(accounts.c.id == office.ito.id).values(talk=False, talk_log=True)
        )
        for listener in move_listeners(services.ports):
            listener(tx, operator(), [], [], None)

    await services.writer.act(many)
    for _ in range(2):
        await rights.tell_differences(services, {"actor": None, "name": "operator"})
    async with following(services):
        await numbered(services)
    his = [line for line in await told(services) if line["body"].get("person", {}).get("id") == office.ito.id]
    changes = [line["body"]["change"] for line in his if line["kind"] == "privilege"]
    assert changes[1:] == [{"talk": [True, False], "talk_log": [False, True]}]


# ---------------------------------------------------------------- one chain


async def test_the_chain_is_one_over_all_rooms_and_dense_from_one(server, office):
    services = server.services
    async with following(*(each.services for each in server.processes)):
        await chatter(services, office, 300)
        await numbered(services)
    lines = await told(services)
    assert [line["n"] for line in lines] == list(range(1, len(lines) + 1))
    said = [line for line in lines if line["kind"] == "sent"]
    assert [line["seq"] for line in said] == list(range(1, 301))
    assert await services.readers.ask(is_at_rest)


async def test_the_file_has_what_the_rows_have(server, office):
    services = server.services
    async with following(services):
        await chatter(services, office, 20)
        await numbered(services)
    segment = await services.readers.ask(queries.open_segment)
    rows = await services.readers.ask(queries.lines, segment.prev_hash, 0, segment.last_n, 1000)
    assert files.path_of(services, segment).read_bytes() == b"".join(rows)


async def test_segments_are_closed_signed_stored_and_their_rows_go(server, office):
    services = server.services
    small(services, 4_000)
    async with following(services):
        await chatter(services, office, 60)
        await numbered(services)
        segments = await all_segments(services)
        assert len(segments) > 3, "this test needs several"
        await in_state(services, STORED, len(segments) - 1)
        await rows_gone(services)
    before = GENESIS
    for segment in (await all_segments(services))[:-1]:
        row = await services.readers.ask(_row, segment.number)
        manifest, data = decoded(row.manifest.encode()), row.manifest.encode()
        assert manifest.prev_manifest == before and (manifest.number, manifest.state) == (segment.number, CLOSED)
        before = sha256_of(data)
        assert row.manifest_sha256 == before and row.sha256 == manifest.sha256
        places = archiving.places_of(segment.day, segment.part)
        summary = await files.summarised(services.store.read(places.lines), segment)
        assert matches(manifest, summary) and row.verdict == "ok"
        pem = await signing.public_pem(services, manifest.key)
        assert pem and signing.verifies(pem, data, bytes.fromhex(row.signature))
        rooms = await services.readers.ask(_rooms, segment.number)
        assert office.room in rooms
        assert not files.path_of(services, segment).exists()
    last = (await all_segments(services))[-1]
    rows = await services.readers.ask(lambda c: c.execute(select(log_entries.c.n)).scalars().all())
    assert min(rows) == last.first_n, "only the open segment is still in the database"
    lines = await told(services)
    assert [line["n"] for line in lines] == list(range(1, len(lines) + 1))
    assert sum(line["kind"] == "sent" for line in lines) == 60


def _row(connection, number):
    return connection.execute(select(log_segments).where(log_segments.c.number == number)).one()


def _rooms(connection, number):
    s = log_segment_rooms.c
    return set(connection.execute(select(s.channel_id).where(s.segment == number)).scalars())


async def test_midnight_closes_the_day_even_if_nobody_speaks(server, office, clock):
    services = server.services
    async with following(services):
        await chatter(services, office, 3)
        await numbered(services)
        clock.by += timedelta(days=1)
        await in_state(services, STORED, 1)
    assert [segment.state for segment in await all_segments(services)] == [STORED]
    async with following(services):
        await chatter(services, office, 1, "おはよう")
        await numbered(services)
    assert [segment.number for segment in await all_segments(services)] == [1, 2]


async def test_a_segment_that_was_followed_elsewhere_is_written_anew_from_the_rows(server, office):
    services = server.services
    async with following(services):
        await chatter(services, office, 10)
        await numbered(services)
    segment = await services.readers.ask(queries.open_segment)
    files.path_of(services, segment).unlink()
    async with following(services):
        await chatter(services, office, 1, "後で")
        await numbered(services)
    segment = await services.readers.ask(queries.open_segment)
    assert files.path_of(services, segment).read_bytes() == b"".join(await whole_log(services))


# ---------------------------------------------------------------- heads


async def test_a_head_goes_to_auditors_with_every_segment_that_is_closed(server, office, clock):
    services = server.services
    services.settings = services.settings.model_copy(update={"log_auditors": ("auditor@kansa.example",)})
    async with following(services):
        await chatter(services, office, 3)
        await numbered(services)
        clock.by += timedelta(days=1)
        await in_state(services, STORED, 1)
    await heads.send_daily(services)
    await heads.send_waiting(services)
    head = await services.readers.ask(heads.current)
    sent = await services.readers.ask(lambda c: c.execute(select(log_heads)).all())
    assert [(row.n, row.place, row.problem) for row in sent] == [(head.n, "mail", "")] * 2
    assert all(row.sent_at for row in sent)
    bodies = await services.readers.ask(lambda c: c.execute(select(mails.c.to_address, mails.c.body)).all())
    assert len(bodies) == 2
    assert all(row.to_address == "auditor@kansa.example" and f"{head.n}:{head.hash}" in row.body for row in bodies)


async def test_heads_leave_while_the_store_does_not_answer(server, office, monkeypatch):
    left, looked = asyncio.Event(), asyncio.Event()

    async def dead(*_given):
        raise StoreFailed()

    async def send(_services):
        left.set()

    async def look(*_given):
        looked.set()

    monkeypatch.setattr(archiving, "archive_all", dead)
    monkeypatch.setattr(heads, "send_waiting", send)
    monkeypatch.setattr(archiving, "verify_oldest", look)
    async with following(server.services), asyncio.timeout(10):
        await left.wait()
        await looked.wait()


async def test_the_public_key_is_in_the_store_before_anything_is_closed(server, office):
    services = server.services
    place = signing.public_place(state.of(services).keys.current)
    async with following(services), asyncio.timeout(10):
        while not [each async for each in services.store.walk("talklog/keys")]:
            await asyncio.sleep(0.01)
    assert await services.store.size(place)


async def test_a_segment_whose_key_nobody_has_is_stored_and_alarms(server, office, clock, monkeypatch):
    services = server.services

    async def later(*_given):
        """A machine that dies before it stores anything, and takes its key with it."""

    with monkeypatch.context() as patched:
        patched.setattr(archiving, "archive_all", later)
        patched.setattr(archiving, "publish_keys", later)
        async with following(services):
            await chatter(services, office, 2)
            await numbered(services)
            clock.by += timedelta(days=1)
            await in_state(services, CLOSED, 1)
    state.of(services).keys = signing.Keys([Ed25519PrivateKey.generate()])
    async with following(services):
        await in_state(services, STORED, 1)
    assert (await services.readers.ask(_row, 1)).verdict == "key"


# ---------------------------------------------------------------- how long


@pytest.fixture
async def kept(server, office, clock):
    """Three days of the log, each a stored segment; then a fourth begins."""
    services = server.services
    services.settings = services.settings.model_copy(update={"log_retention_months": 1})
    async with following(services):
        for day in range(3):
            await chatter(services, office, 2, f"日{day}")
            await numbered(services)
            clock.by += timedelta(days=1)
            await in_state(services, STORED, day + 1)
    clock.by += timedelta(days=60)
    return services


async def test_what_is_old_expires_and_the_chain_goes_on(kept):
    await retention.expire(kept)
    segments = await all_segments(kept)
    assert [segment.state for segment in segments] == [EXPIRED] * 3
    row = await kept.readers.ask(_row, 2)
    places = archiving.places_of(row.day, row.part)
    with pytest.raises(Missing):
        await kept.store.size(places.lines)
    assert await kept.store.size(places.manifest) and row.manifest and row.signature
    async with following(kept):
        await numbered(kept)
    lines = await told(kept)
    assert [line["body"]["number"] for line in lines if line["kind"] == "expired"] == [1, 2, 3]
    assert lines[0]["n"] == segments[-1].last_n + 1 and lines[0]["prev"] == segments[-1].last_hash
    assert lines[0]["body"]["sha256"] == (await kept.readers.ask(_row, 1)).sha256


async def test_no_lines_stay_on_a_machines_own_disk(kept):
    """Of what another machine has closed, of what a crash has left, of what was set aside."""
    segment = await kept.readers.ask(queries.segment, 1)
    left = files.path_of(kept, segment)
    aside = left.with_name(f"{left.name}.aside-1")
    unknown = left.with_name("talk_20990101_01.jsonl")
    for path in (left, aside, unknown):
        path.write_bytes(b"{}\n")
    await leftovers.tidy(kept)
    assert (left.exists(), aside.exists(), unknown.exists()) == (False, True, True)
    await retention.expire(kept)
    await leftovers.tidy(kept)
    assert (aside.exists(), unknown.exists()) == (False, True)


@pytest.mark.parametrize("kind", ["room", "person"])
async def test_a_hold_pins_what_speaks_of_it(kept, office, kind):
    target = office.room if kind == "room" else office.suzuki.id
    hold = await kept.writer.act(holds.place, operator(), kind, target, "訴訟 12")
    await retention.expire(kept)
    assert {segment.state for segment in await all_segments(kept)} == {STORED}
    await kept.writer.act(holds.release, operator(), hold, "終了")
    await retention.expire(kept)
    assert {segment.state for segment in await all_segments(kept)} == {EXPIRED}
    async with following(kept):
        await numbered(kept)
    told_of = [line["body"] for line in await told(kept) if line["kind"] == "hold"]
    assert [(body["released"], body["reason"]) for body in told_of] == [(False, "訴訟 12"), (True, "終了")]
    assert [(each.id, each.reason, each.released_at is None) for each in await kept.readers.ask(holds.listed)] == [
        (hold, "訴訟 12", False)
    ]


async def test_a_deleted_messages_file_goes_with_the_last_line_that_names_it(kept, office):
    first = await kept.readers.ask(_row, 1)
    last = await kept.readers.ask(_row, 3)

    def carry(tx):
        base = {
            "account_id": office.sato.id,
            "name": "x",
            "size": 1,
            "created_at": 1,
            "moved_at": 1,
            "stored_size": 1,
        }
        for key, deleted in (("old", first.last_at - 2 * retention.MARGIN_MS), ("young", last.last_at + 10**8)):
            row = {"key": key, "state": "deleted", "channel_id": office.room, "seq": len(key), "deleted_at": deleted}
            tx.connection.execute(insert(file_rows).values(**base, **row))

    await kept.writer.act(carry)
    await retention.expire(kept)
    rows = await kept.readers.ask(lambda c: c.execute(select(file_rows.c.key, file_rows.c.state)).all())
    assert {row.key: row.state for row in rows} == {"old": "gone", "young": "deleted"}


# ---------------------------------------------------------------- log against database


async def test_log_and_database_agree_and_stay_so(server, office, act):
    services = server.services
    small(services, 4_000)
    async with following(services):
        await chatter(services, office, 50)
        await act(amending.edit, office.sato.id, office.room, 3, "直し", ALL_DAY)
        await act(amending.delete, office.sato.id, office.room, 4, ALL_DAY)
        assert await reconciling.compare(services) == ("ok", "")
        await chatter(services, office, 5, "続き")
        await act(amending.edit, office.sato.id, office.room, 5, "二度", ALL_DAY)
        assert await reconciling.compare(services) == ("ok", "")


def _spoil_text(tx):
    tx.connection.execute(update(messages).where(messages.c.seq == 2).values(text="別の話"))


def _lose_message(tx):
    tx.connection.execute(delete(messages).where(messages.c.seq == 2))


def _lose_entry(tx):
    e = log_entries.c
    tx.connection.execute(delete(log_entries).where(e.kind == "sent", e.seq == 2))


def _lose_last_entry(tx):
    e = log_entries.c
    tx.connection.execute(delete(log_entries).where(e.kind == "sent", e.seq == 5))


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [(_spoil_text, "text"), (_lose_message, "unstored"), (_lose_entry, "gap"), (_lose_last_entry, "unlogged")],
)
async def test_a_difference_is_found_named_and_alarms(server, office, spoil, fault):
    services = server.services
    await chatter(services, office, 5)
    await services.writer.act(spoil)
    async with following(services):
        await reconciling.reconcile(services)
        await reconciling.reconcile(services)
    rows = await services.readers.ask(lambda c: c.execute(select(log_checks)).all())
    assert [row.result for row in rows] == [fault, fault], "it stands until it is mended"
    assert all(f"channel {office.room} seq" in row.detail for row in rows)
    stand = await services.readers.ask(alarms.alarms, to_millis(services.clock()))
    assert [alarm.result for alarm in stand] == [fault]
    assert (await services.readers.ask(alarms.figures))["talklog_unreconciled"] == 1


async def test_an_old_text_that_is_changed_is_found_when_its_segment_is_looked_at_again(kept):
    segment = await kept.readers.ask(queries.segment, 1)
    assert await reconciling.contradicted(kept, segment) == ""
    await kept.writer.act(_spoil_text)
    lease = await kept.writer.act(leases.take, "talk log", "nobody")
    assert await archiving.verify_oldest(kept, lease, to_millis(kept.clock()))
    row = await kept.readers.ask(_row, 1)
    assert row.verdict.startswith("text ")
    stand = await kept.readers.ask(alarms.alarms, to_millis(kept.clock()))
    assert [alarm.detail for alarm in stand if alarm.result == "segment"] == [f"1: {row.verdict}"]


async def test_a_row_that_is_changed_before_its_segment_closes_is_in_the_file_as_it_was(server, office, clock):
    services = server.services
    async with following(services):
        await chatter(services, office, 5)
        await numbered(services)
        e = log_entries.c
        await services.writer.act(
            lambda tx: tx.connection.execute(update(log_entries).where(e.seq == 2).values(body='{"text":"嘘"}'))
        )
        clock.by += timedelta(days=1)
        await in_state(services, STORED, 1)
    said = [line["body"]["text"] for line in await told(services) if line["kind"] == "sent"]
    assert sorted(said) == sorted(f"こんにちは {n}" for n in range(5))


async def test_an_entry_that_waits_too_long_is_an_alarm(server, office):
    services = server.services
    now = to_millis(services.clock())
    assert await services.readers.ask(alarms.alarms, now) == []
    found = await services.readers.ask(alarms.alarms, now + alarms.LAGS_AFTER_MS + 60_000)
    assert [alarm.result for alarm in found] == ["lag"]
