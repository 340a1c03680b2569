"""What people and administrators see of a safety check while it runs: one's own checks, and the board."""

from __future__ import annotations

import asyncio
import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select

from anpi.answers import mine
from anpi.board import telling
from anpi.tables import targets
from server.auth.model import Privilege
from server.auth.tables import privileges
from server.clock import to_millis
from server.data.transaction import Transaction
from server.live.conversation import ANSWERS_A_SECOND, ANSWERS_AT_ONCE
from tests.tools.anpi_answering import Link, ask, complete, counted, given_answers, incident
from tests.tools.client import Client, Refused
from tests.tools.company import Someone, hire
from tests.tools.running import Running

ADMINISTRATOR = frozenset({Privilege.ADMIN_ANPI})


@pytest.fixture
async def mori(server: Running, company: SimpleNamespace) -> Someone:
    """Who administers the safety check."""
    return await hire(server.services, "mori", talk=False, privileges=ADMINISTRATOR)


async def say(client: Client, about: int, said: str, **given: Any) -> dict[str, Any]:
    id = str(uuid.uuid4())
    return await client.ask(
        "anpi.answer", incident=about, client_id=id, channel="talk", answer={"self": said, **given}
    )


async def until(client: Client, kind: str, holds: Any) -> dict[str, Any]:
    """The first event of this kind of which ``holds`` is true; badges and the like may come between."""
    while True:
        async with asyncio.timeout(5):
            event = await client.events.get()
        if event["is"] == kind and holds(event):
            return event


# ---------------------------------------------------------------- one's own checks


async def test_the_greeting_says_what_one_is_asked(server: Running, company: SimpleNamespace):
    about = await incident(server.services, message="{氏名}さん、無事ですか。")
    await ask(server.services, about, [company.sato.id])
    sato, ito = await server.connect(company.sato.token), await server.connect(company.ito.token)

    (check,) = sato.welcome["anpi_open"]
    assert check["id"] == about and check["message"] == "satoさん、無事ですか。"
    assert ito.welcome["anpi_open"] == [] and ito.welcome["anpi_administrator"] is False


async def test_ones_devices_are_told_when_one_is_asked_answers_and_when_it_is_over(
    server: Running, company: SimpleNamespace
):
    services = server.services
    phone, desk = await server.connect(company.sato.token), await server.connect(company.sato.token)
    ito = await server.connect(company.ito.token)
    about = await incident(services)

    await ask(services, about, [company.sato.id])
    for device in (phone, desk):
        told = await until(device, "anpi.mine", lambda event: event["open"])
        assert told["open"][0]["id"] == about and "answer" not in told["open"][0]

    answered = await say(phone, about, "safe", work="home")
    assert answered["counted"] == [about]
    for device in (phone, desk):
        told = await until(device, "anpi.mine", lambda event: event["open"] and "answer" in event["open"][0])
        assert told["open"][0]["answer"]["work"] == "home"

    await complete(services, about)
    for device in (phone, desk):
        await until(device, "anpi.mine", lambda event: not event["open"])
    assert (await phone.ask("anpi.mine", incident=about))["closed"]["answer"]["self"] == "safe"
    await ito.expect_silence()


async def test_an_answer_sent_again_is_the_first_ones(server: Running, company: SimpleNamespace):
    about = await incident(server.services)
    await ask(server.services, about, [company.sato.id])
    sato = await server.connect(company.sato.token)
    given = {"incident": about, "client_id": "offline-0001", "channel": "queue", "answer": {"self": "major"}}

    first, again = await sato.ask("anpi.answer", **given), await sato.ask("anpi.answer", **given)

    assert "dup" not in first and again["dup"] and again["at"] == first["at"]
    assert [row.channel for row in await given_answers(server.services)] == ["queue"]


async def test_what_is_asked_for_is_never_older_than_what_was_told_meanwhile(
    server: Running, company: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
):
    services = server.services
    about = await incident(services)
    await ask(services, about, [company.sato.id])
    sato = await server.connect(company.sato.token)
    read = mine.own
    meanwhile = [process.services.state["anpi"].own for process in server.processes]

    def read_while_others_are_told(*given: Any) -> Any:
        found = read(*given)
        while meanwhile:
            found.open.clear()
            meanwhile.pop().turn += 1
        return found

    monkeypatch.setattr(mine, "own", read_while_others_are_told)
    told = await sato.ask("anpi.mine")

    assert [each["id"] for each in told["open"]] == [about]


