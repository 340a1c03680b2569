"""A company is set up from Excel (STORIES 1), through the doors of an administrator, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from directory.imports import upkeep, work
from directory.imports.exporting import export, line
from directory.imports.model import Kind, Options
from directory.imports.wire import ImportPreview
from directory.imports.work import imports_of
from directory.tables import departments, imports, people, posts
from server.auth.model import Actor, Privilege
from server.auth.tables import accounts, audit, company
from server.errors import AppError, Conflict, Forbidden, NotFound
from server.services import Services
from server.settings import Settings
from tests.tools.company import Someone, hire
from tests.tools.running import Running

RIGHTS = frozenset({Privilege.ADMIN_USER, Privilege.ADMIN_DIVISION, Privilege.ADMIN_COMPANY})
HEAD = [
    "MODE",
    "LOGIN_ID",
    "PASSWORD",
    "NAME",
    "NAME_KANA",
    "DEPARTMENT_CODE",
    "POSITION",
    "PHONE_NUMBER",
    "PRIVILEGES",
]
HEAD += ["TALK_AVAILABLE", "ANPI_LOGIN_ID"]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"modules": ("directory", "chat", "web")})


@pytest.fixture
async def services(server: Running) -> Services:
    services = server.services
    row = {"id": 1, "name": "北斗精機", "group_code": "hokuto", "opened_at": services.clock()}
    limits = {"licence_basic": 100, "licence_talk": 100, "licence_anpi": 100}
    await services.writer.act(lambda tx: tx.connection.execute(insert(company).values(row | limits)))
    return services


@pytest.fixture
async def sano(services: Services) -> Someone:
    return await hire(services, "sano", talk=False, privileges=RIGHTS)


def acting(someone: Someone) -> Actor:
    return Actor(someone.id, someone.account.name, someone.account.privileges)


async def body(data: bytes) -> AsyncIterator[bytes]:
    yield data


def tsv(rows: list[list[str]], encoding: str = "utf-8") -> bytes:
    return "".join(line(row) for row in rows).encode(encoding)


async def preview(services: Services, who: Someone, kind: Kind, data: bytes, **ticked: bool) -> ImportPreview:
    return await imports_of(services).preview(acting(who), kind, body(data), Options(**ticked))


async def carry_out(services: Services, who: Someone, kind: Kind, data: bytes, **ticked: bool) -> ImportPreview:
    shown = await preview(services, who, kind, data, **ticked)
    assert shown.ready, shown.problems
    await imports_of(services).apply(acting(who), shown.id, body(data), "")
    return shown


async def exported(services: Services, kind: Kind) -> bytes:
    return b"".join([piece async for piece in export(services, kind, "utf-16")])


async def undo(services: Services, who: Someone, kind: Kind) -> ImportPreview:
    shown = await imports_of(services).undo_preview(acting(who), kind)
    await imports_of(services).undo(acting(who), shown.id)
    return shown


async def ask(services: Services, statement):
    return await services.readers.ask(lambda connection: connection.execute(statement).all())


DEPARTMENTS = [
    ["MODE", "DEPARTMENT_CODE", "PARENT_DEPARTMENT_CODE", "DEPARTMENT_NAME", "PHONE_NUMBER"],
    ["U", "A11", "A10", "第一課㈱", "０３－１２３４－５６７８"],
    ["U", "A10", "", "製造①部", ""],
    ["U", "B20", "", "総務部", ""],
]


def person(login: str, name: str = "髙橋 﨑", **cells: str) -> list[str]:
    given = {"MODE": "U", "LOGIN_ID": f"{login}@hokuto.example", "PASSWORD": "aoi-sora-kumo", "NAME": name, **cells}
    return [given.get(column, "") for column in HEAD]


async def test_a_company_is_made_from_excel_and_goes_back_again(services: Services, sano: Someone):
    shown = await preview(services, sano, "departments", tsv(DEPARTMENTS, "cp932"))
    assert (shown.encoding, shown.counts.add, shown.counts.repairs, shown.counts.errors) == ("cp932", 3, 1, 0)
    assert await ask(services, select(departments)) == []
    await imports_of(services).apply(acting(sano), shown.id, body(tsv(DEPARTMENTS, "cp932")), "")
    before = await exported(services, "users")
    assert await imports_of(services).last(acting(sano), "users") is None

    rows = [HEAD]
    rows.append(
        person("mori", "福\ufa1b 𠮷野", DEPARTMENT_CODE="A11;B20", POSITION="課長;部員", PHONE_NUMBER="+81-3-1")
    )
    rows.append(person("hori", PRIVILEGES="ADMIN_GOTALK", TALK_AVAILABLE="1", ANPI_LOGIN_ID="Hori1"))
    shown = await carry_out(services, sano, "users", tsv(rows, "utf-16"))
    assert (shown.counts.add, shown.counts.hashes) == (2, 2)
    held = select(posts.c.title).order_by(posts.c.account_id, posts.c.place)
    assert [row[0] for row in await ask(services, held)] == ["課長", "部員"]
    hashes = select(accounts.c.password_hash, accounts.c.must_change).where(accounts.c.id != sano.id)
    assert all(row.password_hash.startswith("$argon2id") and row.must_change for row in await ask(services, hashes))

    again = await preview(services, sano, "users", await exported(services, "users"))
    assert (again.counts.unchanged, again.counts.add, again.counts.change, again.problems) == (3, 0, 0, [])
    same = await preview(services, sano, "departments", await exported(services, "departments"))
    assert (same.counts.unchanged, same.problems) == (3, [])
    third = await preview(services, sano, "users", tsv(rows, "utf-16"))
    assert (third.counts.passwords, third.counts.change, third.ready) == (2, 0, False)

    assert await imports_of(services).last(acting(sano), "users") is not None
    assert await imports_of(services).last(acting(sano), "departments") is None, "only the very last one"
    shown = await undo(services, sano, "users")
    assert shown.counts.remove == 2
    assert await exported(services, "users") == before
    assert await imports_of(services).last(acting(sano), "users") is None
    with pytest.raises(Conflict, match="nothing_to_undo"):
        await imports_of(services).undo_preview(acting(sano), "users")


async def test_an_undo_keeps_later_edits_and_brings_people_back(services: Services, sano: Someone):
    await carry_out(services, sano, "departments", tsv(DEPARTMENTS))
    rows = [HEAD, person("mori", DEPARTMENT_CODE="A11", POSITION="課長", ANPI_LOGIN_ID="M1"), person("hori")]
    await carry_out(services, sano, "users", tsv(rows))
    before = await exported(services, "users")
    changed = [
        ["MODE", "LOGIN_ID", "NAME_KANA", "PHONE_NUMBER"],
        ["D", "mori@hokuto.example", "", ""],
        ["U", "hori@hokuto.example", "ホリ", "03-1111-2222"],
    ]
    shown = await carry_out(services, sano, "users", tsv(changed))
    assert (shown.counts.remove, shown.counts.change, shown.lost.anpi) == (1, 1, 1)
    (id,) = (await ask(services, select(accounts.c.id).where(accounts.c.login_key == "hori@hokuto.example")))[0]
    later = people.update().where(people.c.account_id == id).values(phone_number="03-9999-9999")
    await services.writer.act(lambda tx: tx.connection.execute(later))

    shown = await undo(services, sano, "users")

    assert [(each.column, each.value) for each in shown.kept] == [("PHONE_NUMBER", "03-9999-9999")]
    after = await exported(services, "users")
    assert after != before
    back = people.update().where(people.c.account_id == id).values(phone_number="")
    await services.writer.act(lambda tx: tx.connection.execute(back))
    assert await exported(services, "users") == before


async def test_removed_departments_return_with_their_people(services: Services, sano: Someone):
    await carry_out(services, sano, "departments", tsv(DEPARTMENTS))
    rows = [HEAD, person("mori", DEPARTMENT_CODE="B20;A11", POSITION="部長;課長")]
    await carry_out(services, sano, "users", tsv(rows))
    before = await exported(services, "departments"), await exported(services, "users")

    shown = await carry_out(services, sano, "departments", tsv([["MODE", "DEPARTMENT_CODE"], ["D", "A10"]]))
    assert (shown.counts.remove, shown.counts.unassigned) == (2, 1)
    assert [row.code for row in await ask(services, select(departments.c.code).where(~departments.c.gone))] == ["B20"]

    await undo(services, sano, "departments")
    assert (await exported(services, "departments"), await exported(services, "users")) == before


async def test_all_errors_stand_in_one_list_and_nothing_is_changed(services: Services, sano: Someone):
    rows = [HEAD]
    rows.append(["U", "sano@hokuto.example", "", "佐野"] + [""] * 7)
    rows.append(person("a1", PHONE_NUMBER="9.01E+10"))
    rows.append(person("A1"))
    rows.append(person("a2", DEPARTMENT_CODE="ZZZ"))
    rows.append(person("a3", PRIVILEGES="ADMIN_ANPI"))
    rows.append(person("a4", PHONE_NUMBER="内線1234"))
    rows.append(person("a5", PASSWORD=""))
    rows.append(person("a6", name="?野 翔", PHONE_NUMBER="9012345678"))
    rows += [[""] * len(HEAD)] * 3
    rows += [person(f"b{number}") for number in range(100)]

    shown = await preview(services, sano, "users", tsv(rows, "cp932"))

    errors = {(each.row, each.column) for each in shown.problems if each.level == "error"}
    expected = {(2, "PRIVILEGES"), (3, "PHONE_NUMBER"), (4, "LOGIN_ID"), (5, "DEPARTMENT_CODE"), (6, "PRIVILEGES")}
    assert errors == expected | {(7, "PHONE_NUMBER"), (8, "PASSWORD"), (0, "")}
    texts = [each.text for each in shown.problems]
    assert "accountId = a5@hokuto.example : PASSWORDは入力必須項目です。" in texts
    assert "基本ユーザライセンス数 が上限（100 ID）に達しています。" in texts
    assert (shown.asks, shown.offers, shown.ready) == (["marks"], ["zeros"], False)
    with pytest.raises(AppError):
        await imports_of(services).apply(acting(sano), shown.id, body(tsv(rows, "cp932")), "")
    assert len(await ask(services, select(accounts.c.id))) == 1
    wrong = [cells async for cells in imports_of(services).error_rows(acting(sano), shown.id)]
    assert wrong[0] == HEAD and len(wrong) == 8
    assert "aoi-sora-kumo" not in str(wrong) + str(shown) + str(await ask(services, select(audit.c.detail)))


async def test_another_file_than_the_previewed_is_refused(services: Services, sano: Someone):
    shown = await preview(services, sano, "departments", tsv(DEPARTMENTS))
    with pytest.raises(Conflict, match="import_other_file"):
        await imports_of(services).apply(acting(sano), shown.id, body(tsv(DEPARTMENTS[:-1])), "")


async def test_of_two_administrators_the_second_is_told_that_his_preview_is_stale(services: Services, sano: Someone):
    mori = await hire(services, "mori", talk=False, privileges=RIGHTS)
    first = await preview(services, sano, "departments", tsv(DEPARTMENTS))
    second = await preview(services, mori, "departments", tsv(DEPARTMENTS))
    await imports_of(services).apply(acting(sano), first.id, body(tsv(DEPARTMENTS)), "")
    with pytest.raises(Conflict, match="import_stale"):
        await imports_of(services).apply(acting(mori), second.id, body(tsv(DEPARTMENTS)), "")


async def test_passwords_are_made_and_told_once(services: Services, sano: Someone):
    rows = [HEAD, person("mori", PASSWORD="")]
    shown = await carry_out(services, sano, "users", tsv(rows), make_passwords=True)
    assert (await imports_of(services).progress(acting(sano), shown.id)).sheets == 1
    (sheet,) = await imports_of(services).sheets(acting(sano), shown.id)
    assert sheet.login_id == "mori@hokuto.example" and len(sheet.password) >= 12
    with pytest.raises(AppError):
        await imports_of(services).sheets(acting(sano), shown.id)


async def test_whoever_applies_is_answered_with_the_sheets(services: Services, sano: Someone):
    """Another web process could not give them: what is asked there afterwards finds nothing."""
    file = tsv([HEAD, person("mori", PASSWORD=""), person("hori", PASSWORD="aoi-sora-kumo-12")])
    shown = await preview(services, sano, "users", file, make_passwords=True)

    done = await imports_of(services).apply(acting(sano), shown.id, body(file), "")

    assert [(each.login_id, len(each.password) >= 12) for each in done.login_sheets] == [
        ("mori@hokuto.example", True)
    ]
    assert (done.state, done.sheets) == ("applied", 1)


async def test_sheets_wait_through_another_import_for_whoever_may_still_have_them(services: Services, sano: Someone):
    first = await carry_out(services, sano, "users", tsv([HEAD, person("mori", PASSWORD="")]), make_passwords=True)
    await carry_out(services, sano, "users", tsv([HEAD, person("hori", PASSWORD="")]), make_passwords=True)
    with pytest.raises(Forbidden):
        await imports_of(services).sheets(Actor(sano.id, "佐野", frozenset({Privilege.ADMIN_DIVISION})), first.id)
    (sheet,) = await imports_of(services).sheets(acting(sano), first.id)
    assert sheet.login_id == "mori@hokuto.example"


async def test_sheets_do_not_wait_for_ever(services: Services, sano: Someone, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(work, "SHEETS_FOR", timedelta(0))
    rows = [HEAD, person("mori", PASSWORD="")]
    shown = await carry_out(services, sano, "users", tsv(rows), make_passwords=True)
    assert (await imports_of(services).progress(acting(sano), shown.id)).sheets == 0
    with pytest.raises(NotFound):
        await imports_of(services).sheets(acting(sano), shown.id)


async def test_a_preview_shows_nothing_that_is_its_owners_alone(services: Services, sano: Someone):
    await carry_out(services, sano, "users", tsv([HEAD, person("mori", PHONE_NUMBER="03-1111-2222")]))
    hide = update(company).values(visibility='{"phone_number": "self"}')
    await services.writer.act(lambda tx: tx.connection.execute(hide))
    gone = [["MODE", "LOGIN_ID"], ["D", "mori@hokuto.example"]]
    shown = await preview(services, sano, "users", tsv(gone))
    page = await imports_of(services).rows(acting(sano), shown.id, "remove", 0)
    columns = [each.column for each in page.rows[0].fields]
    assert "NAME" in columns and "PHONE_NUMBER" not in columns


async def test_who_was_deleted_is_forgotten_with_the_undo(services: Services, sano: Someone):
    await carry_out(services, sano, "users", tsv([HEAD, person("mori", PHONE_NUMBER="03-1111-2222")]))
    await carry_out(services, sano, "users", tsv([["MODE", "LOGIN_ID"], ["D", "mori@hokuto.example"]]))
    number = select(people.c.phone_number).where(people.c.gone)
    await upkeep.sweep(services)
    assert await ask(services, number) == [("03-1111-2222",)], "he may still come back"
    past = services.clock() - timedelta(days=8)
    await services.writer.act(lambda tx: tx.connection.execute(update(imports).values(applied_at=past)))
    await upkeep.sweep(services)
    assert (await ask(services, number), await ask(services, select(imports.c.id))) == ([("",)], [])
