"""What administrators of the safety check see of quakes: rules, reasons, simulation, readiness."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import insert, select, update

from anpi import tables as anpi
from anpi.hazard import figures, readiness, telling
from anpi.hazard.feeds import health
from anpi.hazard.feeds.health import Health
from anpi.hazard.tables import events
from anpi.sending.tables import deliveries
from directory.tables import person_areas
from server.auth.model import Privilege
from server.auth.tables import accounts, privileges
from server.clock import to_millis
from server.data.transaction import Transaction
from server.settings import Settings
from server.work.tables import jobs, mails
from tests.tools.company import hire
from tests.tools.quakes import KAGA, NOTO, TOYAMA, Brought, MovedClock, Quake
from tests.tools.running import Running, running, together
from tests.tools.visitor import Visitor


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def server(settings: Settings, clock: MovedClock) -> AsyncIterator[Running]:
    async with together(settings, clock) if settings.redis_url else running(settings, clock) as here:
        yield here


@pytest.fixture
async def admin(server: Running) -> AsyncIterator[Visitor]:
    someone = await hire(server.services, "mori", privileges=frozenset({Privilege.ADMIN_ANPI}))
    async with Visitor.of(server, someone) as visitor:
        yield visitor


async def put(server: Running, *statements: Any) -> None:
    def run(tx: Transaction) -> None:
        for each in statements:
            tx.connection.execute(each)

    await server.services.writer.act(run)


async def lives(server: Running, name: str, area: str) -> int:
    """Somebody in scope who works there; "" nowhere that is known."""
    someone = await hire(server.services, name)
    scope = update(accounts).where(accounts.c.id == someone.id)
    await put(server, scope.values(anpi_login_id=name, anpi_key=name))
    if area:
        row = {"account_id": someone.id, "kind": "work", "place": 0, "area": area, "given": area}
        await put(server, insert(person_areas).values(row))
    return someone.id


async def got(visitor: Visitor, path: str) -> Any:
    answer = await visitor.get(f"/api/anpi{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_new_company_asks_at_5_upper_in_all_japan(admin: Visitor):
    shown = await got(admin, "/rules")
    assert [(each["kind"], each["enabled"], each["threshold"], each["areas"]) for each in shown["rules"]] == [
        ("intensity", True, "5+", []),
        ("tsunami", False, "warning", []),
        ("weather", False, "", []),
    ]
    assert len(shown["choices"]) == 47 + 188
    assert {"code": NOTO, "name": "石川県能登", "prefecture": "17"} in shown["choices"]


async def test_rules_change_as_a_whole_and_never_over_another_s_change(
    admin: Visitor, server: Running, clock: MovedClock
):
    seen = (await got(admin, "/rules"))["changed_at"]
    mine = {"kind": "intensity", "enabled": True, "threshold": "6-", "areas": ["17"]}
    clock.move(seconds=1)
    answer = await admin.send("/api/anpi/rules", {"rules": [mine], "seen": seen})
    assert answer.status_code == 200 and answer.json()["rules"] == [mine]
    assert (await admin.send("/api/anpi/rules", {"rules": [], "seen": seen})).status_code == 409

    brought = Brought(server.services)
    assert (await brought.telegram(Quake(clock).observed({NOTO: "5+"}))).act == "ignore"
    clock.move(minutes=10)
    assert (await brought.telegram(Quake(clock).observed({TOYAMA: "7"}))).act == "ignore"
    clock.move(minutes=10)
    assert (await brought.telegram(Quake(clock).observed({NOTO: "6-"}))).act == "start"


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"kind": "intensity", "enabled": True, "threshold": "warning"}, "rule_threshold"),
        ({"kind": "intensity", "enabled": True, "threshold": ""}, "rule_threshold"),
        ({"kind": "weather", "enabled": True, "threshold": "5+"}, "rule_threshold"),
        ({"kind": "tsunami", "enabled": True, "threshold": "major", "areas": ["99"]}, "rule_area"),
        ({"kind": "flood", "enabled": True}, "invalid"),
        ({"kind": "intensity", "enabled": True, "threshold": "5+", "areas": ["x"]}, "invalid"),
    ],
)
async def test_a_rule_that_makes_no_sense_is_refused_by_name(admin: Visitor, rule: dict[str, Any], code: str):
    before = await got(admin, "/rules")
    answer = await admin.send("/api/anpi/rules", {"rules": [rule]})
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert await got(admin, "/rules") == before


async def test_where_somebody_is_named_for_it_he_alone_changes_the_rules(admin: Visitor, server: Running):
    second = await hire_second(server)
    await put(server, update(anpi.settings).values(body=f'{{"managers": [{second}]}}'))
    assert (await admin.get("/api/anpi/rules")).status_code == 200
    assert (await admin.send("/api/anpi/rules", {"rules": []})).status_code == 404
    assert len((await got(admin, "/rules"))["rules"]) == 3


async def test_why_it_was_sent_and_why_not(admin: Visitor, server: Running, clock: MovedClock):
    quake, brought = Quake(clock), Brought(server.services)
    await brought.telegram(quake.observed({TOYAMA: "4"}))
    clock.move(seconds=30)
    await brought.telegram(quake.observed({TOYAMA: "4", NOTO: "6-"}))

    (row,) = (await got(admin, "/events"))["events"]
    assert (row["kind"], row["state"], row["level"], row["reports"]) == ("earthquake", "started", "6-", 2)
    told = await got(admin, f"/events/{row['id']}")
    assert [(each["act"], each["reason"]) for each in told["decisions"]] == [("ignore", "below"), ("start", "hit")]
    decision = told["decisions"][1]
    assert decision["report"] == told["reports"][1]["id"] and decision["incident"] == row["incident"]
    assert decision["areas"] == [
        {"code": NOTO, "name": "石川県能登", "level": "6-", "missing": False, "early": False}
    ]
    assert [rule["kind"] for rule in decision["rules"]] == ["intensity"]
    assert told["reports"][1]["title"] == "震度速報" and told["reports"][1]["areas"] == 2
    assert (await got(admin, f"/incidents/{row['incident']}/why"))["events"] == [told]


async def test_an_aftershock_names_who_had_asked(admin: Visitor, server: Running, clock: MovedClock):
    brought = Brought(server.services)
    await brought.telegram(Quake(clock).observed({NOTO: "6-"}))
    clock.move(hours=1)
    await brought.telegram(Quake(clock).observed({NOTO: "5+"}))
    newest, oldest = (await got(admin, "/events"))["events"]
    (decision,) = (await got(admin, f"/events/{newest['id']}"))["decisions"]
    assert (decision["act"], decision["reason"]) == ("tell", "aftershock")
    assert decision["guarded"] == [{"code": NOTO, "name": "石川県能登", "incident": oldest["incident"]}]


async def test_events_come_in_pages(admin: Visitor, server: Running, clock: MovedClock):
    rows = [
        {"key": f"eq:{number}", "at": clock(), "drill": False, "state": "seen", "known": "{}"} for number in range(60)
    ]
    await put(server, insert(events).values(rows))
    first = await got(admin, "/events")
    second = await got(admin, f"/events?before={first['events'][-1]['id']}")
    assert (len(first["events"]), first["more"], len(second["events"]), second["more"]) == (50, True, 10, False)


async def test_a_stored_quake_says_whom_it_would_ask_today(admin: Visitor, server: Running, clock: MovedClock):
    brought = Brought(server.services)
    await brought.telegram(Quake(clock, ago=90_000).observed({NOTO: "6+", TOYAMA: "5-"}, ago=86_400))
    assert (await got(admin, "/events"))["events"][0]["act"] == "tell", "a day old"
    for name, area in (
        ("noto", NOTO),
        ("wajima", "1720400"),
        ("ishikawa", "17"),
        ("toyama", TOYAMA),
        ("nowhere", ""),
    ):
        await lives(server, name, area)
    (row,) = (await got(admin, "/events"))["events"]

    said = (await admin.send("/api/anpi/simulate", {"event": row["id"]})).json()
    assert (said["act"], [each["code"] for each in said["areas"]]) == ("start", [NOTO])
    # The administrator has no area either.
    assert (said["people"], said["unplaced"]) == (5, 2)
    assert await server.services.readers.ask(lambda db: db.execute(select(anpi.incidents)).all()) == []


async def test_an_invented_quake_says_it_too(admin: Visitor, server: Running):
    await lives(server, "noto", NOTO)
    for report, act in (
        ({"390": "5+"}, "start"),
        ({"17": "7"}, "start"),
        ({"1720400": "6-"}, "start"),
        ({NOTO: "5-"}, "ignore"),
    ):
        said = (await admin.send("/api/anpi/simulate", {"report": {"areas": report}})).json()
        assert (said["act"], said["people"]) == (act, 2 if act == "start" else 0), report
    for wrong in ({}, {"event": 1, "report": {"areas": {NOTO: "7"}}}, {"report": {"areas": {"999": "7"}}}):
        assert (await admin.send("/api/anpi/simulate", wrong)).status_code == 400
    assert (await admin.send("/api/anpi/simulate", {"event": 12345})).status_code == 404


async def test_the_panel_says_line_by_line_what_is_missing(admin: Visitor, server: Running, clock: MovedClock):
    panel = await got(admin, "/readiness")
    lines = {line["name"]: line for line in panel["lines"]}
    assert not panel["ready"] and panel["outside"]
    assert lines["people"] == {"name": "people", "ok": True, "count": 1, "total": 1, "at": 0}
    assert [name for name, line in lines.items() if line["ok"]] == ["people", "contacts"]
    assert (lines["administrators"]["count"], lines["areas"]["count"]) == (1, 0)

    now = clock()
    known = [Health("jma", now, now), Health("p2p", now, now, error="")]
    await server.services.writer.act(health.save, known)
    panel = await got(admin, "/readiness")
    lines = {line["name"]: line["ok"] for line in panel["lines"]}
    assert lines["quake"] and lines["early"]
    assert {(each["name"], each["state"]) for each in panel["sources"]} == {("jma", "good"), ("p2p", "good")}
    assert panel["sources"][0]["hosts"] == ["www.data.jma.go.jp"]

    clock.move(minutes=6)
    panel = await got(admin, "/readiness")
    assert {each["state"] for each in panel["sources"]} == {"silent"}
    assert not any(line["ok"] for line in panel["lines"] if line["name"] in ("quake", "early"))

    await put(server, update(anpi.settings).values(body='{"outside": false}'))
    panel = await got(admin, "/readiness")
    assert not panel["outside"] and {each["state"] for each in panel["sources"]} == {"off"}


async def test_the_panel_and_the_figures_say_it_without_reading_everything(server: Running, clock: MovedClock):
    brought = Brought(server.services)
    await brought.telegram(Quake(clock).observed({NOTO: "7"}))
    await brought.telegram(b"<!DOCTYPE x><Report/>")
    (incident,) = await server.services.readers.ask(lambda db: list(db.execute(select(anpi.incidents))))
    someone = await hire(server.services, "sato")
    row = {"round": 0, "account_id": someone.id, "due_at": clock(), "address_key": "x"}
    row |= {"incident_id": incident.id, "lane": "real", "address": "x@x.example"}
    sent = row | {"channel": "mail", "slot": "email1", "state": "sent", "ended_at": clock()}
    later = clock() + timedelta(hours=1)
    talk = row | {"channel": "talk", "slot": "talk", "state": "sent", "ended_at": later}
    await put(server, insert(deliveries).values(sent), insert(deliveries).values(talk))

    found = await server.services.readers.ask(readiness.read, server.services, clock())
    assert {line.name: line.at for line in found.lines}["mail"] == to_millis(clock())
    stored = await server.services.readers.ask(figures.stored)
    assert (stored["hazard_reports_read"], stored["hazard_reports_unread"]) == (1.0, 1.0)


async def test_two_administrators_are_ready_and_one_is_not(admin: Visitor, server: Running, clock: MovedClock):
    await hire_second(server)
    found = await server.services.readers.ask(readiness.read, server.services, clock())
    assert {line.name: line.ok for line in found.lines}["administrators"]


async def hire_second(server: Running) -> int:
    second = await hire(server.services, "kato")
    await put(
        server,
        update(accounts).where(accounts.c.id == second.id).values(anpi_login_id="anpi02", anpi_key="anpi02"),
    )
    await put(server, insert(privileges).values(account_id=second.id, privilege=Privilege.ADMIN_ANPI.value))
    return second.id


async def test_administrators_are_told_by_mail(admin: Visitor, server: Running, clock: MovedClock):
    quake, brought = Quake(clock, ago=3000), Brought(server.services)
    await brought.telegram(quake.observed({NOTO: "7"}, ago=2400))
    await brought.telegram(quake.observed({NOTO: "7", KAGA: "3"}, ago=2300))
    waiting = await server.services.readers.ask(
        lambda db: list(db.execute(select(jobs.c.body).where(jobs.c.kind == telling.JOB)).scalars())
    )
    assert len(waiting) == 1, "of one event for one reason once"
    people = await server.services.readers.ask(telling.administrators, FakePeople())
    assert people == [("mori@hokuto.example", "ja")]

    server.services.ports = {**server.services.ports, "people": FakePeople()}
    await telling.tell_administrators(server.services, msgspec.json.decode(waiting[0]))
    (letter,) = await server.services.readers.ask(lambda db: list(db.execute(select(mails))))
    assert letter.to_address == "mori@hokuto.example" and "発表から時間がたっている" in letter.body
    assert "震" not in letter.subject and "最大震度 7" in letter.body and "2027/04/15(木) 9:10" in letter.body


async def test_administrators_are_told_of_each_area_and_of_each_withdrawal(server: Running, clock: MovedClock):
    quake, brought = Quake(clock, ago=3000), Brought(server.services)
    for levels in ({NOTO: "7"}, {NOTO: "7", KAGA: "6-"}, {NOTO: "7", KAGA: "6+"}):
        assert (await brought.telegram(quake.observed(levels, ago=2400))).act == "tell"
    assert await times_told(server) == 3

    clock.move(hours=7)
    again = Quake(clock)
    for _ in range(2):
        await brought.telegram(again.observed({TOYAMA: "7"}))
        clock.move(seconds=10)
        assert (await brought.telegram(again.observed({}, info="取消"))).act == "cancel"
        clock.move(seconds=10)
    assert await times_told(server) == 5


async def times_told(server: Running) -> int:
    wanted = select(jobs.c.id).where(jobs.c.kind == telling.JOB)
    return len(await server.services.readers.ask(lambda db: list(db.execute(wanted))))


class FakePeople:
    """Everybody has his login ID for an address."""

    def addresses(self, connection: Any, ids: Any) -> dict[int, tuple[str, ...]]:
        rows = connection.execute(select(accounts.c.id, accounts.c.login_id).where(accounts.c.id.in_(list(ids))))
        return {row.id: (row.login_id,) for row in rows}


async def test_nobody_else_sees_anything(server: Running):
    async with Visitor.of(server, await hire(server.services, "ito")) as other:
        for path in ("rules", "readiness", "events", "events/1", "incidents/1/why"):
            assert (await other.get(f"/api/anpi/{path}")).status_code == 404
        assert (await other.send("/api/anpi/rules", {"rules": []})).status_code == 404
        assert (await other.send("/api/anpi/simulate", {"event": 1})).status_code == 404
