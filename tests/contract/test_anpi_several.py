"""Incidents beside each other, and what is decided while one is under way: earlier answers count, the badges of a
suspended drill go, the word of a 取消 goes on, nobody is asked twice at once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from anpi import incidents as door
from anpi import preparing, upkeep
from anpi.answers.answering import ANSWER
from anpi.answers.frames import Said
from anpi.answers.model import Given
from anpi.incidents import Start
from anpi.sending import leasing
from anpi.sending.deliveries import LOCK
from anpi.sending.tables import deliveries
from anpi.tables import counted
from directory.tables import posts, statuses
from server.clock import to_millis
from server.services import Services
from server.settings import Settings
from server.work.tables import mails
from tests.tools.anpi_incidents import (
    PUBLIC_URL,
    Desk,
    administrator,
    asked,
    mailed,
    post,
    scope,
    set_row,
    target,
)
from tests.tools.directory import found
from tests.tools.running import Running

SHARES = {"mail": 100}
HOUR = timedelta(hours=1)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"public_url": PUBLIC_URL})


@pytest.fixture
async def desk(server: Running) -> AsyncIterator[Desk]:
    here = Desk(server, await administrator(server.services))
    async with here.visitor:
        yield here


async def give(services: Services, about: int, person: int, said: str = "safe", **given: Any) -> None:
    key = f"{about}-{person}-{said}"
    await services.writer.ask(ANSWER, Given(key, person, about, "directory", Said(self=said, **given)))


async def badges(services: Services) -> dict[tuple[int, int], str]:
    """By incident and person, those that are there."""
    s = statuses.c
    wanted = select(s.incident, s.account_id, s.state).where(s.gone.is_(False))
    rows = await services.readers.ask(lambda db: db.execute(wanted).all())
    return {(row.incident, row.account_id): row.state for row in rows}


def hours_ago(services: Services, hours: float) -> int:
    return to_millis(services.clock() - timedelta(hours=hours))


# ---------------------------------------------------------------- earlier answers (A13)


async def test_an_earlier_answer_counts_where_somebody_is_asked_later(server, desk):
    services = server.services
    ids = await scope(services, 3)
    first = await desk.sent({"picked": ids}, count_from=hours_ago(services, 2))
    await give(services, first, ids[0], "minor")
    await give(services, first, ids[0], "major", help=True)
    second = await desk.sent({"picked": ids}, count_from=hours_ago(services, 1))

    known = await target(services, second, ids[0])
    assert (known.self, bool(known.help), known.again_at) == ("major", True, None)
    assert known.answered_at == (await target(services, first, ids[0])).answered_at
    assert known.first_at == known.asked_at, "curves do not begin before the asking"
    shown = await badges(services)
    assert (shown[second, ids[0]], shown[second, ids[1]]) == ("major", "unanswered")
    here = select(func.count()).select_from(counted).where(counted.c.incident_id == second)
    assert await services.readers.ask(lambda db: db.execute(here).scalar_one()) == 2
    assert (await desk.get(f"incidents/{second}"))["progress"]["answered"] == 1
    await desk.post(f"incidents/{second}/resend", key=desk.key())
    await preparing.prepare_all(services)
    assert [person for person, _, _ in await mailed(services, second, 1)] == ids[1:]


async def test_of_earlier_answers_the_newest_counts_as_it_did_where_it_was_given(server, desk):
    services = server.services
    ids = await scope(services, 2)
    first = await desk.sent({"picked": ids}, count_from=hours_ago(services, 2))
    await give(services, first, ids[0], "major")
    offline = Given("offline", ids[0], first, "queue", Said(self="safe"), written_at=services.clock() - HOUR)
    await services.writer.ask(ANSWER, offline)
    await give(services, first, ids[1], "major")
    # So soon after the mail that a machine may have pressed.
    await services.writer.ask(ANSWER, Given("pressed", ids[1], first, "mail", Said(self="safe")))
    standing = [(await target(services, first, id)).answer_id for id in ids]

    second = await desk.sent({"picked": ids}, count_from=hours_ago(services, 1))

    assert [(await target(services, second, id)).answer_id for id in ids] == standing


@pytest.mark.parametrize("other", [{"drill": True}, {"count_from": -1}, {"kind": "notice"}])
async def test_an_answer_of_another_kind_or_from_before_does_not_count(server, desk, other):
    services = server.services
    ids = await scope(services, 1)
    first = await desk.sent({"picked": ids}, count_from=hours_ago(services, 2))
    await give(services, first, ids[0])
    later = {"count_from": to_millis(services.clock()) + 1} if "count_from" in other else other
    second = await desk.sent({"picked": ids}, **{"count_from": hours_ago(services, 1)} | later)
    assert (await target(services, second, ids[0])).answer_id is None


# ---------------------------------------------------------------- 取消, and 完了 right after it (A17)


async def test_those_reached_hear_of_a_cancellation_although_it_is_completed_at_once(server, desk):
    services = server.services
    ids = await scope(services, 3)
    id = await services.writer.act(door.start_automatic, Start("eq:1", "earthquake", ("442",)))
    await preparing.prepare_all(services)
    gone = update(deliveries).where(deliveries.c.account_id.in_(ids[:2]))
    gone = gone.values(state="sent", ended_at=services.clock())
    await services.writer.act(lambda tx: tx.connection.execute(gone))
    await services.writer.act(door.cancel, id)
    assert (await desk.complete(id)).status_code == 200
    await preparing.prepare_all(services)

    load = await services.writer.act(leasing.step, "s", shares=SHARES)
    assert [(each.account, each.round) for each in load.taken] == [(ids[0], 100), (ids[1], 100)]


async def test_who_is_told_of_a_cancellation_is_read_under_the_senders_lock(server, monkeypatch):
    services = server.services
    await scope(services, 1)
    id = await services.writer.act(door.start_automatic, Start("eq:1", "earthquake", ("442",)))
    await preparing.prepare_all(services)
    await services.writer.act(door.cancel, id)
    (send,) = await services.readers.ask(preparing.queries.preparing)
    held: list[str] = []
    reached = preparing._Step._reached

    def noted(self: Any, people: Any) -> Any:
        held.append("read")
        return reached(self, people)

    def step(tx: Any) -> None:
        monkeypatch.setattr(type(tx), "lock", lambda _, name: held.append(name))
        monkeypatch.setattr(preparing._Step, "_reached", noted)
        preparing.step(services, send, tx)

    await services.writer.act(step)
    assert held == [LOCK, "read"]


async def test_completing_leaves_what_a_sender_holds_to_him(server, desk):
    services = server.services
    ids = await scope(services, 3)
    id = await desk.sent({"picked": ids})
    load = await services.writer.act(leasing.step, "s", shares={"mail": 1})
    await desk.complete(id)
    await preparing.prepare_all(services)
    done = [leasing.Result(each.id, id, each.account, leasing.State.SENT) for each in load.taken]
    await services.writer.act(leasing.step, "s", done)
    wanted = select(deliveries.c.state).order_by(deliveries.c.account_id)
    assert await services.readers.ask(lambda db: list(db.execute(wanted).scalars())) == ["sent", "dropped", "dropped"]


# ---------------------------------------------------------------- drills


async def test_a_drill_that_is_suspended_takes_its_badges_with_it(server, desk):
    services = server.services
    ids = await scope(services, 3)
    drill = await desk.sent({"picked": ids}, drill=True)
    await give(services, drill, ids[2])
    real = await desk.sent({"picked": ids[:1]})
    assert await badges(services) == {(real, ids[0]): "unanswered"}
    await give(services, drill, ids[1])
    assert await badges(services) == {(real, ids[0]): "unanswered"}
    assert (await target(services, drill, ids[1])).self == "safe", "it is still counted"
    waiting = select(func.count()).where(deliveries.c.incident_id == drill, deliveries.c.state == "waiting")
    assert await services.readers.ask(lambda db: db.execute(waiting).scalar_one()) == 0
    assert [each["act"] for each in (await desk.get(f"incidents/{drill}"))["sends"]] == ["ask"]


# ---------------------------------------------------------------- decided while it is under way


async def test_whose_badges_go_does_not_stand_before_those_who_are_asked(server, desk, monkeypatch):
    services = server.services
    ids = await scope(services, 2)
    await desk.sent({"picked": ids}, drill=True)
    bulk, first = services.writer.bulk, dict[str, bool]()

    def watched(steps, **given):
        first[steps.gi_frame.f_locals["plan"].chosen.kind] = given["first"]
        return bulk(steps, **given)

    monkeypatch.setattr(services.writer, "bulk", watched)
    await desk.sent({"picked": ids})
    assert first == {"done": False, "picked": True}


async def test_badges_that_are_shown_follow_the_setting(server, desk):
    services = server.services
    ids = await scope(services, 3)
    id = await desk.sent({"picked": ids})
    await give(services, id, ids[0], "major")
    await give(services, id, ids[1], "minor")
    since = select(statuses.c.since).where(statuses.c.account_id == ids[0])
    before = await services.readers.ask(lambda db: db.execute(since).scalar_one())
    for detail, seen in (("support", ["support", "safe"]), ("full", ["major", "minor"])):
        assert (await desk.post("settings", badge_detail=detail)).status_code == 200
        await preparing.prepare_all(services)
        shown = await badges(services)
        assert [shown[id, person] for person in ids] == [*seen, "unanswered"]
    assert await services.readers.ask(lambda db: db.execute(since).scalar_one()) == before


async def test_two_who_ask_the_silent_again_at_once_ask_them_once(server, desk):
    services = server.services
    ids = await scope(services, 2)
    id = await desk.sent({"picked": ids})
    assert (await desk.post(f"incidents/{id}/resend", key=desk.key())).status_code == 200
    second = await desk.post(f"incidents/{id}/resend", key=desk.key())
    assert (second.status_code, second.json()["code"]) == (409, "asking_again")
    await preparing.prepare_all(services)
    assert [round for _, round, _ in await mailed(services, id)] == [0, 0, 1, 1]
    assert (await desk.post(f"incidents/{id}/resend", key=desk.key())).status_code == 200


async def test_letters_are_asked_for_again_under_the_lock(server, desk, monkeypatch):
    """Two ticks that found the same one: the second waits, and then does nothing."""
    services = server.services
    ids = await scope(services, 1)
    tomorrow = to_millis(services.clock() + timedelta(days=1))
    id = await desk.sent({"picked": ids}, closing_at=tomorrow, closing_to="bousai@example.co.jp")
    await set_row(services, id, closing_at=services.clock())
    monkeypatch.setattr(upkeep, "_closing_due", lambda *_: [id])
    assert [await services.writer.act(upkeep.send_closing, services) for _ in range(2)] == [1, 0]
    monkeypatch.setattr(upkeep, "_forgotten", lambda *_: [id])
    await set_row(services, id, sent_at=services.clock() - timedelta(hours=73))
    assert [await services.writer.act(upkeep.nag, services) for _ in range(2)] == [1, 0]


async def test_a_notice_leaves_nobody_unanswered(server, desk):
    services = server.services
    ids = await scope(services, 2)
    tomorrow = to_millis(services.clock() + timedelta(days=1))
    given = {"closing_at": tomorrow, "closing_to": "bousai@example.co.jp"}
    id = await desk.sent({"picked": ids}, kind="notice", **given)
    assert (await desk.complete(id)).json()["unanswered"] == 0
    await set_row(services, id, closing_at=services.clock())
    assert await services.writer.act(upkeep.send_closing, services) == 1
    (letter,) = await services.readers.ask(lambda db: db.execute(select(mails)).all())
    assert "未回答　 : 0人" in letter.body


# ---------------------------------------------------------------- conditions and changes


async def test_a_mail_in_a_folder_has_reached_nobody(server, desk):
    services = server.services
    ids = await scope(services, 2)
    id = await desk.sent({"picked": ids})
    for person, state in zip(ids, ("written", "sent"), strict=True):
        row = update(deliveries).where(deliveries.c.account_id == person)
        row = row.values(state=state, ended_at=services.clock())
        await services.writer.act(lambda tx, row=row: tx.connection.execute(row))
    for sent, who in (("failed", ids[:1]), ("sent", ids[1:])):
        rows = (await desk.get(f"incidents/{id}/people?sent={sent}"))["people"]
        assert [row["id"] for row in rows] == who


async def test_who_was_asked_is_found_by_his_department_as_of_asking(server, desk):
    services = server.services
    ids = await scope(services, 2)
    one, other = await found(services, "A"), await found(services, "B")
    await post(services, one, ids)
    id = await desk.sent({"picked": ids[:1]})
    moved = update(posts).values(department_id=other)
    await services.writer.act(lambda tx: tx.connection.execute(moved))
    for department, who in ((one, ids[:1]), (other, ids[1:])):
        rows = (await desk.get(f"incidents/{id}/people?department={department}"))["people"]
        assert [row["id"] for row in rows] == who


async def test_a_text_that_comes_back_with_other_line_ends_is_the_same(server, desk):
    services = server.services
    id = await desk.sent({"picked": await scope(services, 1)}, message="一行目\n二行目")
    assert (await desk.patch(f"incidents/{id}", message="一行目\r\n二行目", location=True)).status_code == 200
    assert (await desk.patch(f"incidents/{id}", message="一行目\r\n三行目")).json()["code"] == "incident_fixed"


async def test_everybody_is_not_written_out_and_who_comes_later_is_not_meant(server, desk):
    services = server.services
    ids = await scope(services, preparing.STEP + 20)
    id = await desk.register()
    assert (await desk.send(id, {"all": True})).status_code == 200
    (send,) = await services.readers.ask(preparing.queries.preparing)
    assert len(await services.readers.ask(preparing.queries.whom_of, send)) < 100
    await scope(services, 3)
    await preparing.prepare_all(services)
    assert await asked(services, id) == sorted([desk.who.id, *ids])