async def test_a_board_that_was_read_before_others_were_told_is_told_again(
    server: Running, company: SimpleNamespace, mori: Someone
):
    about = await incident(server.services)
    await ask(server.services, about, [company.sato.id])
    board, sato = await server.connect(mori.token), await server.connect(company.sato.token)
    opened = await board.ask("anpi.watch", incident=about)
    await say(sato, about, "safe")
    await until(board, "anpi.board", lambda event: event["totals"].get("safe"))

    for process in server.processes:
        process.services.state["anpi"].boards.watched(about, opened["rev"])

    event = await until(board, "anpi.board", lambda event: True)
    assert event["from"] == opened["rev"] and event["totals"]["safe"] == 1


async def test_an_answer_that_has_waited_does_not_take_the_place_of_a_newer_one(
    server: Running, company: SimpleNamespace
):
    services = server.services
    about = await incident(services)
    await ask(services, about, [company.sato.id])
    sato = await server.connect(company.sato.token)
    before = to_millis(services.clock()) - 1
    await say(sato, about, "major", help=True)
    given = {"incident": about, "client_id": "offline-0001", "channel": "queue", "answer": {"self": "safe"}}

    waited = await sato.ask("anpi.answer", at=before, **given)

    assert waited["counted"] == [about] and "dup" not in waited
    assert await counted(services, about) == {company.sato.id: "major"}
    (check,) = (await sato.ask("anpi.mine"))["open"]
    assert (check["answer"]["self"], check["answer"]["help"]) == ("major", True)
    (asked_at,) = await services.readers.ask(lambda db: db.execute(select(targets.c.asked_at)).scalars().all())
    newest, oldest = sorted(await given_answers(services), key=lambda row: row.at, reverse=True)
    assert (newest.self, oldest.self) == ("major", "safe")
    assert oldest.at >= asked_at, "nobody has answered before he was asked"


async def test_an_answer_that_has_waited_counts_as_of_when_it_was_written_and_never_later_than_now(
    server: Running, company: SimpleNamespace
):
    services = server.services
    about = await incident(services)
    await ask(services, about, [company.sato.id])
    sato = await server.connect(company.sato.token)
    written = to_millis(services.clock())
    given = {"incident": about, "channel": "queue"}

    first = await sato.ask("anpi.answer", client_id="offline-0001", at=written, answer={"self": "minor"}, **given)
    assert first["at"] == written
    ahead = await sato.ask("anpi.answer", client_id="offline-0002", at=2**53 - 1, answer={"self": "safe"}, **given)
    assert written <= ahead["at"] <= to_millis(services.clock())
    assert await counted(services, about) == {company.sato.id: "safe"}


