"""What begins by itself asks those whose areas are hit, once; what asks again, is taken back or goes at its time;
定型文 and the settings.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from anpi import incidents as door
from anpi import preparing, reach, reminding, upkeep
from anpi.incidents import Start
from anpi.sending.tables import deliveries
from anpi.sending.variables import Facts
from anpi.tables import answers, counted, incidents, sends, targets
from directory.tables import statuses
from server.data.transaction import Transaction
from server.services import Services
from server.settings import Settings
from tests.tools.anpi_incidents import (
    MESSAGE,
    PUBLIC_URL,
    Desk,
    administrator,
    answered,
    asked,
    mailed,
    scope,
    set_row,
    target,
    trail,
)
from tests.tools.running import Running

CHUBU, EAST, YAIZU = "442", "443", "2221200"
AREAS = {0: ["work:442"], 1: ["work:13", "home:2221200"], 2: ["work:22", "home:442"], 3: ["work:13"], 5: ["home:443"]}
"""Of six people: 静岡県中部; 東京 and 焼津市; 静岡県; 東京; nothing; 静岡県東部."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"public_url": PUBLIC_URL})


@pytest.fixture
async def desk(server: Running) -> AsyncIterator[Desk]:
    here = Desk(server, await administrator(server.services))
    async with here.visitor:
        yield here


def quake(key: str = "eq:20270401120000", areas: tuple[str, ...] = (CHUBU,), **given: Any) -> Start:
    facts = Facts("5+", ("静岡県中部",), "駿河湾", datetime.fromisoformat("2027-04-01T12:00+09:00")).json()
    return Start(key, "earthquake", areas, facts, **given)


async def start(services: Services, about: Start) -> int:
    """It begins, and all that follows is there."""
    id: int = await services.writer.act(door.start_automatic, about)
    await preparing.prepare_all(services)
    return id


async def rounds(services: Services, id: int) -> dict[int, int]:
    """The newest round that was sent to each."""
    t = targets.c
    rows = await services.readers.ask(
        lambda db: db.execute(select(t.account_id, t.round).where(t.incident_id == id)).all()
    )
    return {row.account_id: row.round for row in rows}


async def due_now(services: Services, id: int, minutes: float) -> int:
    """So many minutes after everybody was asked; how many sends begin."""
    t = targets
    ago = services.clock() - timedelta(minutes=minutes)
    moved = update(t).where(t.c.incident_id == id).values(asked_at=ago)
    ripe = update(t).where(t.c.incident_id == id, t.c.again_at.is_not(None)).values(again_at=services.clock())
    for each in (moved, ripe):
        await services.writer.act(lambda tx, each=each: tx.connection.execute(each))
    begun: int = await services.writer.act(reminding.begin_due)
    await preparing.prepare_all(services)
    return begun


# ---------------------------------------------------------------- beginning by itself


async def test_asked_is_whose_area_is_hit_and_who_has_none(server):
    services = server.services
    ids = await scope(services, 6, areas=AREAS)
    id = await start(services, quake())
    assert await asked(services, id) == [ids[0], ids[1], ids[2], ids[4]]
    second = await target(services, id, ids[1])
    assert (second.area, second.area_kind) == (YAIZU, "home"), "the area that was hit, not the first one"
    assert (await target(services, id, ids[4])).area == ""
    assert await mailed(services, id) == [(person, 0, "email1") for person in (ids[0], ids[1], ids[2], ids[4])]
    assert await trail(services, "anpi.start") == [("automatic", "ok")]


async def test_whom_areas_mean_is_the_same_asked_at_once(server):
    services = server.services
    ids = await scope(services, 6, areas=AREAS)
    found = await services.readers.ask(reach.numbers, [CHUBU])
    id = await start(services, quake())
    assert found == await asked(services, id) == [*ids[:3], ids[4]]
    third = await target(services, id, ids[2])
    assert (third.area, third.area_kind) == ("22", "work"), "work goes before home"
    assert await services.readers.ask(reach.numbers, [CHUBU], False) == ids[:3]


async def test_the_same_quake_begins_once_whoever_tells(server):
    services = server.services
    await scope(services, 3)
    here = [each.services for each in server.processes] * 4
    ids = await asyncio.gather(*(each.writer.act(door.start_automatic, quake()) for each in here))
    await asyncio.gather(*(preparing.prepare_all(each) for each in here))
    assert len(set(ids)) == 1
    assert len(await mailed(services, ids[0])) == 3
    assert await start(services, quake()) == ids[0]


