"""A code instead of a forgotten password, and the purpose of use, in a browser without JavaScript."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.auth import actions, codes, company, queries
from server.auth.company_changing import CompanyChanges, change_company
from server.auth.model import Account, new_account, operator
from server.auth.password_rule import Accepted
from tests.tools.client import Client
from tests.tools.running import Running
from tests.tools.visitor import PASSWORD, Visitor, problem_in
from web import pages
from web.nextpage import safe_next

CODE, NEW = "48210937", "seven correct staples"
LOGIN = "ito@hokuto.example"
CODE_WRONG = "ログインIDまたはコードが違うか、コードの有効期限が切れています。"


@pytest.fixture
async def ito(server: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Account:
    """Somebody with a password, who has been read out a code; and a built app."""
    (tmp_path / "index.html").write_text("app")
    monkeypatch.setattr(pages, "DIST", tmp_path)
    services = server.services
    await services.writer.act(company.ensure, "北斗精機")
    hashed = await services.passwords.hash(Accepted(PASSWORD))
    new = new_account(LOGIN, "伊藤", talk=True)
    account: Account = await services.writer.act(actions.add_account, operator(), new, hashed, must_change=False)
    code_hash = codes.hash_of(services.secrets, LOGIN, CODE)
    await services.writer.act(codes.issue, operator(), account.id, code_hash)
    return account


@pytest.fixture
async def visitor(server: Running, ito: Account) -> AsyncIterator[Visitor]:
    async with Visitor(server) as somebody:
        yield somebody


async def test_the_way_leads_from_the_sign_in_over_the_code_to_a_new_password(server: Running, visitor: Visitor):
    assert 'href="/code"' in (await visitor.get("/signin")).text
    assert (await visitor.get("/code?lang=en")).status_code == 200
    looked_at = await visitor.submit("/code", login_id=LOGIN, code="4821 0937")
    assert looked_at.status_code == 200 and 'name="new"' in looked_at.text
    assert not visitor.cookies.get("__Host-session"), "the code alone signs nobody in"

    opened = await visitor.submit("/code", login_id=LOGIN, code="4821 0937", new=NEW, again=NEW)

    assert (opened.status_code, opened.headers["location"]) == (303, "/")
    assert (await visitor.get("/api/me")).json()["login_id"] == LOGIN
    async with Visitor(server) as elsewhere:
        assert (await elsewhere.sign_in(LOGIN, PASSWORD)).status_code == 400
        assert (await elsewhere.sign_in(LOGIN, NEW)).headers["location"] == "/"
        again = await elsewhere.submit("/code", login_id=LOGIN, code=CODE, new=NEW, again=NEW)
        assert problem_in(again) == CODE_WRONG


@pytest.mark.parametrize(
    ("login_id", "code"), [(LOGIN, "00000000"), ("nobody@hokuto.example", CODE), (LOGIN, ""), (LOGIN, "4" * 5000)]
)
async def test_whatever_is_wrong_the_answer_is_the_same(visitor: Visitor, login_id: str, code: str):
    for password in ({}, {"new": NEW, "again": NEW}):
        answer = await visitor.submit("/code", login_id=login_id, code=code, **password)
        assert (answer.status_code, problem_in(answer)) == (400, CODE_WRONG)
        assert 'name="new"' not in answer.text


@pytest.mark.parametrize(("new", "again"), [("short", "short"), (NEW, "another one 12"), ("password", "password")])
async def test_a_password_that_is_not_accepted_leaves_the_code_as_it_is(visitor: Visitor, new: str, again: str):
    for _ in range(6):
        refused = await visitor.submit("/code", login_id=LOGIN, code=CODE, new=new, again=again)
        assert refused.status_code == 400 and problem_in(refused) != CODE_WRONG
        assert f'value="{CODE}"' in refused.text
    assert (await visitor.submit("/code", login_id=LOGIN, code=CODE, new=NEW, again=NEW)).status_code == 303


async def test_after_wrong_codes_the_right_one_waits_and_need_not_be_typed_again(visitor: Visitor):
    for number in range(4):
        await visitor.submit("/code", login_id=LOGIN, code=f"0000000{number}")
    for password in ({}, {"new": NEW, "again": NEW}):
        waits = await visitor.submit("/code", login_id=LOGIN, code=CODE, **password)
        assert waits.status_code == 429 and f'value="{CODE}"' in waits.text
        assert ('name="new"' in waits.text) == bool(password)


async def test_the_purpose_is_accepted_once_before_the_app(server: Running, ito: Account, visitor: Visitor):
    await visitor.sign_in(LOGIN, PASSWORD)
    assert (await visitor.get("/talk")).text == "app", "who is not asked goes on"
    wanted = CompanyChanges(purpose="業務の連絡に使います。<b>")
    await server.services.writer.act(change_company, operator(), wanted)

    sent_on = await visitor.get("/talk")
    assert (sent_on.status_code, sent_on.headers["location"]) == (303, "/agree?next=/talk")
    page = await visitor.get("/agree?next=/talk")
    assert "業務の連絡に使います。&lt;b&gt;" in page.text and 'value="/talk"' in page.text
    agreed = await visitor.submit("/agree", next="/talk")

    assert (agreed.status_code, agreed.headers["location"]) == (303, "/talk")
    assert (await visitor.get("/talk")).text == "app"
    assert (await visitor.get("/agree")).headers["location"] == "/"
    first = (await server.services.readers.ask(queries.account, ito.id)).agreed_at
    assert (await visitor.submit("/agree", next="")).headers["location"] == "/"
    assert first is not None
    assert (await server.services.readers.ask(queries.account, ito.id)).agreed_at == first


async def test_only_pages_are_open_before_the_purpose_is_accepted(server: Running, ito: Account, visitor: Visitor):
    await visitor.sign_in(LOGIN, PASSWORD)
    token = visitor.cookies["__Host-session"]
    await server.services.writer.act(change_company, operator(), CompanyChanges(purpose="業務の連絡に使います。"))

    for path in ("/api/me", "/api/sessions", "/pictures/nobody/small"):
        refused = await visitor.get(path)
        assert (refused.status_code, refused.json()["code"]) == (403, "must_agree")
    with pytest.raises(Exception, match="403"):
        await Client.connect(server.host, token)

    await visitor.submit("/agree", next="")
    assert (await visitor.get("/api/me")).status_code == 200
    await (await server.connect(token)).close()


async def test_without_a_purpose_nothing_is_accepted(server: Running, ito: Account, visitor: Visitor):
    await visitor.sign_in(LOGIN, PASSWORD)
    assert (await visitor.submit("/agree", next="/talk")).headers["location"] == "/talk"
    assert (await server.services.readers.ask(queries.account, ito.id)).agreed_at is None


async def test_the_purpose_comes_after_the_password(server: Running, ito: Account, visitor: Visitor):
    await server.services.writer.act(change_company, operator(), CompanyChanges(purpose="業務の連絡に使います。"))
    given = await server.services.passwords.hash(Accepted(NEW))
    await server.services.writer.act(actions.set_password, operator(), ito.id, given)
    await visitor.sign_in(LOGIN, NEW)
    assert (await visitor.get("/agree")).headers["location"] == "/password"
    assert (await visitor.submit("/agree")).headers["location"] == "/password"
    changed = await visitor.submit("/password", current=NEW, new=PASSWORD, again=PASSWORD)
    assert changed.headers["location"] == "/"
    assert (await visitor.get("/")).headers["location"] == "/agree"


async def test_strangers_are_sent_to_the_sign_in(visitor: Visitor):
    for answer in (await visitor.get("/agree"), await visitor.submit("/agree")):
        assert answer.headers["location"] == "/signin"


@pytest.mark.parametrize("path", ["/code", "/agree"])
def test_next_never_leads_back_here(path: str):
    assert safe_next(path) == ""
