"""企業情報, 操作ログ, first passwords and codes over HTTP."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator

import httpx2
import pytest

from server.auth import actions, company, queries, sheets
from server.auth.model import Privilege, UserType, operator
from tests.integration.auth.conftest import Add, SetClock
from tests.tools.running import Running
from tests.tools.visitor import PASSWORD, Visitor, problem_in


@pytest.fixture
async def sano(server: Running, add: Add) -> AsyncIterator[Visitor]:
    """Signed in, and an administrator of everything but anpi."""
    await server.services.writer.act(company.ensure, "北斗精機")
    await add("sano", *(set(Privilege) - {Privilege.ADMIN_ANPI}))
    async with Visitor(server) as visitor:
        await visitor.sign_in("sano@hokuto.example", PASSWORD)
        yield visitor


async def signs_in(server: Running, login: str, password: str) -> httpx2.Response:
    async with Visitor(server) as visitor:
        return await visitor.sign_in(f"{login}@hokuto.example", password)


# ---------------------------------------------------------------- 企業情報


async def test_the_company_is_shown_with_its_seats_and_changed(server: Running, sano: Visitor):
    shown = (await sano.get("/api/admin/company")).json()
    assert shown["licences"]["basic"] == {"used": 1, "limit": 100}
    assert shown["visibility"]["home_areas"] == "administrators"

    wish = {"name": "北斗商事", "licences": {"basic": 300}, "visibility": {"email1": "self"}, "phone_scheme": "sip:"}
    answer = await sano.send("/api/admin/company", wish)

    assert answer.status_code == 200
    changed = (await sano.get("/api/admin/company")).json()
    assert answer.json() == changed
    assert (changed["name"], changed["licences"]["basic"]["limit"]) == ("北斗商事", 300)
    assert (changed["visibility"]["email1"], changed["phone_scheme"]) == ("self", "sip:")
    assert (await sano.get("/api/me")).json()["company"] == "北斗商事"


@pytest.mark.parametrize(
    ("wish", "status", "code", "field"),
    [
        ({"phone_scheme": "javascript:"}, 400, "format", "phone_scheme"),
        ({"licences": {"basic": 0}}, 409, "licence_in_use", "licences"),
        ({"licences": {"basic": -1}}, 400, "invalid", None),
        ({"visibility": {"email1": "nobody"}}, 400, "invalid", None),
        ({"name": ""}, 400, "required", "company"),
        ({"logo": "x"}, 400, "invalid", None),
    ],
)
async def test_a_refusal_names_the_field(sano: Visitor, wish: dict, status: int, code: str, field: str | None):
    answer = await sano.send("/api/admin/company", wish)
    assert (answer.status_code, answer.json()["code"], answer.json().get("field")) == (status, code, field)


# ---------------------------------------------------------------- 操作ログ


async def test_the_trail_is_read_page_by_page_and_filtered(server: Running, sano: Visitor, add: Add):
    ito = await add("ito")
    for number in range(102):
        await server.services.writer.act(actions.set_talk, operator(), ito.id, number % 2 == 1)
    first = (await sano.get("/api/admin/actions?action=account.change")).json()
    assert (len(first["actions"]), first["more"]) == (100, True)
    assert first["actions"][0]["detail"] == {"changed": {"talk": [False, True]}}
    rest = (await sano.get(f"/api/admin/actions?action=account.change&before={first['actions'][-1]['id']}")).json()
    assert len(rest["actions"]) == 2 and "more" not in rest

    async def found(query: str) -> set[str]:
        return {each["action"] for each in (await sano.get(f"/api/admin/actions?{query}")).json()["actions"]}

    assert await found("target=SANO@hokuto") == {"account.add", "signin"}
    assert await found("actor=sano") == {"signin"}
    assert await found("actor=100%25") == set()
    assert await found(f"to={first['actions'][0]['at'] - 3_600_000}") == set()
    assert "account.add" in await found(f"from={first['actions'][0]['at'] - 3_600_000}&before=5")


async def test_the_trail_as_a_file(server: Running, sano: Visitor, add: Add):
    await add("=ito")
    answer = await sano.get("/api/admin/actions.csv?action=account.add")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf") and answer.content.count(b"\r\n") == 3
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row[3] for row in rows[1:]] == ["'=ito@hokuto.example", "sano@hokuto.example"]
    taken = (await sano.get("/api/admin/actions?action=actions.save")).json()["actions"]
    assert [line["actor"] for line in taken] == ["sano"], "whoever takes the trail away is in it"


@pytest.mark.parametrize(
    "query",
    [
        "before=x",
        "before=-1",
        "from=noon",
        "unknown=1",
        "actor=%00",
        "actor=a&actor=b",
        "from=9007199254740991",
        "to=253402300800000",
    ],
)
async def test_a_question_that_cannot_be_is_refused(sano: Visitor, query: str):
    assert (await sano.get(f"/api/admin/actions?{query}")).status_code == 400


async def test_the_last_moment_that_there_is_may_be_asked_for(sano: Visitor):
    answer = await sano.get("/api/admin/actions?from=253402300799999&to=253402300799999")
    assert answer.json() == {"actions": []}


@pytest.mark.parametrize(
    ("path", "body", "right"),
    [
        ("/api/admin/company", None, Privilege.ADMIN_COMPANY),
        ("/api/admin/company", {"purpose": "x"}, Privilege.ADMIN_COMPANY),
        ("/api/admin/actions", None, Privilege.ADMIN_ACTION_LOG),
        ("/api/admin/actions.csv", None, Privilege.ADMIN_ACTION_LOG),
        ("/api/admin/people/2/password", {}, Privilege.ADMIN_USER),
        ("/api/admin/people/2/code", {}, Privilege.ADMIN_USER),
        ("/api/admin/sheets", {"people": [2]}, Privilege.ADMIN_USER),
    ],
)
async def test_one_right_opens_one_door(
    server: Running, sano: Visitor, add: Add, path: str, body: dict | None, right: Privilege
):
    await add("target")
    await add("holder", right)
    await add("others", *(set(Privilege) - {right, Privilege.ADMIN_ANPI}))
    for login, expected in (("holder", 200), ("others", 403)):
        async with Visitor(server) as visitor:
            await visitor.sign_in(f"{login}@hokuto.example", PASSWORD)
            answer = await (visitor.get(path) if body is None else visitor.send(path, body))
        assert answer.status_code == expected, login
    async with Visitor(server) as stranger:
        answer = await (stranger.get(path) if body is None else stranger.send(path, body))
    assert answer.status_code == 401


# ---------------------------------------------------------------- first passwords


async def test_a_sheet_holds_what_somebody_needs_and_is_told_once(server: Running, sano: Visitor, add: Add):
    ito = await add("ito")
    answer = await sano.send(f"/api/admin/people/{ito.id}/password", {})
    sheet = answer.json()
    assert (sheet["company"], sheet["login_id"], sheet["name"]) == ("北斗精機", ito.login_id, "ito")
    assert sheet["address"] == server.address
    assert (await signs_in(server, "ito", PASSWORD)).status_code == 400, "the old one is gone"
    opened = await signs_in(server, "ito", sheet["password"])
    assert opened.headers["location"] == "/password"
    told = await server.services.readers.ask(lambda db: db.exec_driver_sql("SELECT * FROM audit").all())
    assert sheet["password"] not in str(told)


async def test_a_first_password_that_has_expired_opens_no_change_to_who_is_still_signed_in(
    server: Running, sano: Visitor, add: Add, clock: SetClock, trail
):
    ito = await add("ito")
    sheet = (await sano.send(f"/api/admin/people/{ito.id}/password", {})).json()
    async with Visitor(server) as visitor:
        await visitor.sign_in(ito.login_id, sheet["password"])
        clock.forward(days=20)
        await visitor.get("/password")
        clock.forward(days=10, hours=1)
        new = "seven bright lamps"
        late = await visitor.submit("/password", current=sheet["password"], new=new, again=new)
    assert (late.status_code, problem_in(late)) == (
        403,
        "このパスワードの有効期限が切れています。管理者に新しいパスワードを依頼してください。",
    )
    assert 'aria-invalid="true"' in late.text.split('<input id="current"')[1].split(">")[0]
    assert ("password.change", ito.login_id, "refused") in await trail()


async def test_a_first_password_expires_and_says_so_to_who_knows_it(
    server: Running, sano: Visitor, add: Add, clock: SetClock, trail
):
    ito = await add("ito")
    sheet = (await sano.send(f"/api/admin/people/{ito.id}/password", {})).json()
    clock.forward(days=29, hours=23)
    assert (await signs_in(server, "ito", sheet["password"])).status_code == 303
    clock.forward(hours=2)
    late = await signs_in(server, "ito", sheet["password"])
    assert (late.status_code, problem_in(late)) == (
        403,
        "このパスワードの有効期限が切れています。管理者に新しいパスワードを依頼してください。",
    )
    wrong = await signs_in(server, "ito", "something else 1")
    assert problem_in(wrong) == "ログインIDまたはパスワードが違います。"
    assert ("signin", ito.login_id, "refused") in await trail()


async def test_ones_own_password_never_expires(server: Running, sano: Visitor, add: Add, clock: SetClock):
    ito = await add("ito")
    sheet = (await sano.send(f"/api/admin/people/{ito.id}/password", {})).json()
    async with Visitor(server) as visitor:
        await visitor.sign_in(ito.login_id, sheet["password"])
        new = "seven correct staples"
        answer = await visitor.submit("/password", current=sheet["password"], new=new, again=new)
        assert answer.status_code == 303
    clock.forward(days=31)
    assert (await signs_in(server, "ito", new)).status_code == 303


async def test_sheets_for_several_come_in_the_order_asked_for_and_each_password_works(
    server: Running, sano: Visitor, add: Add
):
    people = [(await add(login)).id for login in ("ito", "mori", "hori")]
    made = (await sano.send("/api/admin/sheets", {"people": [*reversed(people), people[0]]})).json()["sheets"]
    assert [sheet["id"] for sheet in made] == list(reversed(people))
    assert len({sheet["password"] for sheet in made}) == 3
    for sheet in made:
        assert (await signs_in(server, sheet["name"], sheet["password"])).status_code == 303


@pytest.mark.parametrize(
    ("others", "code"),
    [([1], "not_yourself"), ([99], "not_found"), (list(range(100, 401)), "sheets_limit")],
)
async def test_sheets_are_for_all_or_for_none(server: Running, sano: Visitor, add: Add, others: list[int], code: str):
    ito = await add("ito")
    answer = await sano.send("/api/admin/sheets", {"people": [ito.id, *others]})
    assert answer.json()["code"] == code
    assert (await signs_in(server, "ito", PASSWORD)).status_code == 303


async def test_who_does_not_sign_in_gets_no_sheet(server: Running, sano: Visitor, add: Add):
    room = await add("room", talk=False)
    changes = actions.AccountChanges(user_type=UserType.FACILITY)
    await server.services.writer.act(actions.change_account, operator(), room.id, changes)
    assert (await sano.send(f"/api/admin/people/{room.id}/password", {})).json()["code"] == "no_sign_in"
    assert (await signs_in(server, "room", PASSWORD)).status_code == 400


async def test_a_made_password_is_accepted_whatever_the_login_id(server: Running):
    made = await sheets.initial_password(server.services, "abcd-efgh-jkmn@hokuto.example")
    assert await server.services.passwords.verify(made.password_hash, made.password)


async def test_the_first_sign_in_is_remembered(server: Running, add: Add):
    ito = await add("ito")
    assert ito.first_seen_at is None
    await signs_in(server, "ito", PASSWORD)
    first = (await server.services.readers.ask(queries.account, ito.id)).first_seen_at
    await signs_in(server, "ito", PASSWORD)
    assert first is not None
    assert (await server.services.readers.ask(queries.account, ito.id)).first_seen_at == first