async def test_its_text_questions_and_reminders_are_those_of_the_settings(server, desk):
    services = server.services
    changed = await desk.post("settings", message="{地域}で震度{震度}。", remind=[20], location=True)
    assert changed.status_code == 200, changed.text
    id = await start(services, quake())
    shown = await desk.get(f"incidents/{id}")
    assert (shown["title"], shown["message"]) == ("災害発生/Disaster occurred", "{地域}で震度{震度}。")
    assert (shown["reminders"], shown["location"], shown["origin"]) == ([20], True, "automatic")
    assert shown["facts"]["level"] == "5+" and shown["facts"]["areas"] == ["静岡県中部"]
    tsunami = await start(services, Start("tsunami:1", "tsunami", ("22",)))
    assert "震度" not in (await desk.get(f"incidents/{tsunami}"))["message"]


async def test_widening_asks_only_those_in_the_new_areas(server):
    services = server.services
    ids = await scope(services, 6, areas=AREAS)
    id = await start(services, quake())
    assert await services.writer.act(door.widen, id, [CHUBU, EAST], Facts("6-").json()) is not None
    await preparing.prepare_all(services)
    assert await asked(services, id) == [*ids[:3], *ids[4:]]
    assert len(await mailed(services, id)) == 5


async def test_a_drill_of_the_earth_says_so_and_asks_nobody_again(server):
    services = server.services
    ids = await scope(services, 1)
    id = await start(services, quake(drill=True))
    row = await services.readers.ask(lambda db: db.execute(select(incidents).where(incidents.c.id == id)).one())
    assert row.title == "【訓練】災害発生/Disaster occurred" and row.drill
    assert (await target(services, id, ids[0])).again_at is None


# ---------------------------------------------------------------- taken back


async def test_a_quake_that_is_taken_back_is_told_to_those_reached_and_nobody_else(server, desk):
    services = server.services
    ids = await scope(services, 3)
    id = await start(services, quake())
    d = deliveries
    gone = update(d).where(d.c.account_id == ids[0]).values(state="sent", ended_at=services.clock())
    await services.writer.act(lambda tx: tx.connection.execute(gone))
    assert [await services.writer.act(door.cancel, id) for _ in range(2)] == [True, False]
    await preparing.prepare_all(services)
    assert await mailed(services, id, 100) == [(ids[0], 100, "email1")]
    shown = await desk.get(f"incidents/{id}")
    assert shown["cancelled_at"] > 0 and shown["state"] == "open"
    badges = select(func.count()).select_from(statuses).where(statuses.c.gone.is_(False))
    assert await services.readers.ask(lambda db: db.execute(badges).scalar_one()) == 4, "badges stay until 完了"
    for path in ("send", "resend"):
        body = {"whom": {"all": True}, "people": 1} if path == "send" else {}
        refused = await desk.post(f"incidents/{id}/{path}", key=desk.key(), **body)
        assert refused.json()["code"] == "incident_cancelled"
    assert await due_now(services, id, 31) == 0
    assert await services.writer.act(door.widen, id, [EAST]) is None


async def test_the_word_of_a_withdrawal_is_no_sign_that_the_question_came(server, desk):
    services = server.services
    lost, had, folder = ids = await scope(services, 3)
    id = await start(services, quake())
    await became(services, id, 0, {each: "sent" for each in ids})
    await services.writer.act(door.cancel, id)
    await preparing.prepare_all(services)
    await became(services, id, 0, {lost: "bounced", folder: "written"})
    await became(services, id, 100, {each: "sent" for each in ids})

    progress = (await desk.get(f"incidents/{id}"))["progress"]
    assert (progress["sent"], progress["written"]) == (1, 1)
    rows = (await desk.get(f"incidents/{id}/people"))["people"]
    assert {row["id"]: row.get("sent") for row in rows if row["id"] in ids} == {
        lost: "failed",
        had: "sent",
        folder: "written",
    }
    for path, word in (("people", "sent"), ("answers", "reached")):
        found = await desk.get(f"incidents/{id}/{path}?sent={word}")
        assert [row["id"] for row in found["people"]] == [had], path
    unreached = (await desk.get(f"incidents/{id}/unreached?sent=failed"))["people"]
    assert [(row["id"], row["sent"]) for row in unreached] == [(lost, "failed")]
    assert (await desk.get(f"incidents/{id}/totals"))["sending"]["reached"] == 1
    table = (await desk.visitor.get(f"/api/anpi/incidents/{id}/answers.csv?sent=failed")).text
    assert "不達" in table.splitlines()[1]


