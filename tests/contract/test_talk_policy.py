"""送信出来るファイル種別: who sets it, who hears of it, where it stands afterwards; the same on both databases."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from chat.files import settings
from chat.files.settings import Wanted, change_policy, current_policy, record_refusal
from chat.policy import Policy, judge_name
from chat.tables import log_entries
from server.auth.model import Actor, Privilege
from server.auth.tables import audit
from server.errors import Conflict, Forbidden, Invalid
from server.services import Services
from tests.tools.client import Refused
from tests.tools.company import Someone, hire
from tests.tools.running import Running
from tests.tools.visitor import Visitor

WANTED = Wanted(mode="default", extra=[], look_inside=True, uninspected="send", executables="send")


@pytest.fixture
def services(server: Running) -> Services:
    return server.services


@pytest.fixture
async def ueda(services: Services) -> Someone:
    return await hire(services, "ueda", privileges=frozenset({Privilege.ADMIN_GOTALK}))


def acting(someone: Someone) -> Actor:
    return Actor(someone.id, someone.account.name, someone.account.privileges)


def wish(**changes: Any) -> Wanted:
    return Wanted(**{name: changes.get(name, getattr(WANTED, name)) for name in WANTED.__struct_fields__})


async def change(services: Services, someone: Someone, **changes: Any) -> Policy:
    found: Policy = await services.writer.act(change_policy, acting(someone), wish(**changes))
    return found


async def policy(services: Services) -> Policy:
    return await services.readers.ask(current_policy)


async def logged(services: Services) -> list[tuple[str, dict[str, Any]]]:
    wanted = select(log_entries.c.kind, log_entries.c.body).where(log_entries.c.channel_id == 0)
    kinds = wanted.where(log_entries.c.kind.in_(("policy", "file_refused"))).order_by(log_entries.c.id)
    return [(kind, json.loads(body)) for kind, body in await services.readers.ask(lambda db: db.execute(kinds).all())]


async def audited(services: Services) -> list[tuple[str, str, str]]:
    wanted = select(audit.c.action, audit.c.target, audit.c.result).where(
        audit.c.action.in_(("talk.policy", "file.refuse"))
    )
    rows = await services.readers.ask(lambda db: db.execute(wanted.order_by(audit.c.id)).all())
    return [tuple(row) for row in rows]


async def test_at_first_the_manuals_default_holds(services: Services):
    assert await policy(services) == Policy()


async def test_an_administrator_of_the_talk_changes_it(services: Services, ueda: Someone):
    after = await change(
        services, ueda, mode="images", extra=[".PS1", " reg ", "exe", ""], look_inside=False, executables="refuse"
    )
    assert after == await policy(services)
    assert after == Policy("images", frozenset({"ps1", "reg"}), False, "send", "refuse")


async def test_what_was_changed_stands_in_audit_and_talk_log(services: Services, ueda: Someone):
    await change(services, ueda, mode="off", extra=["ps1"])
    await change(services, ueda, mode="off", extra=["ps1"])
    assert await audited(services) == [("talk.policy", "", "ok")], "the second changes nothing"
    assert await logged(services) == [
        (
            "policy",
            {"name": "ueda", "changed": {"mode": ["default", "off"], "extra": {"added": ["ps1"], "removed": []}}},
        )
    ]


async def test_nobody_else_changes_it(services: Services, company: SimpleNamespace):
    with pytest.raises(Forbidden):
        await change(services, company.ito, mode="off")
    assert await policy(services) == Policy()


@pytest.mark.parametrize("extra", [["a.b"], ["a b"], ["x" * 33], ["a/b"], [f"e{number}" for number in range(501)]])
async def test_what_is_no_extension_is_refused(services: Services, ueda: Someone, extra: list[str]):
    with pytest.raises(Invalid) as problem:
        await change(services, ueda, extra=extra)
    assert problem.value.details["field"] == "extra"
    assert await policy(services) == Policy()


async def test_extensions_are_kept_as_those_of_names_are_read(services: Services, ueda: Someone):
    kept = await change(services, ueda, extra=["．ＰＳ１", " .reg ", "..Foo", "ＥＸＥ", "f\u200boo"])
    assert kept.extra == {"ps1", "reg", "foo"}
    assert judge_name(kept, "設定.ps1").code == "file_blocked"


async def test_two_administrators_at_once_are_told_one_after_the_other(services: Services, ueda: Someone):
    hori = await hire(services, "hori", privileges=frozenset({Privilege.ADMIN_GOTALK}))
    before = await services.readers.ask(settings.head)
    await asyncio.gather(change(services, ueda, mode="off"), change(services, hori, mode="images"))
    assert await services.readers.ask(settings.head) == before + 2
    changes = [body["changed"]["mode"] for _, body in await logged(services)]
    assert changes[0][0] == "default" and changes[0][1] == changes[1][0]


async def test_what_was_not_seen_is_not_overwritten(services: Services, ueda: Someone):
    seen = settings.version_of(await policy(services))
    held = await change(services, ueda, mode="off", version=seen)
    assert held.mode == "off", "this test needs a change that was let in"
    for wanted in ("default", "off"):
        with pytest.raises(Conflict):
            await change(services, ueda, mode=wanted, extra=["ps1"], version=seen)
    assert await policy(services) == held
    assert len(await logged(services)) == 1
    await change(services, ueda, mode="images", version=settings.version_of(held))
    assert (await policy(services)).mode == "images"


def test_the_version_tells_any_two_policies_apart():
    policies = [
        Policy(),
        Policy("off"),
        Policy(extra=frozenset({"a", "b"})),
        Policy(extra=frozenset({"ab"})),
        Policy(look_inside=False),
        Policy(uninspected="refuse"),
        Policy(executables="refuse"),
    ]
    assert len({settings.version_of(each) for each in policies}) == len(policies)


async def test_a_refused_file_stands_in_audit_and_talk_log(services: Services, company: SimpleNamespace):
    verdict = judge_name(Policy(), "見積．ｅｘｅ")
    await services.writer.act(record_refusal, acting(company.ito), "見積．ｅｘｅ", 12, verdict, "ab" * 32)
    assert await audited(services) == [("file.refuse", "見積．ｅｘｅ", "refused")]
    told = {"name": "ito", "file": "見積．ｅｘｅ", "size": 12, "rule": "name", "code": "file_blocked"}
    assert await logged(services) == [("file_refused", {**told, "sha256": "ab" * 32})]


# ---------------------------------------------------------------- over HTTP and the socket


async def test_the_tab_shows_the_39_and_what_may_be_added(server: Running, ueda: Someone):
    async with Visitor.of(server, ueda) as browser:
        shown = (await browser.get("/api/admin/talk")).json()
        assert (shown["mode"], shown["extra"], shown["look_inside"]) == ("default", [], True)
        assert " ".join(shown["listed"]).startswith("ade adp apk bat") and len(shown["listed"]) == 39
        assert "ps1" in shown["offered"]
        assert shown["licence"] == {"used": 1, "limit": 100}
        body = {
            "mode": "images",
            "extra": ["ps1"],
            "look_inside": True,
            "uninspected": "refuse",
            "executables": "send",
        }
        saved = await browser.send("/api/admin/talk", body)
        assert saved.status_code == 200
        assert saved.json() == {**shown, **body, "version": saved.json()["version"]}
        assert saved.json() == (await browser.get("/api/admin/talk")).json()
        stale = await browser.send("/api/admin/talk", {**body, "mode": "off", "version": shown["version"]})
        assert (stale.status_code, stale.json()["code"]) == (409, "conflict")
        assert (await browser.send("/api/admin/talk", {**body, "mode": "none"})).status_code == 400


async def test_everybody_who_talks_hears_of_a_change(server: Running, company: SimpleNamespace, ueda: Someone):
    ito, suzuki, sato = [await server.connect(who.token) for who in (company.ito, company.suzuki, company.sato)]
    told = await ito.ask("talk.policy")
    assert (told["mode"], told["max_files"]) == ("default", 10)
    assert told["max_bytes"] == server.services.settings.upload_mb * 2**20
    assert len(told["refused"]) == 39
    await suzuki.ask("talk.policy")
    await change(server.services, ueda, mode="images", extra=["ps1"])
    for each in (ito, suzuki):
        event = await each.expect("talk.policy", mode="images", rev=told["rev"] + 1)
        assert event["refused"][-1] == "ps1" and "max_bytes" not in event
    await sato.expect_silence()


async def test_who_may_not_talk_is_not_told(server: Running):
    quiet = await server.connect((await hire(server.services, "quiet", talk=False)).token)
    with pytest.raises(Refused, match="talk_disabled"):
        await quiet.ask("talk.policy")
