"""災害登録, ［発信］ and 完了にする (S20–S22): who is asked, once; what is refused, and that it changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from anpi import preparing
from anpi.tables import incidents, sends
from directory.tables import statuses
from server.clock import to_millis
from server.settings import Settings
from tests.tools.anpi_incidents import (
    PUBLIC_URL,
    Desk,
    administrator,
    answered,
    asked,
    mailed,
    post,
    scope,
    set_row,
    target,
    trail,
)
from tests.tools.directory import found
from tests.tools.running import Running

EVERYBODY = {"all": True}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"public_url": PUBLIC_URL})


@pytest.fixture
async def desk(server: Running) -> AsyncIterator[Desk]:
    here = Desk(server, await administrator(server.services))
    async with here.visitor:
        yield here


async def count_of(server: Running, table: Any) -> int:
    found: int = await server.services.readers.ask(
        lambda db: db.execute(select(func.count()).select_from(table)).scalar_one()
    )
    return found


# ---------------------------------------------------------------- 災害登録

FAMILY = "👨‍👩‍👧"

REFUSED = [
    ({"title": "あ" * 201}, "field_too_long", "title"),
    ({"title": "台風\n12号"}, "line_break", "title"),
    ({"title": "台風12号\r\n"}, "line_break", "title"),
    ({"title": " "}, "required", "title"),
    ({"message": "あ" * 5001}, "field_too_long", "message"),
    ({"message": ""}, "required", "message"),
    ({"message": "{名前}さん"}, "unknown_variable", "message"),
    ({"count_from": None}, "required", "count_from"),
    ({"closing_at": 4_000_000_000_000}, "closing_pair", "closing_to"),
    ({"closing_to": "bousai@example.co.jp"}, "closing_pair", "closing_at"),
    ({"closing_at": 4_000_000_000_000, "closing_to": "bousai"}, "format", "closing_to"),
    ({"closing_at": 1_000_000_000_000, "closing_to": "bousai@example.co.jp"}, "closing_past", "closing_at"),
    (
        {"questions": {"own": [{"text": {"ja": "何時？"}, "kind": "choice", "choices": [{"ja": "9時"}]}]}},
        "choices_needed",
        "choices",
    ),
    (
        {"questions": {"own": [{"text": {"ja": n}, "kind": "text", "required": n == "二"} for n in "一二"]}},
        "first_question_only",
        "questions",
    ),
]


@pytest.mark.parametrize(("wrong", "code", "field"), REFUSED)
async def test_what_cannot_be_registered_is_named_at_its_field(server, desk, wrong, code, field):
    answer = await desk.post("incidents", **desk.wish(**wrong))
    assert (answer.status_code, answer.json()["code"], answer.json().get("field")) == (400, code, field)
    assert await count_of(server, incidents) == 0
    assert await trail(server.services, "anpi.register") == [("mori", "refused")]


@pytest.mark.parametrize("title", ["あ" * 200, "𠮷" * 200, FAMILY * 40, "  前後の空白　"])
async def test_a_title_of_200_code_points_is_kept_byte_for_byte(desk, title):
    id = await desk.register(title=title)
    assert (await desk.get(f"incidents/{id}"))["title"] == title


async def test_a_line_end_of_two_characters_counts_one(desk):
    assert (await desk.post("incidents", **desk.wish(message="あ\r\n" * 2500))).status_code == 200
    assert (await desk.post("incidents", **desk.wish(message="あ\r\n" * 2500 + "い"))).json()[
        "code"
    ] == "field_too_long"
    assert (await desk.post("incidents", **desk.wish(title=FAMILY * 40 + "!"))).json()["code"] == "field_too_long"


async def test_registering_twice_with_one_key_registers_once(server, desk):
    wish = desk.wish()
    both = await asyncio.gather(*(desk.post("incidents", **wish) for _ in range(2)))
    assert {answer.json()["id"] for answer in both} == {both[0].json()["id"]}
    assert await count_of(server, incidents) == 1


async def test_until_it_is_sent_everything_changes_and_afterwards_the_text_is_fixed(server, desk):
    await scope(server.services, 1)
    id = await desk.register()
    changed = await desk.patch(f"incidents/{id}", title="台風13号", location=True)
    assert (changed.json()["title"], changed.json()["location"]) == ("台風13号", True)
    await desk.send(id, EVERYBODY)
    for given in ({"title": "台風14号"}, {"message": "別の文"}, {"count_from": 5}, {"questions": {"help": False}}):
        answer = await desk.patch(f"incidents/{id}", **given)
        assert (answer.status_code, answer.json()["code"]) == (409, "incident_fixed")
    tomorrow = to_millis(server.services.clock() + timedelta(days=1))
    closing = await desk.patch(f"incidents/{id}", closing_at=tomorrow, closing_to="bousai@example.co.jp")
    assert closing.json()["closing_at"] == tomorrow


# ---------------------------------------------------------------- ［発信］


async def test_everybody_with_an_anpi_id_is_asked_and_marked(server, desk):
    services = server.services
    ids = await scope(services, 3, areas={0: ["work:442", "home:440"]})
    house = await found(services, "A")
    await post(services, house, ids[:2])
    id = await desk.register()
    counted = await desk.post(f"incidents/{id}/count", whom=EVERYBODY)
    assert counted.json() == {"people": 4, "without_address": 1, "already": 0}, "森 has no address"
    sent = await desk.send(id, EVERYBODY)
    assert sent.json()["send"]["act"] == "ask"
    await preparing.prepare_all(services)
    assert await asked(services, id) == sorted([desk.who.id, *ids])
    assert await mailed(services, id) == [(person, 0, "email1") for person in ids]
    first = await target(services, id, ids[0])
    assert (first.department_id, first.area, first.area_kind) == (house, "442", "work")
    assert (await target(services, id, ids[2])).department_id is None
    shown = await services.readers.ask(lambda db: db.execute(select(statuses.c.account_id, statuses.c.state)).all())
    assert {row.account_id: row.state for row in shown} == dict.fromkeys([desk.who.id, *ids], "unanswered")
    one = await desk.get(f"incidents/{id}")
    assert one["sends"][0] | {"at": 0, "id": 0} == {
        "id": 0, "act": "ask", "whom": "all", "at": 0, "state": "ready", "people": 4, "actor": "mori",
    }  # fmt: skip
    assert not one["changeable"] and one["progress"]["people"] == 4


async def test_pressing_twice_sends_once_and_another_number_is_refused(server, desk):
    services = server.services
    await scope(services, 2)
    id, key = await desk.register(), desk.key()
    refused = await desk.send(id, EVERYBODY, people=2)
    assert (refused.status_code, refused.json()["code"]) == (409, "send_count")
    assert "3人" in refused.json()["message"]
    both = await asyncio.gather(*(desk.send(id, EVERYBODY, people=3, key=key) for _ in range(2)))
    assert {answer.json()["send"]["id"] for answer in both} == {both[0].json()["send"]["id"]}
    assert await count_of(server, sends) == 1
    await preparing.prepare_all(services)
    other = await desk.register()
    assert (await desk.send(other, EVERYBODY, people=3, key=key)).json()["code"] == "conflict"
    later = await desk.send(id, EVERYBODY, people=3, key=key)
    assert later.json()["send"]["id"] == both[0].json()["send"]["id"]
    assert await trail(services, "anpi.send") == [
        (desk.who.account.name, each) for each in ("refused", "ok", "refused")
    ]


async def test_found_then_picked_then_all_ask_nobody_twice(server, desk):
    services = server.services
    ids = await scope(services, 6)
    plant = await found(services, "P")
    line = await found(services, "P1", plant)
    await post(services, plant, ids[:1])
    await post(services, line, ids[1:2])
    id = await desk.sent({"found": {"department": plant}})
    assert await asked(services, id) == ids[:2], "the department and those below it"
    assert (await desk.send(id, {"picked": ids[1:4]})).status_code == 200
    await preparing.prepare_all(services)
    assert await asked(services, id) == ids[:4]
    counted = await desk.post(f"incidents/{id}/count", whom=EVERYBODY)
    assert (counted.json()["people"], counted.json()["already"]) == (3, 4)
    assert (await desk.send(id, EVERYBODY)).status_code == 200
    await preparing.prepare_all(services)
    assert await asked(services, id) == sorted([desk.who.id, *ids])
    assert await mailed(services, id) == [(person, 0, "email1") for person in ids]
    nobody = await desk.send(id, EVERYBODY, people=0)
    assert (nobody.status_code, nobody.json()["code"]) == (409, "nobody_found")


async def test_whom_must_be_one_of_the_three(server, desk):
    id = await desk.register()
    for whom in ({}, {"all": True, "picked": [1]}):
        assert (await desk.send(id, whom, people=1)).status_code == 400


async def test_conditions_find_by_name_area_answer_and_sending(server, desk):
    services = server.services
    ids = await scope(services, 4, areas={0: ["work:442"], 1: ["home:2221200"], 2: ["home:13"]})
    id = await desk.sent({"picked": ids[:3]})
    await answered(services, id, ids[0])
    await answered(services, id, ids[1], said="major")

    async def those(**asked: str) -> list[int]:
        query = "&".join(f"{name}={value}" for name, value in asked.items())
        return [row["id"] for row in (await desk.get(f"incidents/{id}/people?{query}"))["people"]]

    assert await those(text=f"p{ids[3] - 1:06d}"[:7]) == [ids[3]]
    assert await those(text=f"社員p{ids[3] - 1:06d}"[:9]) == [ids[3]], "with or without the space between the names"
    assert await those(area="22") == ids[:2], "all areas of 静岡県"
    assert await those(area="2221200") == ids[1:2]
    assert await those(answered="yes") == ids[:2]
    assert await those(answered="no") == ids[2:3]
    assert await those(self="major") == ids[1:2]
    assert await those(sent="waiting") == ids[:3]
    assert set(await those(sent="not_sent")) == {ids[3], desk.who.id}


async def test_the_list_goes_on_after_its_last_row(server, desk, monkeypatch):
    from anpi import showing

    monkeypatch.setattr(showing, "PEOPLE_PAGE", 2)
    await scope(server.services, 4)
    id = await desk.register()
    rows: list[int] = []
    more = True
    while more:
        after = rows[-1] if rows else 0
        page = await desk.get(f"incidents/{id}/people?after={after}")
        rows += [row["id"] for row in page["people"]]
        more = page["more"]
    assert len(rows) == len(set(rows)) == page["total"] == 5


# ---------------------------------------------------------------- asking again, 完了, 中断


async def test_only_the_silent_are_asked_again_also_at_their_second_address(server, desk):
    services = server.services
    ids = await scope(services, 3, email2="second@hokuto.example")
    id = await desk.sent({"picked": ids})
    await answered(services, id, ids[0])
    key = desk.key()
    for _ in range(2):
        assert (await desk.post(f"incidents/{id}/resend", key=key)).status_code == 200
    await preparing.prepare_all(services)
    assert await mailed(services, id, 1) == [(p, 1, slot) for p in ids[1:] for slot in ("email1", "email2")]
    assert [(await target(services, id, each)).round for each in ids] == [0, 1, 1]


async def test_completing_clears_the_badges_and_a_stale_tab_is_refused(server, desk):
    services = server.services
    ids = await scope(services, 3)
    id = await desk.sent({"picked": ids})
    await answered(services, id, ids[0])
    done = await desk.complete(id, 3)
    assert (done.json()["unanswered"], done.json()["incident"]["state"]) == (2, "done")
    await preparing.prepare_all(services)
    left = select(func.count()).select_from(statuses).where(statuses.c.gone.is_(False))
    assert await services.readers.ask(lambda db: db.execute(left).scalar_one()) == 0
    for again in (
        await desk.send(id, EVERYBODY, people=1),
        await desk.post(f"incidents/{id}/resend", key=desk.key()),
        await desk.complete(id),
        await desk.patch(f"incidents/{id}", location=True),
    ):
        assert (again.status_code, again.json()["code"]) == (409, "incident_closed")
    assert await asked(services, id) == ids, "the record stays"
    rows = (await desk.get(f"incidents/{id}/people?sent=failed"))["people"]
    assert [row["sent"] for row in rows] == ["dropped"] * 3


async def test_a_real_start_suspends_a_drill(server, desk):
    services = server.services
    ids = await scope(services, 1)
    drill = await desk.sent({"picked": ids}, drill=True, title="【訓練】地震")
    notice = await desk.sent({"picked": ids}, kind="notice")
    assert "suspended_at" not in await desk.get(f"incidents/{drill}"), "お知らせのみ suspends nothing"
    await desk.sent({"picked": ids})
    assert (await desk.get(f"incidents/{drill}"))["suspended_at"] > 0
    assert "suspended_at" not in await desk.get(f"incidents/{notice}")
    answer = await desk.send(drill, EVERYBODY, people=1)
    assert (answer.status_code, answer.json()["code"]) == (409, "incident_suspended")


async def test_a_notice_sets_no_badge_and_asks_nobody_again(server, desk):
    services = server.services
    ids = await scope(services, 1)
    id = await desk.sent({"picked": ids}, kind="notice")
    assert await count_of(server, statuses) == 0
    assert (await target(services, id, ids[0])).again_at is None
    assert (await desk.post(f"incidents/{id}/resend", key=desk.key())).json()["code"] == "not_sent_yet"


async def test_people_asked_while_it_is_completed_are_asked_no_more(server, desk):
    services = server.services
    ids = await scope(services, preparing.STEP + 5)
    id = await desk.register()
    await desk.send(id, {"picked": ids})
    (send,) = await services.readers.ask(lambda db: db.execute(select(sends.c.id)).scalars().all())
    assert await services.writer.act(lambda tx: preparing.step(services, send, tx))
    await desk.complete(id)
    await preparing.prepare_all(services)
    assert await asked(services, id) == ids[: preparing.STEP]


# ---------------------------------------------------------------- who may, and what is missing


async def test_without_a_public_address_registering_is_refused(server, desk):
    for each in server.processes:
        each.services.settings = each.services.settings.model_copy(update={"public_url": ""})
    answer = await desk.post("incidents", **desk.wish())
    assert (answer.status_code, answer.json()["code"]) == (409, "no_public_url")
    assert await count_of(server, incidents) == 0


async def test_whoever_loses_the_right_sees_nothing_at_once(server, desk, company):
    from server.auth.tables import privileges

    id = await desk.register()
    await server.services.writer.act(lambda tx: tx.connection.execute(privileges.delete()))
    for path in ("incidents", f"incidents/{id}", "templates", "settings"):
        assert (await desk.visitor.get(f"/api/anpi/{path}")).status_code == 404
    assert (await desk.send(id, EVERYBODY, people=1)).status_code == 404


async def test_the_72_hours_and_the_closing_notice_send_letters_once(server, desk):
    from anpi import upkeep
    from server.work.tables import mails

    services = server.services
    ids = await scope(services, 2)
    tomorrow = to_millis(services.clock() + timedelta(days=1))
    id = await desk.sent({"picked": ids}, closing_at=tomorrow, closing_to="bousai@example.co.jp", title="台風 ①")
    assert await services.writer.act(upkeep.send_closing, services) == 0
    await desk.complete(id)
    await set_row(services, id, closing_at=services.clock())
    assert [await services.writer.act(upkeep.send_closing, services) for _ in range(2)] == [1, 0]
    (letter,) = await services.readers.ask(lambda db: db.execute(select(mails)).all())
    assert (letter.to_address, letter.subject) == ("bousai@example.co.jp", "終了案内：台風 ①")
    assert f"{PUBLIC_URL}/anpi/incidents/{id}/totals" in letter.body and "2人" in letter.body
    other = await desk.sent({"picked": ids})
    assert await services.writer.act(upkeep.nag, services) == 0
    await set_row(services, other, sent_at=services.clock() - timedelta(hours=73))
    assert [await services.writer.act(upkeep.nag, services) for _ in range(2)] == [1, 0]