async def became(services: Services, id: int, round: int, states: dict[int, str]) -> None:
    """This has become of the mails of a round, by person."""
    d = deliveries.c

    def run(tx: Transaction) -> None:
        for account, state in states.items():
            mine = update(deliveries).where(d.incident_id == id, d.round == round, d.account_id == account)
            changed = tx.connection.execute(mine.values(state=state, ended_at=tx.now))
            assert changed.rowcount == 1, "this test needs one mail of each"

    await services.writer.act(run)


# ---------------------------------------------------------------- asking again by itself


async def test_the_silent_are_asked_again_three_times_and_then_left_alone(server):
    services = server.services
    ids = await scope(services, 2)
    id = await start(services, quake())
    first = await target(services, id, ids[0])
    assert first.again_at - first.asked_at == timedelta(minutes=30)
    assert await services.writer.act(reminding.begin_due) == 0, "it is not time yet"
    await answered(services, id, ids[0])
    begun = [await due_now(services, id, minutes) for minutes in (31, 61, 121, 200)]
    assert begun == [1, 1, 1, 0]
    assert (await rounds(services, id)) == {ids[0]: 0, ids[1]: 3}
    assert [round for _, round, _ in await mailed(services, id) if round] == [1, 2, 3]
    assert (await target(services, id, ids[1])).again_at is None


async def test_reminders_that_were_stopped_go_on_when_it_is_known_to_be_true(server):
    services = server.services
    await scope(services, 2)
    id = await start(services, replace(quake(), cause="early_warning"))
    await services.writer.act(door.hush, id)
    assert await due_now(services, id, 31) == 0
    await services.writer.act(door.learn, id, "{}", "earthquake")
    assert await due_now(services, id, 31) == 1


async def test_nobody_is_asked_again_while_it_is_suspended_or_over(server, desk):
    services = server.services
    await scope(services, 1)
    suspended = await start(services, quake("eq:1"))
    await set_row(services, suspended, suspended_at=services.clock())
    over = await start(services, quake("eq:2"))
    await desk.complete(over)
    await preparing.prepare_all(services)
    assert [await due_now(services, id, 31) for id in (suspended, over)] == [0, 0]


async def test_a_step_that_is_done_by_several_is_done_once(server):
    services = server.services
    await scope(services, 2 * preparing.STEP + 10)
    id: int = await services.writer.act(door.start_automatic, quake())
    (send,) = await services.readers.ask(lambda db: list(db.execute(select(sends.c.id)).scalars()))
    here = [each.services for each in server.processes] * 2
    await asyncio.gather(*(each.writer.bulk(preparing.steps(each, send)) for each in here))
    assert len(await asked(services, id)) == len(await mailed(services, id)) == 2 * preparing.STEP + 10
    row = await services.readers.ask(lambda db: db.execute(select(sends)).one())
    assert (row.state, row.people) == ("ready", 2 * preparing.STEP + 10)


async def test_the_loop_takes_up_what_was_begun_and_ends_with_the_process(server):
    services = server.services
    ids = await scope(services, 3)
    loop = asyncio.create_task(preparing.run(services))
    id: int = await services.writer.act(door.start_automatic, quake())
    async with asyncio.timeout(20):
        while len(await mailed(services, id)) < len(ids):
            await asyncio.sleep(0.01)
    services.draining = True
    services.wakeups.wake_all()
    await asyncio.wait_for(loop, 20)
    services.draining = False


async def test_a_step_that_fails_leaves_nothing_and_is_done_again(server, monkeypatch):
    services = server.services
    await scope(services, preparing.STEP + 10)
    id: int = await services.writer.act(door.start_automatic, quake())
    broken, calls = preparing.deliveries.add, []

    def fails_once(*args: Any) -> None:
        calls.append(args)
        broken(*args)
        if len(calls) == 2:
            raise RuntimeError("in the midst of the second step")

    monkeypatch.setattr(preparing.deliveries, "add", fails_once)
    assert await preparing.prepare_all(services), "it says that something could not be done"
    assert len(await asked(services, id)) == len(await mailed(services, id)) == preparing.STEP
    assert not await preparing.prepare_all(services)
    assert len(await asked(services, id)) == len(await mailed(services, id)) == preparing.STEP + 10


