"""集計: the search with its file, who has not answered, 対応中, 代理回答 and the history."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from anpi.board import counting
from anpi.sending.tables import deliveries
from anpi.tables import answers, targets
from directory.tables import departments, people
from server.auth.model import Privilege
from server.data.transaction import Transaction
from tests.tools.anpi_answering import Link, ask, change, complete, counted, given_answers, incident
from tests.tools.company import Someone, hire
from tests.tools.running import Running
from tests.tools.visitor import Visitor

ADMINISTRATOR = frozenset({Privilege.ADMIN_ANPI})


@pytest.fixture
async def check(server: Running, company: SimpleNamespace) -> AsyncIterator[SimpleNamespace]:
    """A check that asks three; 森 administers it."""
    about = await incident(server.services, title="=災害", location=True)
    asked = [company.sato.id, company.suzuki.id, company.ito.id]
    await ask(server.services, about, asked, area="351", area_kind="work")
    mori = await hire(server.services, "mori", talk=False, privileges=ADMINISTRATOR)
    links = [Link(server, about, id) for id in asked]
    async with Visitor.of(server, mori) as browser:
        path = f"/api/anpi/incidents/{about}"
        yield SimpleNamespace(
            about=about,
            path=path,
            mori=mori,
            browser=browser,
            sato=asked[0],
            suzuki=asked[1],
            ito=asked[2],
            links=links,
        )
    for link in links:
        await link.close()


async def found(check: SimpleNamespace, **conditions: str) -> list[str]:
    answer = await check.browser.get(f"{check.path}/answers?" + "&".join(f"{k}={v}" for k, v in conditions.items()))
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["total"] == len(body["people"])
    return [person["name"] for person in body["people"]]


async def proxied(check: SimpleNamespace, people: list[int], said: str = "safe", **given: Any) -> Any:
    body = {"accounts": people, "answer": {"self": said}, "name": "森", "reason": "電話", "key": uuid.uuid4().hex}
    return await check.browser.send(f"{check.path}/proxy", body | given)


# ---------------------------------------------------------------- the search


async def test_people_are_found_by_what_they_answered(check: SimpleNamespace):
    await check.links[0].answer(self="safe", work="cannot", family="checking")
    await check.links[1].answer(self="minor", help="1", house="lost")

    assert await found(check) == ["ito", "sato", "suzuki"]
    assert await found(check, work="cannot") == ["sato"]
    assert await found(check, self="none") == ["ito"]
    assert await found(check, self="any", help="1") == ["suzuki"]
    assert await found(check, house="lost", family="") == ["suzuki"]
    assert await found(check, family="checking", self="minor") == []
    assert await found(check, area="13") == ["ito", "sato", "suzuki"]
    assert await found(check, area="-") == []
    assert await found(check, text="SUZU") == ["suzuki"]


async def test_pages_join_to_the_whole(check: SimpleNamespace):
    names, after = [], 0
    while True:
        page = (await check.browser.get(f"{check.path}/answers?limit=2&after={after}")).json()
        assert page["total"] == 3
        names += [person["name"] for person in page["people"]]
        if not (after := page["after"]):
            break

    assert names == ["ito", "sato", "suzuki"]


async def test_departments_without_a_place_of_their_own_stand_last(server: Running):
    def count(tx: Transaction) -> list[str]:
        named = [("なし", None), ("五", 5), ("負", -1)]
        rows = [{"code": name, "name": name, "sort_score": score, "rev": 1} for name, score in named]
        tx.connection.execute(insert(departments), rows)
        ids = tx.connection.execute(select(departments.c.id)).scalars()
        told = [counting.Tally(id, "", "safe", False, "", False, 1) for id in ids]
        return [each.name for each in counting.by_department(tx.connection, told)]

    assert await server.services.writer.act(count) == ["負", "五", "なし"]


async def test_totals_over_http_are_the_answers(check: SimpleNamespace):
    await check.links[0].answer(self="safe", work="can")

    totals = (await check.browser.get(f"{check.path}/totals")).json()

    assert totals["counts"] == {"asked": 3, "unanswered": 2, "safe": 1, "can": 1, "doubtful": 1}
    assert totals["curve"]["quarters"][0] > 0 and totals["curve"]["quarters"][1] == 0


async def table(check: SimpleNamespace, **conditions: str) -> list[dict[str, str]]:
    query = "&".join(f"{k}={v}" for k, v in conditions.items())
    answer = await check.browser.get(f"{check.path}/answers.csv?{query}")
    assert answer.status_code == 200
    assert answer.content.startswith("\ufeff".encode()) and b"\r\n" in answer.content
    assert "attachment" in answer.headers["content-disposition"]
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


async def test_the_file_holds_the_search_and_no_formula(check: SimpleNamespace):
    await check.links[0].answer(
        self="major",
        work="cannot",
        comment='=HYPERLINK("x")\r\n2行目',
        share="1",
        lat="35.5",
        lon="139.7",
        accuracy="9",
    )
    await check.links[0].answer(self="minor", comment="　＝1+1", share="1", lat="35.5", lon="-0.5", accuracy="9")
    await proxied(check, [check.suzuki], name="@森")

    rows = {row["氏名"]: row for row in await table(check)}

    assert list(rows) == ["ito", "sato", "suzuki"]
    assert (
        list(rows["ito"])[:25]
        == (
            "災害ID 表題 部署コード 部署名 ログインID 安否ログインID 氏名 氏名カナ 役職 発信状況 発信日時 "
            "経路別到達状況 回答状況 回答日時 本人の状態 家族の状態 家屋の被害 出社可否 緯度 経度 位置精度m "
            "コメント 回答経路 代理回答者 回答回数"
        ).split()
    )
    sato, suzuki, ito = rows["sato"], rows["suzuki"], rows["ito"]
    assert (sato["本人の状態"], sato["回答回数"], sato["回答経路"]) == ("軽傷", "2", "メール")
    assert sato["コメント"] == "'＝1+1"
    assert (sato["緯度"], sato["経度"]) == ("35.500000", "-0.500000")
    assert sato["表題"] == "'=災害"
    assert (suzuki["代理回答者"], suzuki["回答経路"]) == ("'@森", "代理回答")
    assert (ito["回答状況"], ito["回答回数"], ito["発信状況"]) == ("未回答", "0", "連絡先なし")
    assert [row["氏名"] for row in await table(check, self="none")] == ["ito"]


async def test_the_file_says_by_which_way_each_was_reached(server: Running, check: SimpleNamespace):
    await deliver(server, check.about, check.sato, {"email1": "bounced", "own1": "sent"})
    await deliver(server, check.about, check.ito, {"email1": "failed"})

    rows = {row["氏名"]: row for row in await table(check)}

    assert rows["sato"]["経路別到達状況"] == "メール1: 不達 / 個人1: 送信済"
    assert (rows["sato"]["発信状況"], rows["ito"]["発信状況"]) == ("送信済", "不達")
    assert await found(check, sent="failed") == ["ito"]
    assert await found(check, sent="none") == ["suzuki"]

    await deliver(server, check.about, check.suzuki, {"email1": "written"})
    assert await found(check, sent="failed") == ["ito"], "as on the board: a folder is no 不達"


async def deliver(server: Running, about: int, account: int, states: dict[str, str]) -> None:
    def make(tx: Transaction) -> None:
        rows = [
            {
                "incident_id": about,
                "round": 0,
                "account_id": account,
                "channel": "mail",
                "slot": slot,
                "address_key": slot,
                "state": state,
                "due_at": tx.now,
                "ended_at": tx.now,
            }
            for slot, state in states.items()
        ]
        tx.connection.execute(insert(deliveries), rows)

    await server.services.writer.act(make)


# ---------------------------------------------------------------- who has not answered


async def test_who_has_not_answered_is_called_by_one_at_a_time(server: Running, check: SimpleNamespace):
    await check.links[0].answer(self="safe")
    await phone(server, check.ito, "090-1111-2222")
    other = await hire(server.services, "hayashi", talk=False)
    await promote(server, other)

    listed = (await check.browser.get(f"{check.path}/unreached")).json()
    assert [(each["name"], each.get("phones", [])) for each in listed["people"]] == [
        ("ito", ["090-1111-2222"]),
        ("suzuki", []),
    ]

    taken = await check.browser.send(f"{check.path}/claims", {"account": check.ito, "on": True})
    assert taken.json()["claimed_by"] == check.mori.id
    async with Visitor.of(server, other) as second:
        refused = await second.send(f"{check.path}/claims", {"account": check.ito, "on": True})
        assert (refused.status_code, refused.json()["code"]) == (409, "anpi_claimed")
        assert "mori" in refused.json()["message"]
        row = (await second.get(f"{check.path}/unreached")).json()["people"][0]
        assert (row["claimed_by"], row["claimed_name"]) == (check.mori.id, "mori")
        await expire(server, check.about)
        assert (await second.send(f"{check.path}/claims", {"account": check.ito, "on": True})).status_code == 200


async def test_whoever_has_answered_is_claimed_by_nobody(server: Running, check: SimpleNamespace):
    await check.browser.send(f"{check.path}/claims", {"account": check.sato, "on": True})
    await check.links[0].answer(self="safe")

    refused = await check.browser.send(f"{check.path}/claims", {"account": check.sato, "on": True})
    assert refused.json()["code"] == "anpi_answered"
    t = targets.c
    held = select(func.count()).where(t.incident_id == check.about, t.claimed_by.is_not(None))
    assert await server.services.readers.ask(lambda db: db.execute(held).scalar_one()) == 0


async def phone(server: Running, account: int, number: str) -> None:
    def write(tx: Transaction) -> None:
        tx.connection.execute(
            update(people).where(people.c.account_id == account).values(company_mobile_number=number)
        )

    await server.services.writer.act(write)


async def promote(server: Running, someone: Someone) -> None:
    from server.auth.tables import privileges

    def write(tx: Transaction) -> None:
        row = {"account_id": someone.id, "privilege": Privilege.ADMIN_ANPI.value}
        tx.connection.execute(insert(privileges), row)

    await server.services.writer.act(write)


async def expire(server: Running, about: int) -> None:
    """As if fifteen minutes had gone by."""

    def write(tx: Transaction) -> None:
        held = update(targets).where(targets.c.incident_id == about, targets.c.claimed_until.is_not(None))
        tx.connection.execute(held.values(claimed_until=tx.now))

    await server.services.writer.act(write)


# ---------------------------------------------------------------- 代理回答 and the history


async def test_a_proxy_answers_for_several_with_name_and_reason(server: Running, check: SimpleNamespace):
    outsider = await hire(server.services, "hayashi", talk=False)
    taken = await proxied(check, [check.sato, check.ito, outsider.id], "minor")

    assert taken.json() == {"answered": 2, "left_out": [outsider.id]}
    assert await counted(server.services, check.about) == {check.sato: "minor", check.suzuki: "", check.ito: "minor"}
    rows = await given_answers(server.services)
    assert {(row.channel, row.by_account_id, row.by_name, row.reason) for row in rows} == {
        ("bulk", check.mori.id, "森", "電話")
    }


async def test_a_proxy_for_several_leaves_out_who_has_answered_himself_since(server: Running, check: SimpleNamespace):
    await proxied(check, [check.suzuki], "other")
    await check.links[0].answer(self="major")
    key, everybody = uuid.uuid4().hex, [check.sato, check.suzuki, check.ito]
    for _ in range(2):
        taken = await proxied(check, everybody, seen=[0, 0, 0], key=key)
        assert taken.json() == {"answered": 2, "left_out": [], "answered_since": [check.sato]}
    assert await counted(server.services, check.about) == {
        check.sato: "major",
        check.suzuki: "safe",
        check.ito: "safe",
    }

    history = (await check.browser.get(f"{check.path}/history/{check.sato}")).json()
    taken = await proxied(check, everybody, "minor", seen=[history["answers"][0]["at"], 0, 0])
    assert taken.json()["answered"] == 3, "who answers for them has seen it"


async def test_a_proxy_through_a_check_that_is_over_changes_no_other(server: Running, check: SimpleNamespace):
    other = await incident(server.services, key="other")
    await ask(server.services, other, [check.sato])
    await complete(server.services, check.about)

    refused = await proxied(check, [check.sato], "major")

    assert (refused.status_code, refused.json()["code"]) == (409, "anpi_closed")
    assert await counted(server.services, other) == {check.sato: ""}


async def test_a_proxy_signs_and_says_how_he_knows(server: Running, check: SimpleNamespace):
    for missing in ({"name": " "}, {"reason": ""}, {"accounts": []}):
        assert (await proxied(check, [check.sato], **missing)).status_code == 400
    assert not await given_answers(server.services)


async def test_a_proxy_sent_twice_answers_once_and_never_after_the_end(server: Running, check: SimpleNamespace):
    key = uuid.uuid4().hex
    for _ in range(2):
        assert (await proxied(check, [check.sato], key=key)).json()["answered"] == 1
    assert len(await given_answers(server.services)) == 1

    await complete(server.services, check.about)
    refused = await proxied(check, [check.sato], "major")
    assert (refused.status_code, refused.json()["code"]) == (409, "anpi_closed")
    assert len(await given_answers(server.services)) == 1


async def test_the_history_shows_every_answer_with_its_time_and_way(server: Running, check: SimpleNamespace):
    await check.links[0].answer(self="safe")
    push = Link(server, check.about, check.sato, "push")
    await push.answer(self="minor", comment="ねんざ")
    await push.close()
    await proxied(check, [check.sato], "major")

    history = (await check.browser.get(f"{check.path}/history/{check.sato}")).json()

    shown = [(each["channel"], each["self"], each.get("by_name", "")) for each in history["answers"]]
    assert shown == [("proxy", "major", "森"), ("push", "minor", ""), ("mail", "safe", "")]
    times = [each["at"] for each in history["answers"]]
    assert times == sorted(times, reverse=True)


async def test_the_companys_own_question_stands_in_page_list_and_file(server: Running, check: SimpleNamespace):
    choices = '"choices":[{"ja":"ある"},{"ja":"ない"}],"required":true'
    asked = f'{{"own":[{{"text":{{"ja":"会社の鍵は？","en":"Keys?"}},{choices}}}]}}'
    await change(server.services, check.about, questions=asked)

    assert (await check.links[0].answer(self="safe")).status_code == 400
    assert (await check.links[0].answer(self="safe", own1="偽の答え")).status_code == 400
    page = await check.links[0].answer(self="safe", own1="ある", own2="なし")
    assert "会社の鍵は？" in page.text and "ある" in page.text

    assert [row["会社の鍵は？"] for row in await table(check, self="any")] == ["ある"]
    own = select(answers.c.own)
    assert await server.services.readers.ask(lambda db: db.execute(own).scalars().all()) == ['{"1":"ある"}']
