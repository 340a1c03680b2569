"""The last step of an import on both databases: all in one transaction, and what follows of it."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from directory import queries
from directory.imports import applying, claims, ready, trail, upkeep
from directory.imports.model import Counts
from directory.imports.ready import NewHash
from directory.tables import departments, imports, people, posts
from server.auth import codes, seats
from server.auth import queries as accounts_queries
from server.auth.model import Privilege, operator
from server.auth.tables import accounts, audit, company, privileges, revocations, sign_in_codes
from server.auth.tables import sessions as session_rows
from server.data.transaction import Transaction
from server.errors import Conflict, Forbidden
from server.services import Services
from tests.tools.company import Someone, hire
from tests.tools.import_plans import acting, added, administrator, apply, ask, full, keep, roomy, staged, work
from tests.tools.running import Running


@pytest.fixture
async def services(server: Running) -> Services:
    return await roomy(server.services)


@pytest.fixture
async def sano(services: Services) -> Someone:
    return await administrator(services)


async def test_who_is_made_ahead_is_seen_by_nobody_until_the_import_is_applied(services: Services, sano: Someone):
    row = insert(departments).values(code="A10", name="部", rev=1).returning(departments.c.id)
    unit = await services.writer.act(lambda tx: tx.connection.execute(row).scalar_one())
    more = {"_posts": [[unit, "課長"]], "PRIVILEGES": "ADMIN_GOTALK", "_privileges": ["ADMIN_GOTALK"], "ENABLED": "0"}
    row = staged(2, "add", "p2@hokuto.example", None, full("p2@hokuto.example", 2, **more))
    import_id = await keep(services, acting(sano), "users", [row])

    def look(connection):
        tree = queries.tree(connection)
        found = accounts_queries.credentials(connection, "p2@hokuto.example")
        total, listed = queries.everybody(connection, 0, 100)
        changed = queries.people_since(connection, 0, 100)
        return tree.get(unit).people, found, total, set(listed), set(changed[1]), seats.counts(connection)

    before = await services.readers.ask(look)
    await services.writer.act(claims.begin, import_id, True)
    assert await services.writer.bulk(ready.steps(import_id, [])) == {2}
    assert await services.readers.ask(look) == before, "nobody sees who is made ahead"
    made = select(func.count()).select_from(accounts).where(accounts.c.login_id == "p2@hokuto.example")
    assert await ask(services, made) == [(1,)], "this test needs somebody who is made ahead"

    await services.writer.act(claims.say, import_id, "applying", 0, 0)
    await apply(services, acting(sano), import_id)
    people_there, found, total, *_ = await services.readers.ask(look)
    assert (people_there, total) == (before[0] + 1, before[2] + 1)
    assert found is not None and found.account.state == "disabled" and found.account.privileges == {"ADMIN_GOTALK"}


async def test_who_was_made_ahead_is_taken_away_when_the_import_fails(services: Services, sano: Someone):
    rows = [staged(n, "add", f"p{n}@hokuto.example", None, full(f"p{n}@hokuto.example", n)) for n in (2, 3)]
    import_id = await keep(services, acting(sano), "users", rows)
    count = select(func.count()).select_from(accounts)
    before = await ask(services, count)
    await services.writer.act(claims.begin, import_id, True)
    await services.writer.bulk(ready.steps(import_id, []))
    assert await ask(services, count) != before, "this test needs people who are made ahead"

    await services.writer.bulk(ready.unmake_steps(import_id))
    assert await ask(services, count) != before, "somebody works on it"
    await services.writer.act(claims.fail, import_id, "import_interrupted")
    assert await services.readers.ask(ready.unfinished) == [import_id]
    await upkeep.sweep(services)
    assert await ask(services, count) == before
    assert await services.readers.ask(ready.unfinished) == []


async def test_who_is_made_ahead_holds_his_login_id_and_the_second_is_refused_as_stale(
    services: Services, sano: Someone
):
    row = staged(2, "add", "p2@hokuto.example", None, full("p2@hokuto.example", 2))
    import_id = await keep(services, acting(sano), "users", [row])
    await services.writer.act(claims.begin, import_id, True)
    await services.writer.bulk(ready.steps(import_id, []))
    other = await keep(services, acting(sano), "users", [staged(2, "add", row.key, None, full(row.key, 9))])
    with pytest.raises(Conflict, match="import_stale"):
        await services.writer.act(applying.apply, acting(sano), other)
    with pytest.raises(Conflict, match="login_id_taken"):
        await hire(services, "p2")

    await services.writer.act(claims.say, import_id, "applying", 0, 0)
    await services.writer.act(applying.apply, acting(sano), import_id)
    found = select(accounts.c.state, accounts.c.anpi_key).where(accounts.c.login_key == row.key)
    assert await ask(services, found) == [("enabled", "a2")]


async def test_a_login_id_that_was_taken_before_anybody_was_made_ahead_is_refused_as_stale(
    services: Services, sano: Someone
):
    row = staged(2, "add", "p2@hokuto.example", None, full("p2@hokuto.example", 2))
    import_id = await keep(services, acting(sano), "users", [row])
    await hire(services, "p2")
    await services.writer.act(claims.begin, import_id, True)
    with pytest.raises(Conflict, match="import_stale"):
        await services.writer.bulk(ready.steps(import_id, []))


async def test_an_anpi_id_goes_from_a_leaver_to_a_newcomer_and_a_disabled_one_comes_disabled(
    services: Services, sano: Someone
):
    ids = await added(services, sano, 1)
    leaves = staged(2, "remove", "p2@hokuto.example", ids["p2@hokuto.example"], {})
    comes = full("p8@hokuto.example", 8, ENABLED="0", ANPI_LOGIN_ID="A2", _anpi_key="a2")
    import_id = await keep(
        services, acting(sano), "users", [leaves, staged(3, "add", "p8@hokuto.example", None, comes)]
    )
    await services.writer.act(claims.begin, import_id, True)
    await services.writer.bulk(ready.steps(import_id, []))
    await services.writer.act(claims.say, import_id, "applying", 0, 0)
    await services.writer.act(applying.apply, acting(sano), import_id)
    found = select(accounts.c.state, accounts.c.anpi_key).where(accounts.c.login_key == "p8@hokuto.example")
    assert await ask(services, found) == [("disabled", "a2")]


async def test_each_person_has_one_line_of_the_audit(services: Services, sano: Someone):
    await added(services, sano, 3)
    lines = (
        select(audit.c.target).where(audit.c.action == "account.add", audit.c.target.like("p%")).order_by("target")
    )
    await work(services)
    assert [each.target for each in await ask(services, lines)] == [f"p{n}@hokuto.example" for n in (2, 3, 4)]

    await services.writer.bulk(trail.steps(1, sano.id, "佐野"))
    assert len(await ask(services, lines)) == 3, "again is harmless"


async def test_anpi_ids_are_swapped(services: Services, sano: Someone):
    ids = await added(services, sano, 2)
    rows = [
        staged(
            n, "change", f"p{n}@hokuto.example", ids[f"p{n}@hokuto.example"], {"ANPI_LOGIN_ID": new, "_anpi_key": key}
        )
        for n, new, key in ((2, "A3", "a3"), (3, "A2", "a2"))
    ]
    await apply(services, acting(sano), await keep(services, acting(sano), "users", rows))

    owned = select(accounts.c.anpi_login_id).where(accounts.c.id != sano.id).order_by(accounts.c.id)
    assert [row[0] for row in await ask(services, owned)] == ["A3", "A2"]


async def test_what_a_row_does_not_set_stays(services: Services, sano: Someone):
    ids = await added(services, sano, 1)
    id = ids["p2@hokuto.example"]
    rows = [staged(2, "change", "p2@hokuto.example", id, {"FAX_NUMBER": "03-9", "SORT_SCORE": ""})]
    await apply(services, acting(sano), await keep(services, acting(sano), "users", rows))

    kept = select(people.c.phone_number, people.c.fax_number, people.c.sort_score, people.c.sort_key)
    (row,) = await ask(services, kept.where(people.c.account_id == id))
    assert tuple(row) == ("03-1234-5678", "03-9", None, "~ ほくと2")
    (account,) = await ask(
        services, select(accounts.c.name, accounts.c.talk, accounts.c.state).where(accounts.c.id == id)
    )
    assert tuple(account) == ("北斗 2", True, "enabled")


async def test_departments_may_stand_before_their_parents_and_people_are_in_them(services: Services, sano: Someone):
    rows = [
        staged(
            2, "add", "A11", None, {"DEPARTMENT_NAME": "第一課", "PARENT_DEPARTMENT_CODE": "A10", "SORT_SCORE": "1"}
        ),
        staged(3, "add", "A10", None, {"DEPARTMENT_NAME": "製造部", "PARENT_DEPARTMENT_CODE": "", "SORT_SCORE": ""}),
    ]
    await apply(services, acting(sano), await keep(services, acting(sano), "departments", rows))
    found = {row.code: row for row in await ask(services, select(departments))}
    assert found["A11"].parent_id == found["A10"].id and found["A10"].parent_id is None

    new = full("t@hokuto.example", 7, _posts=[[found["A11"].id, "課長"], [found["A10"].id, ""]])
    wanted = [staged(2, "add", "t@hokuto.example", None, new)]
    relied = {code: each.id for code, each in found.items()}
    await apply(services, acting(sano), await keep(services, acting(sano), "users", wanted, relied=relied))
    held = select(posts.c.place, posts.c.department_id, posts.c.title).order_by(posts.c.place)
    assert [tuple(row) for row in await ask(services, held)] == [
        (0, found["A11"].id, "課長"),
        (1, found["A10"].id, ""),
    ]


async def test_rights_and_passwords_come_with_their_consequences(services: Services, sano: Someone):
    hori = await hire(services, "hori")
    key = "hori@hokuto.example"
    change = {"PRIVILEGES": "ADMIN_GOTALK", "_privileges": ["ADMIN_GOTALK"], "_password": "1"}
    rows = [staged(2, "change", key, hori.id, change)]
    import_id = await keep(services, acting(sano), "users", rows)
    await apply(services, acting(sano), import_id, [NewHash(2, "$argon2id$x", True)])

    held = select(privileges.c.privilege).where(privileges.c.account_id == hori.id)
    assert await ask(services, held) == [("ADMIN_GOTALK",)]
    (account,) = await ask(services, select(accounts).where(accounts.c.id == hori.id))
    assert account.password_hash == "$argon2id$x" and account.must_change and account.initial_until is not None
    assert await ask(services, select(session_rows).where(session_rows.c.account_id == hori.id)) == []
    final = select(revocations.c.final).where(revocations.c.account_id == hori.id)
    assert await ask(services, final) == [(True,)]


@pytest.mark.parametrize("column", ["TALK_AVAILABLE", "TALK_LOG_DOWNLOAD_AVAILABLE", "NAME"])
async def test_who_sees_another_application_now_is_told_at_once(services: Services, sano: Someone, column: str):
    hori = await hire(services, "hori", talk=False)
    rows = [staged(2, "change", "hori@hokuto.example", hori.id, {column: "1"})]
    await apply(services, acting(sano), await keep(services, acting(sano), "users", rows))
    told = select(revocations.c.final).where(revocations.c.account_id == hori.id)
    assert await ask(services, told) == [(False,)]
    assert len(await ask(services, select(session_rows).where(session_rows.c.account_id == hori.id))) == 1


async def test_only_a_name_that_is_taken_is_told_as_stale(services: Services, sano: Someone):
    """Anything else that the database refuses is a bug, and loud."""
    rows = [staged(2, "change", "sano@hokuto.example", sano.id, {"PRIVILEGES": "X", "_privileges": ["X", "X"]})]
    import_id = await keep(services, acting(sano), "users", rows)
    with pytest.raises(IntegrityError):
        await apply(services, acting(sano), import_id)


@pytest.mark.parametrize(
    ("change", "left"),
    [({"_password": "1"}, 0), ({"ENABLED": "0"}, 0), ({"USER_TYPE": "FACILITY"}, 0), ({"NAME": "堀 健"}, 1)],
)
async def test_a_code_ends_with_what_it_stood_for(
    services: Services, sano: Someone, change: dict[str, str], left: int
):
    hori = await hire(services, "hori", talk=False)
    await services.writer.act(codes.issue, operator(), hori.id, "a hash")
    rows = [staged(2, "change", "hori@hokuto.example", hori.id, change)]
    await apply(services, acting(sano), await keep(services, acting(sano), "users", rows))
    assert len(await ask(services, select(sign_in_codes))) == left


@pytest.mark.parametrize("meanwhile", ["person", "limit", "domains", "login", "import", "department", "codes"])
async def test_a_stale_plan_is_refused_and_changes_nothing(services: Services, sano: Someone, meanwhile: str):
    ids = await added(services, sano, 2)
    for code in ("A10", "B10"):
        row = insert(departments).values(code=code, name="部", rev=1)
        await services.writer.act(lambda tx, row=row: tx.connection.execute(row))
    ((a10,),) = await ask(services, select(departments.c.id).where(departments.c.code == "A10"))
    rows = [
        staged(2, "change", "p2@hokuto.example", ids["p2@hokuto.example"], {"NAME": "他"}),
        staged(3, "add", "new@hokuto.example", None, full("new@hokuto.example", 99)),
    ]
    import_id = await keep(services, acting(sano), "users", rows, relied={"A10": a10})
    if meanwhile == "import":
        other = await keep(
            services,
            acting(sano),
            "users",
            [staged(2, "change", "p3@hokuto.example", ids["p3@hokuto.example"], {"FAX_NUMBER": "1"})],
        )
        await apply(services, acting(sano), other)
    else:
        happens = {
            "person": update(people).where(people.c.account_id == ids["p2@hokuto.example"]).values(rev=1_000_000),
            "limit": update(company).values(licence_talk=5),
            "domains": update(company).values(login_domains="hokuto.example"),
            "login": update(accounts).where(accounts.c.id == sano.id).values(login_key="new@hokuto.example"),
            "department": update(departments).values(gone=True),
            "codes": text("UPDATE departments SET code = CASE WHEN code = 'A10' THEN 'C10' ELSE 'A10' END"),
        }
        await services.writer.act(lambda tx: tx.connection.execute(happens[meanwhile]))
    before = await ask(
        services, text("SELECT count(*), (SELECT rev FROM topics WHERE key = 'directory') FROM accounts")
    )

    with pytest.raises(Conflict, match="import_stale"):
        await apply(services, acting(sano), import_id)

    after = await ask(
        services, text("SELECT count(*), (SELECT rev FROM topics WHERE key = 'directory') FROM accounts")
    )
    assert after == before
    assert await ask(services, select(accounts.c.id).where(accounts.c.name == "他")) == []


async def test_the_company_rules_hold_for_all_of_it_or_nothing_is_done(services: Services, sano: Someone):
    rows = [
        staged(2, "change", "sano@hokuto.example", sano.id, {"PRIVILEGES": "", "_privileges": []}),
        staged(3, "add", "new@hokuto.example", None, full("new@hokuto.example", 99)),
    ]
    import_id = await keep(services, operator(), "users", rows)
    with pytest.raises(Conflict, match="last_administrator"):
        await apply(services, operator(), import_id)
    assert await ask(services, select(func.count()).select_from(accounts)) == [(1,)]


@pytest.mark.parametrize("gone", ["right", "sign-in"])
async def test_the_right_is_asked_for_anew_at_the_last_step(services: Services, sano: Someone, gone: str):
    rows = [staged(2, "add", "A10", None, {"DEPARTMENT_NAME": "製造部", "PARENT_DEPARTMENT_CODE": ""})]
    import_id = await keep(services, acting(sano), "departments", rows)
    happens = {
        "right": delete(privileges).where(privileges.c.privilege == Privilege.ADMIN_DIVISION),
        "sign-in": update(accounts).where(accounts.c.id == sano.id).values(state="disabled"),
    }
    await services.writer.act(lambda tx: tx.connection.execute(happens[gone]))
    with pytest.raises(Forbidden):
        await apply(services, acting(sano), import_id)
    assert await ask(services, select(departments.c.id)) == []
    assert (await apply(services, operator(), import_id)).counts == Counts()


@pytest.mark.parametrize("meanwhile", [{"state": "old"}, {"state": "undone"}, {"days": 8}, {}])
async def test_only_what_was_applied_within_seven_days_is_undone(
    services: Services, sano: Someone, meanwhile: dict[str, object]
):
    new = staged(2, "add", "A10", None, {"DEPARTMENT_NAME": "製造部", "PARENT_DEPARTMENT_CODE": ""})
    first = await keep(services, acting(sano), "departments", [new])
    await apply(services, acting(sano), first)
    ((id,),) = await ask(services, select(departments.c.id))
    back = await keep(services, acting(sano), "departments", [staged(2, "remove", "A10", id, {})], undoes=first)
    values = {"applied_at": services.clock() - timedelta(days=8)} if "days" in meanwhile else meanwhile
    if values:
        change = update(imports).where(imports.c.id == first).values(values)
        await services.writer.act(lambda tx: tx.connection.execute(change))
        with pytest.raises(Conflict, match="import_stale"):
            await apply(services, acting(sano), back)
    else:
        await apply(services, acting(sano), back)
    assert await ask(services, select(departments.c.gone)) == [(not values,)]


async def test_what_is_done_apart_holds_nobody_up_where_several_may_write(services: Services):
    begun, go_on = threading.Event(), threading.Event()
    if services.settings.embedded:
        # There is one writer, whose line it takes.
        go_on.set()

    def slow(tx: Transaction) -> str:
        begun.set()
        assert go_on.wait(20), "somebody has been served meanwhile"
        return "done"

    apart = asyncio.create_task(services.writer.apart(slow))
    await asyncio.to_thread(begun.wait)
    assert await services.writer.act(lambda tx: "meanwhile") == "meanwhile"
    go_on.set()
    assert await apart == "done"


async def test_the_search_is_asked_again_when_the_index_has_caught_up(services: Services, sano: Someone):
    await added(services, sano, 2)
    before = await services.readers.ask(queries.rev)

    await work(services)
    assert await services.readers.ask(queries.rev) == before + 1, "open results hear that they are to be read anew"
    await work(services)
    assert await services.readers.ask(queries.rev) == before + 1, "once"
