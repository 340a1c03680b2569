"""The first run: who knows the code makes the company, once; before it nothing else can be had, after it no page."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import delete, func, select
from structlog.testing import capture_logs

from server import demo, setup_code
from server.auth import company, first_run, queries, setting_up
from server.auth.company import Company
from server.auth.tables import accounts, audit, privileges, sessions, setup
from server.auth.tables import company as company_rows
from server.clients import order
from server.clock import system_clock
from server.errors import Busy
from server.operating import AddUser
from server.serving import settle_company
from server.work.housekeeping import TICKS
from server.work.tables import mails
from tests.tools.company import hire
from tests.tools.running import Running, running, settings_for
from tests.tools.visitor import PASSWORD, Visitor, problem_in

HTML = {"Accept": "text/html"}
FORM = {
    "company": "北斗精機株式会社",
    "name": "佐野 遥",
    "kana": "サノ ハルカ",
    "login_id": "sano@hokuto.example",
    "password": PASSWORD,
    "again": PASSWORD,
}


@pytest.fixture
async def code(server: Running) -> str:
    """What the operator was shown."""
    shown = await settle_company(server.services)
    assert shown
    return shown


@pytest.fixture
async def visitor(server: Running) -> AsyncIterator[Visitor]:
    async with Visitor(server) as here:
        yield here


async def count(server: Running, table: Any) -> int:
    counted = select(func.count()).select_from(table)
    return await server.services.readers.ask(lambda db: db.execute(counted).scalar_one())


async def expect_nothing_made(server: Running) -> None:
    for table in (accounts, company_rows, sessions, mails):
        assert await count(server, table) == 0, table.name


async def test_every_page_leads_there_while_there_is_nobody(server: Running, code: str, visitor: Visitor):
    for path in ("/", "/talk", "/talk/3", "/settings", "/signin", "/password"):
        answer = await visitor.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/setup"), path
    page = await visitor.get("/setup")
    assert page.status_code == 200 and server.address in page.text
    assert code not in page.text


async def test_it_makes_company_administrator_and_session_at_once(server: Running, code: str, visitor: Visitor):
    page = await visitor.submit("/setup", code=code, **FORM)
    assert page.status_code == 200 and page.headers["cache-control"] == "no-store"

    me = (await visitor.get("/api/me")).json()
    assert me["login_id"] == "sano@hokuto.example" and me["company"] == "北斗精機株式会社"
    assert (me["name"], me["talk"], me["language"]) == ("佐野 遥", True, "ja")
    rights = ["ADMIN_ACTION_LOG", "ADMIN_COMPANY", "ADMIN_DIVISION", "ADMIN_GOTALK", "ADMIN_USER"]
    assert me["privileges"] == rights
    found = await server.services.readers.ask(company.find)
    assert found is not None and re.fullmatch("[a-z2-9]{8}", found.group_code)
    assert (found.licences.basic, found.licences.talk, found.licences.anpi) == (100, 100, 100)
    for told in (
        "開通案内",
        server.address,
        "sano@hokuto.example",
        found.group_code,
        "基本ユーザライセンス数: 100 ID",
    ):
        assert told in page.text
    assert "トークライセンス数: 100 ID" in page.text and "安否確認機能数: 100 ID" in page.text
    assert server.services.company.name == "北斗精機株式会社"

    async with Visitor(server) as later:
        assert "北斗精機株式会社" in (await later.get("/signin")).text
        assert (await later.sign_in("SANO@hokuto.example", PASSWORD)).headers["location"] == "/"


async def test_what_was_done_stands_in_the_audit_trail(server: Running, code: str, visitor: Visitor):
    await visitor.submit("/setup", code="wrong", **FORM)
    await visitor.submit("/setup", code=code, **FORM)
    lines = await server.services.readers.ask(lambda db: db.execute(select(audit).order_by(audit.c.id)).all())
    said = [(line.action, line.result, line.target) for line in lines]
    sano = "sano@hokuto.example"
    assert said == [
        ("company.setup", "refused", ""),
        ("account.add", "ok", sano),
        ("company.setup", "ok", sano),
        ("signin", "ok", sano),
    ]
    assert PASSWORD not in str(lines) and code not in str(lines)


async def test_afterwards_the_page_is_like_one_that_never_was(server: Running, code: str, visitor: Visitor):
    await visitor.submit("/setup", code=code, **FORM)
    async with Visitor(server) as stranger:
        for method in ("GET", "POST"):
            way = {"Sec-Fetch-Site": "same-origin", **HTML}
            there = await stranger.ask(method, "/setup", way, **({"data": FORM} if method == "POST" else {}))
            nowhere = await stranger.ask("GET", "/nowhere", HTML)
            assert (there.status_code, there.text) == (404, nowhere.text)
        assert (await stranger.get("/")).headers["location"] == "/signin"
    assert await count(server, setup) == 0
    assert await settle_company(server.services) is None, "no code either"


@pytest.mark.parametrize("typed", ["{}", " {} ", "upper", "plain"])
async def test_the_code_may_be_typed_in_any_way(server: Running, code: str, visitor: Visitor, typed: str):
    ways = {"upper": code.upper(), "plain": code.replace("-", "")}
    page = await visitor.submit("/setup", code=ways.get(typed, typed.format(code)), **FORM)
    assert problem_in(page) == "" and "__Host-session" in visitor.cookies


async def test_a_wrong_code_makes_nothing_and_after_ten_no_code_is_right(
    server: Running, code: str, visitor: Visitor
):
    for left in range(9, 0, -1):
        page = await visitor.submit("/setup", code="wrong-wrong", **FORM)
        assert page.status_code == 400 and f"あと{left}回" in problem_in(page)
    for tried in ("wrong", code):
        page = await visitor.submit("/setup", code=tried, **FORM)
        assert page.status_code == 403 and "再起動" in problem_in(page)
    await expect_nothing_made(server)

    anew = await settle_company(server.services)
    assert anew and anew != code
    await visitor.submit("/setup", code=code, **FORM)
    await expect_nothing_made(server)
    await visitor.submit("/setup", code=anew, **FORM)
    assert "__Host-session" in visitor.cookies


async def test_an_hour_later_a_new_code_is_told_like_the_first(
    tmp_path: Path, sqlite_template: Path, capsys: pytest.CaptureFixture[str]
):
    ahead = timedelta(0)
    async with (
        running(settings_for(tmp_path / "var", sqlite_template), lambda: system_clock() + ahead) as server,
        Visitor(server) as visitor,
    ):
        assert await settle_company(server.services)
        for _ in range(first_run.TRIES_LIMIT):
            await visitor.submit("/setup", code="wrong", **FORM)
        await setup_code.reopen(server.services)
        assert "Nobody is here yet" not in capsys.readouterr().out, "not at once"

        ahead = first_run.CLOSED_FOR
        with capture_logs() as logged:
            await setup_code.reopen(server.services)
        (line,) = [line for line in logged if line["event"] == "setup.code"]
        assert line["code"] in capsys.readouterr().out and line["url"].endswith("/setup")
        page = await visitor.submit("/setup", code=line["code"], **FORM)
        assert page.status_code == 200

        ahead = 3 * first_run.CLOSED_FOR
        await setup_code.reopen(server.services)
        assert "Nobody is here yet" not in capsys.readouterr().out


def test_the_server_looks_by_itself_whether_a_new_code_is_due():
    assert setup_code.TICK in TICKS and setup_code.TICK.run is setup_code.reopen


async def test_guesses_sent_at_once_are_counted_each(server: Running, code: str, visitor: Visitor):
    pages = await asyncio.gather(*(visitor.submit("/setup", code=f"guess{n}", **FORM) for n in range(30)))
    assert sum(page.status_code == 400 for page in pages) == first_run.TRIES_LIMIT - 1
    assert (await visitor.submit("/setup", code=code, **FORM)).status_code == 403


@pytest.mark.parametrize(
    ("wrong", "status", "sentence"),
    [
        ({"company": "  "}, 400, "社名を入力してください。"),
        ({"company": "社" * 101}, 400, "社名は100文字以内で入力してください。"),
        ({"name": ""}, 400, "氏名を入力してください。"),
        ({"kana": "カ" * 51}, 400, "氏名カナは50文字以内で入力してください。"),
        ({"login_id": ""}, 400, "ログインIDを入力してください。"),
        ({"login_id": "佐野"}, 400, "ログインIDの形式を確認してください。"),
        ({"password": "short", "again": "short"}, 400, "パスワードは8文字以上にしてください。"),
        ({"password": "password1", "again": "password1"}, 400, "よく使われるパスワードです。"),
        ({"password": "北斗精機12345", "again": "北斗精機12345"}, 400, "会社名のほかに"),
        ({"again": "something else"}, 400, "2つで違います"),
    ],
)
async def test_what_is_wrong_is_named_and_the_rest_is_kept(
    server: Running, code: str, visitor: Visitor, wrong: dict[str, str], status: int, sentence: str
):
    page = await visitor.submit("/setup", code=code, **(FORM | wrong))
    assert page.status_code == status and sentence in problem_in(page)
    assert page.text.count('aria-invalid="true"') == 1
    for name in FORM.keys() - wrong.keys() - {"password", "again"}:
        assert f'value="{FORM[name]}"' in page.text, name
    assert PASSWORD not in page.text
    await expect_nothing_made(server)
    assert problem_in(await visitor.submit("/setup", code=code, **FORM)) == "", "a slip costs no try"


async def test_of_two_administrators_at_once_one_wins_and_the_other_makes_nothing(
    server: Running, code: str, monkeypatch: pytest.MonkeyPatch
):
    """Both have the code, both are let through by it, and both wait for their hash."""
    both, real = asyncio.Barrier(2), setting_up._founding

    async def together(*args: Any) -> Any:
        made = await real(*args)
        await both.wait()
        return made

    monkeypatch.setattr(setting_up, "_founding", together)
    async with Visitor(server) as one, Visitor(server) as two:
        pages = await asyncio.gather(
            one.submit("/setup", code=code, **FORM),
            two.submit("/setup", code=code, **(FORM | {"login_id": "mori@hokuto.example", "company": "別の会社"})),
        )
    assert sorted(page.status_code for page in pages) == [200, 404]
    winner = "sano" if pages[0].status_code == 200 else "mori"
    assert [await count(server, table) for table in (accounts, company_rows, sessions, mails)] == [1, 1, 1, 1]
    assert await server.services.readers.ask(queries.first_administrator) == f"{winner}@hokuto.example"


async def test_another_sites_page_cannot_do_it(server: Running, code: str, visitor: Visitor):
    for way in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}, {}):
        answer = await visitor.ask("POST", "/setup", way, data={"code": code, **FORM})
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
    await expect_nothing_made(server)


async def test_nothing_secret_crosses_the_network_in_the_open(server: Running, code: str, visitor: Visitor):
    elsewhere = {"Host": "192.168.1.5:8000", "Origin": "http://192.168.1.5:8000"}
    page = await visitor.get("/setup", **elsewhere)
    assert "<form" not in page.text and "reverse_proxy" in page.text
    refused = await visitor.ask("POST", "/setup", elsewhere, data={"code": code, **FORM})
    assert refused.status_code == 403
    await expect_nothing_made(server)


async def test_somebody_added_from_the_command_line_ends_the_first_run(server: Running, code: str, visitor: Visitor):
    await hire(server.services, "aoki")
    assert (await visitor.submit("/setup", code=code, **FORM)).status_code == 404
    assert (await visitor.get("/")).headers["location"] == "/signin"
    assert await settle_company(server.services) is None
    found: Company | None = await server.services.readers.ask(company.find)
    assert found is not None and found.name == "Renraku", "nobody is locked out, and there is a company"


# ---------------------------------------------------------------- the 開通案内


async def letter_from(visitor: Visitor, page: httpx2.Response) -> httpx2.Response:
    """What the button on the page of the first run gives."""
    found = re.search(r'name="password" value="([^"]*)"', page.text)
    assert found
    return await visitor.submit("/welcome", password=found[1])


async def test_the_file_holds_everything_and_the_password_only_at_this_moment(
    server: Running, code: str, visitor: Visitor
):
    file = await letter_from(visitor, await visitor.submit("/setup", code=code, **FORM))
    assert file.headers["content-disposition"] == (
        "attachment; filename=\"login.txt\"; filename*=UTF-8''%E5%8C%97%E6%96%97%E7%B2%BE%E6%A9%9F%E6%A0%AA"
        "%E5%BC%8F%E4%BC%9A%E7%A4%BE%E6%A7%98_%E3%83%AD%E3%82%B0%E3%82%A4%E3%83%B3%E6%83%85%E5%A0%B1.txt"
    )
    assert file.content.startswith(b"\xef\xbb\xbf") and b"\n" not in file.content.replace(b"\r\n", b"")
    text = file.content.decode("utf-8-sig")
    made = await server.services.readers.ask(company.find)
    assert made is not None
    for told in (
        "北斗精機株式会社 様",
        f"■サーバURL\r\n{server.address}",
        "■ログインID（管理者用権限付与）\r\nsano@hokuto.example",
        f"■ログインPW\r\n{PASSWORD}",
        f"■団体コード\r\n{made.group_code}",
        "■備考\r\n基本ユーザライセンス数: 100 ID\r\nトークライセンス数: 100 ID\r\n安否確認機能数: 100 ID",
    ):
        assert told in text

    (mailed,) = await server.services.readers.ask(lambda db: db.execute(select(mails)).all())
    assert (mailed.to_address, mailed.kind) == ("sano@hokuto.example", "welcome")
    assert made.group_code in mailed.body and PASSWORD not in mailed.body
    assert server.address not in mailed.body, "links in mails come from RENRAKU_PUBLIC_URL only"


async def test_the_file_is_for_the_companys_administrators(server: Running, code: str, visitor: Visitor):
    await visitor.submit("/setup", code=code, **FORM)
    async with Visitor(server) as stranger:
        assert (await stranger.submit("/welcome", password="x")).status_code == 401
    async with Visitor.of(server, await hire(server.services, "miura")) as plain:
        assert (await plain.submit("/welcome", password="x")).status_code == 403
    assert (await visitor.submit("/welcome", password="x\r\n■団体コード")).status_code == 400


async def test_the_file_needs_nobody_who_may_add_people(server: Running, code: str, visitor: Visitor):
    page = await visitor.submit("/setup", code=code, **FORM)
    stripped = delete(privileges).where(privileges.c.privilege == "ADMIN_USER")
    await server.services.writer.act(lambda tx: tx.connection.execute(stripped) and None)
    assert await server.services.readers.ask(queries.first_administrator) is None, "this test needs nobody"
    assert "sano@hokuto.example" in (await letter_from(visitor, page)).content.decode("utf-8-sig")


async def test_a_database_that_is_busy_costs_the_founder_neither_page_nor_session(
    server: Running, code: str, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
):
    ask, founded = server.services.readers.ask, []

    async def busy(*question: Any) -> Any:
        if await count_with(ask):
            founded.append(question)
            raise Busy()
        return await ask(*question)

    with monkeypatch.context() as patch:
        patch.setattr(server.services.readers, "ask", busy)
        page = await visitor.submit("/setup", code=code, **FORM)
    assert founded, "this test needs a question after the commit"
    assert page.status_code == 200 and "開通案内" in page.text and "sano@hokuto.example" in page.text
    assert (await visitor.get("/api/me")).json()["login_id"] == "sano@hokuto.example"


async def count_with(ask: Any) -> int:
    counted = select(func.count()).select_from(accounts)
    return int(await ask(lambda db: db.execute(counted).scalar_one()))


async def test_a_login_id_that_is_no_address_gets_no_mail(server: Running, code: str, visitor: Visitor):
    page = await visitor.submit("/setup", code=code, **(FORM | {"login_id": "sano"}))
    assert page.status_code == 200 and await count(server, mails) == 0


async def test_a_name_that_no_file_may_have_is_mended(server: Running, code: str, visitor: Visitor):
    page = await visitor.submit("/setup", code=code, **(FORM | {"company": '../"A/B"\r\nX: y'}))
    header = (await letter_from(visitor, page)).headers["content-disposition"]
    assert header.endswith(
        "''.._%22".replace("%22", "_")
        + "A_B_%20X_%20y%E6%A7%98_%E3%83%AD%E3%82%B0%E3%82%A4%E3%83%B3%E6%83%85%E5%A0%B1.txt"
    )


async def test_it_speaks_english_too(server: Running, code: str):
    async with Visitor(server) as visitor:
        page = await visitor.get("/setup?lang=en")
        assert "First administrator" in page.text and not re.search("[ぁ-ん]", page.text.replace("日本語", ""))
        done = await visitor.submit("/setup", code=code, **(FORM | {"company": "Hokuto", "name": "Sano", "kana": ""}))
        assert "Welcome letter" in done.text and "Talk licences: 100 ID" in done.text
        assert (await visitor.get("/api/me")).json()["language"] == "en"
        assert "■Group code" in (await letter_from(visitor, done)).content.decode("utf-8-sig")


# ---------------------------------------------------------------- databases from before


async def test_a_database_with_people_gets_its_company_at_start(tmp_path: Path, sqlite_template: Path):
    settings = settings_for(tmp_path / "var", sqlite_template, company="南十字商事")
    await order(settings, AddUser(login_id="a@b.example", name="青木", password=PASSWORD))
    async with running(settings) as server:
        await server.services.writer.act(lambda tx: tx.connection.execute(company_rows.delete()) and None)
        assert await settle_company(server.services) is None
        assert server.services.company.name == "南十字商事"


async def test_the_companys_own_name_goes_before_the_setting(tmp_path: Path, sqlite_template: Path):
    settings = settings_for(tmp_path / "var", sqlite_template)
    async with running(settings) as server:
        await demo.load(server.services)
    async with running(settings.model_copy(update={"company": "別の会社"})) as server, Visitor(server) as visitor:
        assert demo.COMPANY in (await visitor.get("/signin")).text