async def test_an_answer_does_not_wait_for_what_one_has_to_say_in_the_talk(
    server: Running, company: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(vars(server.services.settings), "posts_per_second", 1)
    about = await incident(server.services)
    await ask(server.services, about, [company.sato.id])
    sato = await server.connect(company.sato.token)
    room = (await sato.ask("room.create", kind="closed", name="family"))["room"]["id"]

    async def post() -> Any:
        return await sato.ask("post", channel=room, client_id=str(uuid.uuid4()), text="Is anybody there?")

    with pytest.raises(Refused) as refused:
        while True:
            await post()
    assert refused.value.code == "too_fast"

    assert (await say(sato, about, "safe"))["counted"] == [about]
    with pytest.raises(Refused):
        await post()


async def test_answers_without_end_are_held_back_and_the_talk_goes_on(server: Running, company: SimpleNamespace):
    about = await incident(server.services)
    await ask(server.services, about, [company.sato.id])
    sato = await server.connect(company.sato.token)
    room = (await sato.ask("room.create", kind="closed", name="family"))["room"]["id"]

    with pytest.raises(Refused) as refused:
        await asyncio.gather(*(say(sato, about, "safe") for _ in range(ANSWERS_AT_ONCE + 10)))
    assert refused.value.code == "too_fast" and 0 < refused.value.frame["retry_ms"] <= 1000 / ANSWERS_A_SECOND + 1

    await sato.ask("post", channel=room, client_id=str(uuid.uuid4()), text="All is well.")


async def test_nobody_answers_for_others_or_after_the_end(server: Running, company: SimpleNamespace):
    about = await incident(server.services)
    await ask(server.services, about, [company.sato.id])
    sato, ito = await server.connect(company.sato.token), await server.connect(company.ito.token)

    with pytest.raises(Refused) as refused:
        await say(ito, about, "safe")
    assert refused.value.code == "anpi_not_asked"
    await complete(server.services, about)
    with pytest.raises(Refused) as refused:
        await say(sato, about, "safe")
    assert refused.value.code == "anpi_closed"
    assert await counted(server.services, about) == {company.sato.id: ""}


async def test_the_badge_beside_the_name_follows_the_answer(server: Running, company: SimpleNamespace):
    about = await incident(server.services)
    await ask(server.services, about, [company.sato.id])
    ito = await server.connect(company.ito.token)
    link = Link(server, about, company.sato.id)

    async def badge() -> str:
        rows = (await ito.ask("directory.statuses", people=[company.sato.id]))["rows"]
        return rows[0]["state"] if rows else ""

    assert await badge() == "unanswered"
    await link.answer(self="minor")
    assert await badge() == "minor"
    await link.close()


# ---------------------------------------------------------------- the board


async def counts(server: Running, about: int) -> dict[str, int]:
    """The same numbers by another way than the board's."""
    t = targets.c
    wanted = select(t.self, func.count()).where(t.incident_id == about).group_by(t.self)
    rows = await server.services.readers.ask(lambda db: db.execute(wanted).all())
    return {said or "unanswered": people for said, people in rows}


def shown(board: dict[str, Any]) -> dict[str, int]:
    names = ("unanswered", "safe", "minor", "major", "other")
    return {name: board["totals"][name] for name in names if name in board["totals"]}


async def test_the_board_shows_everybody_who_was_asked(server: Running, company: SimpleNamespace, mori: Someone):
    about = await incident(server.services)
    await ask(server.services, about, [company.sato.id], area="351", area_kind="work")
    await ask(server.services, about, [company.suzuki.id, company.ito.id])
    board = await (await server.connect(mori.token)).ask("anpi.watch", incident=about)

    assert board["totals"] == {"asked": 3, "unanswered": 3}
    assert [(area["code"], area["counts"]["asked"]) for area in board["areas"]] == [("351", 1), ("", 2)]
    assert [(area["name"], area["counts"]["asked"]) for area in board["prefectures"]] == [("東京都", 1)]
    assert board["curve"]["quarters"] == [0, 0, 0, 0]


async def test_boards_hear_of_answers_within_a_frame_and_totals_are_sqls(
    server: Running, company: SimpleNamespace, mori: Someone
):
    services = server.services
    people = [company.sato.id, company.suzuki.id, company.ito.id]
    about = await incident(services)
    await ask(services, about, people)
    boards = [await server.connect(mori.token) for _ in range(3)]
    for board in boards:
        await board.ask("anpi.watch", incident=about)
    links = [Link(server, about, id) for id in people]

    for said in ("safe", "major", "minor"):
        await asyncio.gather(*(link.answer(self=said) for link in links))
    await links[0].answer(self="other", work="cannot")

    rest = await counts(server, about)
    assert rest == {"minor": 2, "other": 1}
    for board in boards:
        last = await until(board, "anpi.board", lambda event, rest=rest: shown(event) == rest)
        assert last["totals"]["cannot"] == 1
        assert last["curve"]["points"][-1] == 3 and all(last["curve"]["quarters"])
    for link in links:
        await link.close()


async def test_what_happens_together_is_told_together(server: Running, company: SimpleNamespace, mori: Someone):
    about = await incident(server.services)
    await ask(server.services, about, [company.sato.id])
    board = await server.connect(mori.token)
    devices = [await server.connect(company.sato.token) for _ in range(30 // ANSWERS_AT_ONCE)]
    await board.ask("anpi.watch", incident=about)
    for turn in range(30):
        await say(devices[turn % len(devices)], about, "minor" if turn < 29 else "safe")

    frames = 0
    while True:
        event = await until(board, "anpi.board", lambda event: True)
        frames += 1
        if event["totals"].get("safe"):
            break
    assert frames < 15, "thirty answers are not thirty frames"


async def test_a_frame_says_who_has_changed(server: Running, company: SimpleNamespace, mori: Someone):
    about = await incident(server.services)
    await ask(server.services, about, [company.sato.id, company.ito.id])
    board = await server.connect(mori.token)
    opened = await board.ask("anpi.watch", incident=about)
    sato = await server.connect(company.sato.token)
    await say(sato, about, "safe", help=True)

    event = await until(board, "anpi.board", lambda event: event["rev"] > opened["rev"])

    assert event["from"] == opened["rev"]
    assert [(row["id"], row["self"], row["help"]) for row in event["rows"]] == [(company.sato.id, "safe", True)]


async def test_to_others_there_is_no_board(server: Running, company: SimpleNamespace, mori: Someone):
    about = await incident(server.services)
    await ask(server.services, about, [company.sato.id])
    sato = await server.connect(company.sato.token)
    for number in (about, about + 1):
        with pytest.raises(Refused) as refused:
            await sato.ask("anpi.watch", incident=number)
        assert refused.value.code == "not_found"
    with pytest.raises(Refused) as refused:
        await (await server.connect(mori.token)).ask("anpi.watch", incident=about + 1)
    assert refused.value.code == "not_found"


async def test_a_board_is_gone_with_the_right_to_see_it(server: Running, company: SimpleNamespace, mori: Someone):
    """The row alone is taken away, as if every word of it had been lost: the right is asked at each frame."""
    about = await incident(server.services)
    await ask(server.services, about, [company.sato.id])
    board = await server.connect(mori.token)
    await board.ask("anpi.watch", incident=about)

    def lose(tx: Transaction) -> None:
        tx.connection.execute(delete(privileges).where(privileges.c.account_id == mori.id))

    await server.services.writer.act(lose)
    link = Link(server, about, company.sato.id)
    await link.answer(self="safe")
    await link.close()

    assert (await until(board, "anpi.board_gone", lambda event: True))["incident"] == about
    assert not [event for event in board.heard if event["is"] == "anpi.board" and event["totals"].get("safe")]


async def test_who_opens_a_board_while_others_are_told_stays(
    server: Running, company: SimpleNamespace, mori: Someone, monkeypatch: pytest.MonkeyPatch
):
    about = await incident(server.services)
    await ask(server.services, about, [company.sato.id])
    abe = await hire(server.services, "abe", talk=False)

    def allow(tx: Transaction) -> None:
        row = {"account_id": abe.id, "privilege": Privilege.ADMIN_ANPI.value}
        tx.connection.execute(insert(privileges), row)

    await server.services.writer.act(allow)
    board, sato = await server.connect(mori.token), await server.connect(company.sato.token)
    await board.ask("anpi.watch", incident=about)
    coming = [await server.connect(abe.token)]
    late = coming[0]
    for process in server.processes:
        read = process.services.readers.ask

        async def read_slowly(question: Any, *given: Any, read: Any = read) -> Any:
            if question is telling._counted and coming:
                await coming.pop().ask("anpi.watch", incident=about)
            return await read(question, *given)

        monkeypatch.setattr(process.services.readers, "ask", read_slowly)

    await say(sato, about, "safe")
    await until(board, "anpi.board", lambda event: event["totals"].get("safe"))
    await say(sato, about, "minor")

    assert await until(late, "anpi.board", lambda event: event["totals"].get("minor"))
    assert not [event for event in late.heard if event["is"] == "anpi.board_gone"]


async def test_a_board_that_was_left_hears_nothing_more(server: Running, company: SimpleNamespace, mori: Someone):
    about = await incident(server.services)
    await ask(server.services, about, [company.sato.id])
    left, open = await server.connect(mori.token), await server.connect(mori.token)
    for board in (left, open):
        await board.ask("anpi.watch", incident=about)
    await left.ask("anpi.unwatch")
    link = Link(server, about, company.sato.id)
    await link.answer(self="safe")
    await link.close()

    if len(server.processes) == 1:
        await until(open, "anpi.board", lambda event: event["totals"].get("safe"))
    await left.expect_silence()