# ---------------------------------------------------------------- at its time


async def test_where_people_were_is_forgotten_thirty_days_after_all_is_completed(server, desk):
    services = server.services
    ids = await scope(services, 1)
    one, other = [await start(services, quake(f"eq:{n}")) for n in range(2)]

    def give(tx: Transaction) -> None:
        row = {"key": "k", "account_id": ids[0], "incident_id": one, "at": tx.now, "channel": "mail", "self": "safe"}
        where = {"lat": 34.8, "lon": 138.3, "accuracy": 20.0}
        made = tx.connection.execute(insert(answers).returning(answers.c.id), row | where).scalar_one()
        rows = [{"incident_id": id, "account_id": ids[0], "answer_id": made} for id in (one, other)]
        tx.connection.execute(insert(counted), rows)

    await services.writer.act(give)

    async def place() -> Any:
        return await services.readers.ask(lambda db: db.execute(select(answers.c.lat)).scalar_one())

    long_ago = services.clock() - timedelta(days=31)
    await set_row(services, one, completed_at=long_ago, state="done")
    await upkeep.forget_locations(services)
    assert await place() == 34.8, "it counts in another that is open"
    await set_row(services, other, completed_at=long_ago, state="done")
    await upkeep.forget_locations(services)
    assert await place() is None


# ---------------------------------------------------------------- 定型文 and settings


async def test_templates_are_kept_checked_and_removed(server, desk):
    wish = {"name": "台風（出社可否）", "title": "台風", "message": MESSAGE}
    (first,) = (await desk.post("templates", **wish)).json()["templates"]
    await desk.post("templates", **wish | {"name": "雪"})
    changed = await desk.post(f"templates/{first['id']}", **wish | {"title": "大型台風"})
    assert [each["title"] for each in changed.json()["templates"]] == ["大型台風", "台風"]
    for wrong, code in (
        ({"message": "{誰}"}, "unknown_variable"),
        ({"title": "一\n二"}, "line_break"),
        ({"name": " "}, "required"),
    ):
        assert (await desk.post("templates", **wish | wrong)).json()["code"] == code
    assert (await desk.post(f"templates/{first['id']}/remove")).status_code == 200
    assert [each["name"] for each in (await desk.get("templates"))["templates"]] == ["雪"]
    assert (await desk.post(f"templates/{first['id']}/remove")).status_code == 404


async def test_settings_keep_what_is_left_out_and_refuse_what_is_wrong(server, desk):
    shown = (await desk.post("settings", emergency_number="054-123-4567", badge_detail="support")).json()
    assert (shown["emergency_number"], shown["badge_detail"], shown["remind"]) == (
        "054-123-4567",
        "support",
        [30, 60, 120],
    )
    assert shown["outside"] and shown["changeable"] and shown["linked"]
    for wrong, code in (
        ({"message": "{だれか}"}, "unknown_variable"),
        ({"message": ""}, "required"),
        ({"managers": [10**6]}, "format"),
        ({"remind": [1]}, "invalid"),
        ({"remind": [30, 60, 90, 120]}, "invalid"),
        ({"title": "別の表題"}, "invalid"),
    ):
        assert (await desk.post("settings", **wrong)).json()["code"] == code, wrong
    assert (await desk.get("settings"))["badge_detail"] == "support"


async def test_only_who_is_named_manages_the_settings(server, desk):
    assert (await desk.post("settings", managers=[desk.who.id])).json()["administrators"][0]["manages"]
    from server.auth.model import Privilege
    from server.auth.tables import privileges

    other = Desk(server, await administrator_too(server, Privilege.ADMIN_ANPI, privileges))
    async with other.visitor:
        assert not (await other.get("settings"))["changeable"]
        assert (await other.post("settings", outside=False)).status_code == 404
    assert (await desk.get("settings"))["outside"]


async def administrator_too(server: Running, privilege: str, table: Any) -> Any:
    """A second administrator (the first has the 安否ログインID that ``hire`` gives)."""
    from tests.tools.company import hire

    someone = await hire(server.services, "kato")
    row = insert(table).values(account_id=someone.id, privilege=privilege)
    await server.services.writer.act(lambda tx: tx.connection.execute(row))
    return someone
