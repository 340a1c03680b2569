"""From a report to an incident: once, whichever source, process or order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, select, update
from sqlalchemy import event as sqlalchemy_event

from anpi import incidents, settings
from anpi import tables as anpi
from anpi.hazard import intake, recording, tsunami_areas, unobserved, why
from anpi.hazard.model import HazardReport, Known
from anpi.hazard.p2p import read as p2p_read
from anpi.hazard.recording import Arrived, Taken
from anpi.hazard.tables import decisions, events, hits, reports, rules
from anpi.hazard.telegram import parse
from anpi.incidents import Start
from server.data.transaction import Transaction
from server.settings import Settings
from server.work.sandbox import SandboxFailed
from server.work.tables import jobs
from tests.tools.quakes import KAGA, NOTO, TOYAMA, Brought, MovedClock, Quake
from tests.tools.running import Running, running, together

QUAKES = 12


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def server(settings: Settings, clock: MovedClock) -> AsyncIterator[Running]:
    async with together(settings, clock) if settings.redis_url else running(settings, clock) as here:
        yield here


async def rows(server: Running, table: Any) -> list[Any]:
    return await server.services.readers.ask(lambda db: list(db.execute(select(table).order_by(*table.primary_key))))


async def acts(server: Running) -> list[str]:
    return [row.act for row in await rows(server, decisions)]


async def change(server: Running, table: Any, **values: Any) -> None:
    """As if somebody had done it meanwhile."""

    def run(tx: Transaction) -> None:
        tx.connection.execute(update(table).values(values))

    await server.services.writer.act(run)


async def unplaced(server: Running) -> list[bool]:
    """Which sends ask those who have no area."""
    return [msgspec.json.decode(send.whom).get("unplaced", False) for send in await rows(server, anpi.sends)]


async def record(server: Running, name: str, report: HazardReport) -> Taken:
    return await server.services.writer.act(recording.record, Arrived("jma", name, b"", report))


def tsunami(clock: MovedClock, prefecture: str) -> HazardReport:
    """大津波警報 before one prefecture, of an event of its own."""
    sea = next(area for area, near in tsunami_areas.prefectures_of().items() if near == (prefecture,))
    return HazardReport(
        type="VTSE41",
        status="real",
        info="issued",
        at=clock(),
        series="VTSE41",
        event_ids=(clock().strftime("%Y%m%d%H%M%S"),),
        origin=clock(),
        tsunami={sea: "52"},
    )


async def end_waits(server: Running) -> list[str]:
    """What the process that listens does each second."""
    services = server.services
    over = await services.readers.ask(recording.due, services.clock())
    return [await services.writer.act(recording.end_wait, event) for event in over]


async def mark_unobserved(server: Running) -> list[bool]:
    """The same."""
    services = server.services
    alone = await services.readers.ask(unobserved.due, services.clock())
    return [await services.writer.act(unobserved.mark, event) for event in alone]


async def test_an_observed_quake_starts_at_once_for_the_areas_that_are_hit(server: Running, clock: MovedClock):
    taken = await Brought(server.services).telegram(Quake(clock).observed({NOTO: "5+", TOYAMA: "4"}))

    assert (taken.known, taken.act) == (False, "start")
    (incident,) = await rows(server, anpi.incidents)
    assert (incident.origin, incident.cause, incident.drill) == ("automatic", "earthquake", False)
    (send,) = await rows(server, anpi.sends)
    assert NOTO in send.whom and TOYAMA not in send.whom
    assert [(hit.area, hit.level) for hit in await rows(server, hits)] == [("", "5+"), (NOTO, "5+")]
    (event,) = await rows(server, events)
    assert (event.state, event.incident_id) == ("started", incident.id)
    assert msgspec.json.decode(incident.facts)["level"] == "5+"


async def test_two_sources_at_once_make_one_incident(server: Running, clock: MovedClock):
    first, last = server.processes[0].services.writer, server.processes[-1].services.writer
    for number in range(QUAKES):
        quake = Quake(clock)
        jma, p2p = parse(quake.observed({NOTO: "6-"})), p2p_read(quake.p2p_observed({NOTO: "6-"}))
        came = Arrived("jma", f"jma-{number}", b"", jma), Arrived("p2p", f"p2p-{number}", b"", p2p)
        await asyncio.gather(
            first.act(recording.record, came[0]),
            last.act(recording.record, came[1]),
            last.act(recording.record, came[0]),
        )
        # Beyond the guard: the next one is another quake.
        clock.move(hours=7)

    assert len(await rows(server, anpi.incidents)) == len(await rows(server, anpi.sends)) == QUAKES
    assert len(await rows(server, events)) == QUAKES, "what names no event was joined with what names it"
    assert sorted(await acts(server)) == ["keep"] * QUAKES + ["start"] * QUAKES, "the same telegram was taken once"


async def test_an_event_that_nobody_had_named_takes_its_name(server: Running, clock: MovedClock):
    quake, brought = Quake(clock), Brought(server.services)
    await brought.message(quake.p2p_observed({NOTO: "4"}))
    await brought.telegram(quake.observed({NOTO: "4"}))
    (event,) = await rows(server, events)
    assert event.key == f"eq:{quake.id}" and await acts(server) == ["ignore", "ignore"]


async def test_more_areas_widen_the_same_incident_and_nothing_is_asked_twice(server: Running, clock: MovedClock):
    quake, brought = Quake(clock), Brought(server.services)
    await brought.telegram(quake.observed({NOTO: "6-"}))
    clock.move(seconds=60)
    wider = quake.observed({NOTO: "6-", KAGA: "5+"})
    assert (await brought.telegram(wider)).act == "widen"
    assert (await brought.telegram(wider)).act == "keep"

    assert len(await rows(server, anpi.incidents)) == 1
    first, second = await rows(server, anpi.sends)
    assert KAGA in second.whom and NOTO not in second.whom and first.id != second.id
    assert {hit.area for hit in await rows(server, hits)} == {"", NOTO, KAGA}


async def test_an_early_warning_that_nobody_observed_is_marked(server: Running, clock: MovedClock):
    quake, brought = Quake(clock, ago=8), Brought(server.services)
    await brought.telegram(quake.warned({NOTO: "6-"}))
    clock.move(seconds=60)
    await end_waits(server)
    await brought.telegram(quake.observed({NOTO: "4"}))
    clock.move(minutes=9)
    assert await mark_unobserved(server) == []
    clock.move(minutes=1)
    assert await mark_unobserved(server) == [True]
    assert await mark_unobserved(server) == []
    (incident,) = await rows(server, anpi.incidents)
    assert (incident.cause, incident.reminders) == ("early_warning", "[]")
    marked = (await rows(server, decisions))[-1]
    assert (marked.act, marked.reason, marked.incident_id) == ("tell", "unobserved", incident.id)
    assert [job.kind for job in await rows(server, jobs)].count("anpi.hazard_told") == 1

    assert (await brought.telegram(quake.observed({NOTO: "5+"}))).act == "keep"
    (incident,) = await rows(server, anpi.incidents)
    assert (incident.cause, incident.reminders) == ("earthquake", "[30,60,120]")
    assert msgspec.json.decode(incident.facts)["level"] == "5+"


async def test_an_early_warning_that_was_observed_is_not_marked(server: Running, clock: MovedClock):
    quake, brought = Quake(clock, ago=8), Brought(server.services)
    await brought.telegram(quake.warned({NOTO: "6-"}))
    clock.move(seconds=60)
    await end_waits(server)
    await brought.telegram(quake.observed({NOTO: "5+"}))
    clock.move(minutes=20)
    assert await mark_unobserved(server) == []
    (incident,) = await rows(server, anpi.incidents)
    assert incident.cause == "earthquake" and incident.reminders != "[]"


async def test_areas_that_come_after_its_end_make_an_incident_of_their_own(server: Running, clock: MovedClock):
    quake, brought = Quake(clock), Brought(server.services)
    await brought.telegram(quake.observed({NOTO: "6-"}))
    await change(server, anpi.incidents, state="done")
    clock.move(seconds=60)
    wider = quake.observed({NOTO: "6-", KAGA: "5+"})
    assert (await brought.telegram(wider)).act == "start"
    assert (await brought.telegram(wider)).act == "keep"

    over, own = await rows(server, anpi.incidents)
    (event,) = await rows(server, events)
    assert event.incident_id == own.id and msgspec.json.decode(own.facts)["level"] == "5+"
    _, send = await rows(server, anpi.sends)
    whom = msgspec.json.decode(send.whom)
    assert (send.incident_id, whom["areas"], whom.get("unplaced", False)) == (own.id, [KAGA], False)
    assert {(hit.incident_id, hit.area) for hit in await rows(server, hits) if hit.area} == {
        (over.id, NOTO),
        (own.id, KAGA),
    }

    clock.move(seconds=60)
    assert (await brought.telegram(quake.observed({}, info="取消"))).act == "cancel"
    assert [row.cancelled_at is not None for row in await rows(server, anpi.incidents)] == [False, True]


async def test_a_drill_that_is_suspended_asks_nobody_more(server: Running, clock: MovedClock):
    await change(server, anpi.settings, body='{"jma_drills": true}')
    quake, brought = Quake(clock), Brought(server.services)
    await brought.telegram(quake.observed({NOTO: "6-"}, status="訓練"))
    await change(server, anpi.incidents, suspended_at=clock())
    clock.move(seconds=60)
    assert (await brought.telegram(quake.observed({NOTO: "6-", KAGA: "6-"}, status="訓練"))).act == "keep"
    assert len(await rows(server, anpi.incidents)) == len(await rows(server, anpi.sends)) == 1
    assert {hit.area for hit in await rows(server, hits)} == {"", NOTO}


async def test_what_an_early_warning_began_is_a_quake_once_it_is_observed(server: Running, clock: MovedClock):
    quake, brought = Quake(clock, ago=8), Brought(server.services)
    await brought.telegram(quake.warned({NOTO: "6-"}))
    clock.move(seconds=60)
    assert await end_waits(server) == ["start"]
    (before,) = await rows(server, anpi.incidents)
    assert (await brought.telegram(quake.observed({KAGA: "5+"}))).act == "widen"
    (after,) = await rows(server, anpi.incidents)
    assert (before.cause, after.cause) == ("early_warning", "earthquake")
    kept = settings.AnpiSettings()
    assert (before.message, after.message) == (kept.message_early, kept.message)


async def test_an_early_warning_waits_and_starts_when_nothing_took_it_back(server: Running, clock: MovedClock):
    brought = Brought(server.services)
    assert (await brought.message(Quake(clock, ago=8).p2p_warned({NOTO: "6-"}))).act == "wait"
    (event,) = await rows(server, events)
    assert event.state == "armed" and await end_waits(server) == []

    clock.move(seconds=60)
    assert await end_waits(server) == ["start"]
    assert await end_waits(server) == []
    (incident,) = await rows(server, anpi.incidents)
    assert incident.cause == "early_warning" and await acts(server) == ["wait", "start"]


async def test_an_early_warning_that_is_taken_back_asks_nobody(server: Running, clock: MovedClock):
    quake, brought = Quake(clock, ago=8), Brought(server.services)
    await brought.telegram(quake.warned({NOTO: "6-"}))
    clock.move(seconds=20)
    assert (await brought.telegram(quake.warned({}, info="取消", ago=0))).act == "cancel"
    clock.move(seconds=60)
    assert await end_waits(server) == [] and await rows(server, anpi.incidents) == []


async def test_an_observed_hit_ends_the_wait_at_once(server: Running, clock: MovedClock):
    quake, brought = Quake(clock, ago=8), Brought(server.services)
    await brought.telegram(quake.warned({NOTO: "6-", KAGA: "5+"}))
    clock.move(seconds=30)
    assert (await brought.telegram(quake.observed({NOTO: "5+"}))).act == "start"
    assert {hit.area for hit in await rows(server, hits)} == {"", NOTO, KAGA}


async def test_what_is_taken_back_takes_its_incident_along(server: Running, clock: MovedClock):
    quake, brought = Quake(clock), Brought(server.services)
    await brought.telegram(quake.observed({NOTO: "6+"}))
    clock.move(seconds=60)
    assert (await brought.telegram(quake.observed({}, info="取消"))).act == "cancel"
    (incident,) = await rows(server, anpi.incidents)
    assert incident.cancelled_at is not None
    assert [job.kind for job in await rows(server, jobs)].count("anpi.hazard_told") == 1

    clock.move(seconds=60)
    assert (await brought.telegram(quake.observed({NOTO: "6+"}))).act == "start", "it was true after all"
    assert len(await rows(server, anpi.incidents)) == 2


async def test_a_retraction_may_come_before_what_it_takes_back(server: Running, clock: MovedClock):
    quake, brought = Quake(clock), Brought(server.services)
    original = quake.observed({NOTO: "6+"})
    await brought.message(quake.p2p_observed({NOTO: "6+"}))
    clock.move(seconds=60)
    assert (await brought.telegram(quake.observed({}, info="取消"))).act == "cancel", "joined by its time alone"
    assert (await brought.telegram(original)).act == "ignore"
    (incident,) = await rows(server, anpi.incidents)
    assert incident.cancelled_at is not None and len(await rows(server, events)) == 1


async def test_what_comes_half_an_hour_late_starts_nothing(server: Running, clock: MovedClock):
    quake = Quake(clock, ago=32 * 60)
    assert (await Brought(server.services).telegram(quake.observed({NOTO: "7"}, ago=31 * 60))).act == "tell"
    assert await rows(server, anpi.incidents) == []
    (decision,) = await rows(server, decisions)
    assert decision.reason == "too_old"


async def test_an_aftershock_asks_nobody_unless_it_is_stronger(server: Running, clock: MovedClock):
    brought = Brought(server.services)
    await brought.telegram(Quake(clock).observed({NOTO: "6-"}))
    clock.move(hours=2)
    assert (await brought.telegram(Quake(clock).observed({NOTO: "6-"}))).act == "tell"
    clock.move(hours=1)
    assert (await brought.telegram(Quake(clock).observed({NOTO: "6+"}))).act == "start"
    clock.move(hours=5)
    assert (await brought.telegram(Quake(clock).observed({NOTO: "6-", KAGA: "5+"}))).act == "start"
    asked = {(hit.incident_id, hit.area) for hit in await rows(server, hits) if hit.area}
    assert asked == {(1, NOTO), (2, NOTO), (3, KAGA)}


async def test_who_has_no_area_is_not_asked_by_every_aftershock(server: Running, clock: MovedClock):
    brought = Brought(server.services)
    await brought.telegram(Quake(clock).observed({NOTO: "6-"}))
    clock.move(hours=1)
    await brought.telegram(Quake(clock).observed({KAGA: "5+"}))
    clock.move(hours=1)
    await brought.telegram(Quake(clock).observed({KAGA: "7"}))
    assert await unplaced(server) == [True, False, True]


async def test_who_has_no_area_is_asked_again_when_the_guard_is_over(server: Running, clock: MovedClock):
    brought = Brought(server.services)
    for area in (NOTO, KAGA, TOYAMA):
        await brought.telegram(Quake(clock).observed({area: "5+"}))
        clock.move(hours=5)
    assert await unplaced(server) == [True, False, True], "it was the first that asked them, ten hours before"


async def test_who_has_no_area_is_asked_by_a_warning_after_a_quake(server: Running, clock: MovedClock):
    await change(server, rules, enabled=True)
    await Brought(server.services).telegram(Quake(clock).observed({NOTO: "7"}))
    clock.move(hours=2)
    await record(server, "warning", tsunami(clock, "17"))
    clock.move(hours=1)
    await record(server, "another", tsunami(clock, "16"))
    assert await unplaced(server) == [True, True, False]


async def test_a_real_start_suspends_drills_and_a_drill_starts_nothing(server: Running, clock: MovedClock):
    services = server.services
    drill = await services.writer.act(incidents.start_automatic, Start("drill", "earthquake", (NOTO,), drill=True))
    brought = Brought(services)
    assert (await brought.telegram(Quake(clock).observed({NOTO: "7"}, status="訓練"))).act == "ignore"
    assert (await brought.telegram(Quake(clock).observed({NOTO: "7"}, status="試験"))).act == ""
    assert [row.id for row in await rows(server, anpi.incidents)] == [drill]

    await brought.telegram(Quake(clock).observed({NOTO: "7"}))
    suspended, real = await rows(server, anpi.incidents)
    assert suspended.suspended_at is not None and not real.drill


async def test_a_drill_of_jma_is_taken_part_in_only_when_the_company_wants_it(server: Running, clock: MovedClock):
    await change(server, anpi.settings, body='{"jma_drills": true}')
    await Brought(server.services).telegram(Quake(clock).observed({NOTO: "6-"}, status="訓練"))
    (incident,) = await rows(server, anpi.incidents)
    assert incident.drill and incident.title.startswith("【訓練】")


async def test_a_telegram_that_cannot_be_read_is_kept_with_its_fault(server: Running, clock: MovedClock):
    brought = Brought(server.services)
    for number, bad in enumerate((b"<html>", b"<!DOCTYPE x><Report/>", b"\xff\xfe", b"")):
        taken = await brought.telegram(bad, f"bad-{number}")
        assert not taken.known and (await brought.telegram(bad, f"bad-{number}")).known
    kept = await rows(server, reports)
    assert len(kept) == 4 and all(row.error and row.event_id is None for row in kept)
    assert await rows(server, events) == []


async def test_what_nobody_could_read_is_taken_anew_when_it_comes_again(
    server: Running, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
):
    body, brought = Quake(clock).observed({NOTO: "6-"}), Brought(server.services)

    async def dead(*_given: Any, **_more: Any) -> Any:
        raise SandboxFailed()

    monkeypatch.setattr(intake, "READ_PAUSES", (0.0, 0.0))
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(server.services.sandbox, "run", dead)
        assert (await brought.telegram(body, "once")).act == ""
    (kept,) = await rows(server, reports)
    assert kept.error == "unreadable"
    assert (await brought.telegram(body, "once")).act == "start"
    assert (await brought.telegram(body, "once")).known
    (kept,) = await rows(server, reports)
    assert kept.error == "" and kept.event_id is not None


async def test_a_wait_outlives_the_process_that_began_it(server: Running, clock: MovedClock):
    await Brought(server.services).telegram(Quake(clock, ago=5).warned({NOTO: "7"}))
    clock.move(seconds=61)
    last = server.processes[-1].services
    (over,) = await last.readers.ask(recording.due, clock())
    ended = await asyncio.gather(*(at.services.writer.act(recording.end_wait, over) for at in server.processes))
    assert sorted(ended)[-1] == "start" and len(await rows(server, anpi.incidents)) == 1


async def test_rules_that_are_off_start_nothing(server: Running, clock: MovedClock):
    await change(server, rules, enabled=False)
    assert (await Brought(server.services).telegram(Quake(clock).observed({NOTO: "7"}))).act == "ignore"
    (event,) = await rows(server, events)
    assert msgspec.json.decode(event.known, type=Known).max_level == "7"


async def test_boards_are_told_what_more_is_known(server: Running, clock: MovedClock):
    quake, brought = Quake(clock, ago=8), Brought(server.services)
    await brought.telegram(quake.warned({NOTO: "6-"}))
    clock.move(seconds=60)
    await end_waits(server)
    clock.move(minutes=10)
    seen = [(await rows(server, anpi.incidents))[0].rev]
    assert await mark_unobserved(server) == [True]
    seen.append((await rows(server, anpi.incidents))[0].rev)
    assert (await brought.telegram(quake.observed({NOTO: "5+"}))).act == "keep"
    seen.append((await rows(server, anpi.incidents))[0].rev)
    assert seen == sorted(set(seen)), "its reminders, its cause and its text are others"


async def test_an_area_that_is_known_to_be_hit_harder_later_is_told_so(server: Running, clock: MovedClock):
    quake, brought = Quake(clock), Brought(server.services)
    await brought.telegram(quake.observed({NOTO: "5+"}))
    seen = []
    for level in ("6+", "6+"):
        clock.move(minutes=2)
        assert (await brought.telegram(quake.observed({NOTO: level}))).act == "keep"
        (incident,) = await rows(server, anpi.incidents)
        seen.append((msgspec.json.decode(incident.facts)["level"], incident.rev))
    assert seen[0] == seen[1] and seen[0][0] == "6+"


async def test_why_costs_the_same_however_many_events_hang_on_an_incident(
    server: Running, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(why, "REPORTS_LIMIT", 2)
    brought, costs = Brought(server.services), list[int]()
    for _ in range(3):
        quake = Quake(clock)
        for ago in (3, 2, 1):
            await brought.telegram(quake.observed({NOTO: "6-"}, ago=ago))
        clock.move(minutes=40)
        costs.append(await server.services.readers.ask(statements, why.of_incident, 1))
    assert len(set(costs)) == 1
    told = (await server.services.readers.ask(why.of_incident, 1)).events
    assert [(len(each.reports), len(each.decisions)) for each in told] == [(2, 2)] * 3
    assert [each.decisions[0].act for each in told] == ["start", "tell", "tell"]
    assert [each.reports[0].id for each in told] == [1, 4, 7]


def statements(connection: Connection, question: Callable[..., object], *args: object) -> int:
    """How many it asks."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    sqlalchemy_event.listen(connection, "before_cursor_execute", note)
    try:
        question(connection, *args)
    finally:
        sqlalchemy_event.remove(connection, "before_cursor_execute", note)
    return len(asked)
