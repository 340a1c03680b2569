"""管理＞部署 and 管理＞ユーザ over HTTP."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from directory import placing
from directory.areas import resolving
from directory.areas.tables import Area
from directory.search import finding
from server.auth import company as companies
from server.auth.company_changing import CompanyChanges, change_company
from server.auth.model import Privilege, operator
from server.auth.visibility import Visibility
from server.ports import company_listeners
from tests.tools.company import hire
from tests.tools.directory import found, give
from tests.tools.running import Running, running, settings_for
from tests.tools.visitor import Visitor

MISSING = 999_999


@pytest.fixture
async def at(server: Running, company: SimpleNamespace) -> AsyncIterator[SimpleNamespace]:
    """At their browsers: the boss with every right, one for talk and one for anpi alone."""
    services = server.services
    await services.writer.act(companies.ensure, "北斗商事")
    boss = await hire(services, "boss", privileges=frozenset(Privilege) - {Privilege.ADMIN_ANPI})
    talk = await hire(services, "talker", privileges=frozenset({Privilege.ADMIN_GOTALK}))
    team = await found(services, "S-1", name="営業一課")
    await give(services, company.ito.id, (team, "主任"), mobile_number="080-1", personal_mobile_number="090-9")
    async with Visitor.of(server, boss) as one, Visitor.of(server, talk) as other:
        yield SimpleNamespace(boss=one, talk=other, ito=company.ito.id, suzuki=company.suzuki.id, team=team)


async def save(visitor: Visitor, id: int, **changes: Any) -> Any:
    seen = (await visitor.get(f"/api/admin/people/{id}")).json()
    return await visitor.send(f"/api/admin/people/{id}", {"rev": seen["rev"], "changes": changes})


async def test_account_and_profile_are_saved_in_one_go(at: SimpleNamespace):
    answer = await save(
        at.boss,
        at.ito,
        name="伊藤 花",
        posts=[{"department": at.team, "title": "課長"}],
        talk=False,
        email1="i@x.example",
    )
    saved = answer.json()
    assert answer.status_code == 200, answer.text
    assert (saved["name"], saved["posts"], saved.get("talk", False), saved["email1"]) == (
        "伊藤 花",
        [{"department": at.team, "title": "課長"}],
        False,
        "i@x.example",
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "別人", "phone_number": "電話"}, "phone_number"),
        ({"name": "別人", "posts": [{"department": MISSING}]}, "posts"),
        ({"name": "別人", "comment": "あ" * 501}, "comment"),
        ({"comment": "後から", "name": ""}, "name"),
    ],
)
async def test_what_is_refused_names_the_field_and_changes_nothing(at: SimpleNamespace, changes: Any, field: str):
    before = (await at.boss.get(f"/api/admin/people/{at.ito}")).json()
    answer = await save(at.boss, at.ito, **changes)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert (await at.boss.get(f"/api/admin/people/{at.ito}")).json() == before


async def test_who_has_changed_since_is_not_written_over(at: SimpleNamespace):
    seen = (await at.boss.get(f"/api/admin/people/{at.ito}")).json()
    await save(at.talk, at.ito, talk=False)
    late = await at.boss.send(f"/api/admin/people/{at.ito}", {"rev": seen["rev"], "changes": {"comment": "後から"}})
    assert (late.status_code, late.json()["code"]) == (409, "conflict")


async def test_a_talk_administrator_changes_talk_and_nothing_else(at: SimpleNamespace):
    seen = (await at.talk.get(f"/api/admin/people/{at.ito}")).json()
    assert seen["editable"] == ["talk"]
    assert "personal_mobile_number" not in seen and "anpi_login_id" not in seen
    assert (await save(at.talk, at.ito, talk=False)).status_code == 200
    for changes in ({"comment": "x"}, {"name": "x"}, {"posts": []}, {"talk": True, "home_areas": []}):
        assert (await save(at.talk, at.ito, **changes)).status_code == 403, changes


async def test_what_is_for_oneself_alone_is_in_no_administrators_answer(server: Running, at: SimpleNamespace):
    hide = CompanyChanges(visibility={"mobile_number": Visibility.SELF})
    await server.services.writer.act(change_company, operator(), hide, company_listeners(server.services.ports))
    seen = (await at.boss.get(f"/api/admin/people/{at.ito}")).json()
    assert "mobile_number" not in seen and "mobile_number" not in seen["editable"]
    assert seen["personal_mobile_number"] == "090-9", "what is for administrators is"
    assert (await save(at.boss, at.ito, mobile_number="080-2")).status_code == 403


async def test_a_new_visibility_is_told_to_whoever_has_the_directory_open(server: Running, company: SimpleNamespace):
    await server.services.writer.act(companies.ensure, "北斗商事")
    client = await server.connect(company.sato.token)
    assert "fax_number" not in (await client.ask("directory"))["hidden"]
    hide = CompanyChanges(visibility={"fax_number": Visibility.SELF})
    await server.services.writer.act(change_company, operator(), hide, company_listeners(server.services.ports))
    await client.expect("directory.reload")
    assert "fax_number" in (await client.ask("directory"))["hidden"]


async def test_somebody_new_is_added_with_a_sheet_that_is_told_once(at: SimpleNamespace):
    body = {"login_id": "kato@hokuto.example", "name": "加藤", "posts": [{"department": at.team}], "generate": True}
    added = await at.boss.send("/api/admin/people", body)
    assert added.status_code == 200, added.text
    person = added.json()
    assert (person["state"], person["sheet"]["login_id"]) == ("never", "kato@hokuto.example")
    again = (await at.boss.get(f"/api/admin/people/{person['id']}")).json()
    assert "sheet" not in again and person["sheet"]["password"] not in str(again)
    taken = await at.boss.send("/api/admin/people", {**body, "login_id": "KATO@hokuto.example"})
    assert (taken.status_code, taken.json()["code"]) == (409, "login_id_taken")


async def test_a_refused_field_adds_nobody(at: SimpleNamespace):
    before = (await at.boss.get("/api/admin/people")).json()["total"]
    body = {"login_id": "kato@hokuto.example", "name": "加藤", "email1": "not an address"}
    refused = await at.boss.send("/api/admin/people", body)
    assert (refused.status_code, refused.json()["field"]) == (400, "email1")
    assert (await at.boss.get("/api/admin/people")).json()["total"] == before


@pytest.mark.parametrize(
    ("question", "expected"), [("department={team}", ["ito"]), ("state=disabled", []), ("limit=1&from=1", None)]
)
async def test_people_are_listed_as_asked(at: SimpleNamespace, question: str, expected: list[str] | None):
    page = (await at.boss.get(f"/api/admin/people?{question.format(team=at.team)}")).json()
    if expected is None:
        assert (page["from"], len(page["people"]), page["total"]) == (1, 1, 5)
    else:
        assert [row["name"] for row in page["people"]] == expected


async def test_removed_and_never_there_are_the_same(at: SimpleNamespace):
    assert (await at.boss.send(f"/api/admin/people/{at.suzuki}/remove", {})).json() == {"ended": 1}
    answers = [await at.boss.get(f"/api/admin/people/{id}") for id in (at.suzuki, MISSING, 2**60)]
    assert [answer.status_code for answer in answers] == [404] * 3
    assert len({answer.text for answer in answers}) == 1


async def test_a_department_goes_only_as_it_was_seen(at: SimpleNamespace):
    made = (await at.boss.send("/api/admin/departments", {"code": "S-1-1", "name": "係", "parent": at.team})).json()
    told = (await at.boss.get(f"/api/admin/departments/{at.team}")).json()
    assert (told["below"], told["people"]) == (1, 1)
    wrong = await at.boss.send(f"/api/admin/departments/{at.team}/remove", {"people": 0})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "conflict")
    gone = await at.boss.send(f"/api/admin/departments/{at.team}/remove", {"people": told["people"]})
    assert gone.json() == {"ended": 2}
    assert (await at.boss.get(f"/api/admin/departments/{made['id']}")).status_code == 404
    assert (await at.boss.get(f"/api/admin/people/{at.ito}")).json().get("posts", []) == []


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"code": "S-1", "name": "二つ目"}, "code_taken", "code"),
        ({"code": "営業", "name": "x"}, "format", "code"),
        ({"code": "X"}, "required", "name"),
        ({"code": "X", "name": "x", "parent": MISSING}, "department_unknown", "parent"),
        ({"code": "X", "name": "x", "phone_number": "03（1234）"}, "format", "phone_number"),
    ],
)
async def test_a_department_that_cannot_be_is_refused_by_its_field(
    at: SimpleNamespace, body: Any, code: str, field: str
):
    answer = await at.boss.send("/api/admin/departments", body)
    assert (answer.json()["code"], answer.json()["field"]) == (code, field)


async def test_the_sentence_names_the_departments_own_field(at: SimpleNamespace):
    answer = await at.boss.send("/api/admin/departments", {"code": "X", "name": ""})
    assert "部署名" in answer.json()["message"]


@pytest.fixture
async def many(server: Running, at: SimpleNamespace) -> list[int]:
    """Thirty of one name; the first ten work in the team, every third is disabled."""
    services = server.services
    ids = [(await hire(services, f"mori{number:02}")).id for number in range(30)]
    for number, id in enumerate(ids):
        await give(
            services, id, *([(at.team, "")] if number < 10 else []), name=f"森 {number:02}", enabled=number % 3 > 0
        )
    return ids


@pytest.mark.parametrize("more", ["", "&state=disabled", "&department={team}", "&department={team}&state=disabled"])
async def test_whom_a_text_finds_is_listed_page_by_page_as_at_once(at: SimpleNamespace, many: list[int], more: str):
    question = f"/api/admin/people?text=森{more.format(team=at.team)}"
    whole = (await at.boss.get(question)).json()
    expected = {
        id
        for number, id in enumerate(many)
        if ("state" not in more or number % 3 == 0) and ("department" not in more or number < 10)
    }
    ids = [row["id"] for row in whole["people"]]
    assert (whole["total"], set(ids), len(ids)) == (len(expected), expected, len(expected))
    paged = []
    for first in range(0, len(ids), 4):
        page = (await at.boss.get(f"{question}&from={first}&limit=4")).json()
        assert (page["from"], page["total"]) == (first, len(expected))
        paged += [row["id"] for row in page["people"]]
    assert paged == ids


async def test_no_more_people_are_searched_for_than_are_shown(at: SimpleNamespace, many: list[int], monkeypatch):
    asked: list[tuple[Any, ...]] = []

    def find(*args: Any, **named: Any) -> finding.Found:
        asked.append((*args[3:], named))
        return search(*args, **named)

    search = finding.find
    monkeypatch.setattr(finding, "find", find)
    await at.boss.get("/api/admin/people?text=森&from=4&limit=4")
    await at.boss.get("/api/admin/people?text=森&from=4&limit=4&state=disabled")
    assert asked == [(4, 4, {"hits": False}), (0, 1000, {"hits": False})]


async def test_areas_are_understood_before_the_writer_is_asked(
    server: Running, company: SimpleNamespace, at: SimpleNamespace, monkeypatch
):
    """To understand the first takes a tenth of a second, and everybody would wait for it."""
    threads: list[str] = []

    def resolve(text: str) -> tuple[Area, ...]:
        threads.append(threading.current_thread().name)
        return resolving.resolve(text)

    monkeypatch.setattr(placing, "resolve", resolve)
    assert (await save(at.boss, at.ito, home_areas=["東京都"], work_areas=["大阪府"])).status_code == 200
    body = {"login_id": "kato@hokuto.example", "name": "加藤", "home_areas": ["京都府"]}
    assert (await at.boss.send("/api/admin/people", body)).status_code == 200
    sato = await server.connect(company.sato.token)
    told = await sato.ask("directory.change_mine", changes={"home_areas": "北海道;沖縄県"})
    assert told["person"]["home_areas"] == ["北海道", "沖縄県"]
    assert len(threads) == 5 and "writer" not in threads, threads


async def test_areas_are_read_at_the_start_and_not_while_somebody_waits(tmp_path: Path, sqlite_template: Path):
    resolving._by_name.cache_clear()
    async with running(settings_for(tmp_path / "other", sqlite_template)) as here:
        await here.services.state["directory"].warming
        before = resolving._by_name.cache_info()
        assert [each.code for each in resolving.resolve("東京都")] == ["13"]
        assert resolving._by_name.cache_info().misses == before.misses > 0
