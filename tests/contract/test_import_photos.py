"""Photos come with an import: kept, set, left alone the second time, and given back by its undo."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, insert, select, update

from directory.imports.exporting import export, line
from directory.imports.model import Options
from directory.imports.wire import ImportPreview
from directory.imports.work import imports_of
from directory.pictures import actions as pictures_actions
from directory.tables import people, pictures
from server.auth.model import Actor, Privilege
from server.auth.tables import audit, company
from server.errors import AppError
from server.services import Services
from server.settings import Settings
from tests.tools.company import Someone, hire
from tests.tools.running import Running
from tests.unit.directory.imports.zips import photo, zipped

HEAD = ["LOGIN_ID", "BIG_IMAGE"]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


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
    return await hire(services, "sano", talk=False, privileges=frozenset({Privilege.ADMIN_USER}))


def acting(someone: Someone) -> Actor:
    return Actor(someone.id, someone.account.name, someone.account.privileges)


def package(rows: list[list[str]], **files: bytes) -> bytes:
    table = "".join(line(row) for row in [HEAD, *rows]).encode()
    return zipped({"users.tsv": table, **{f"image/{name}.jpg": data for name, data in files.items()}})


async def body(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def preview(services: Services, who: Someone, data: bytes) -> ImportPreview:
    return await imports_of(services).preview(acting(who), "users", body(data), Options())


async def carry_out(services: Services, who: Someone, data: bytes) -> ImportPreview:
    shown = await preview(services, who, data)
    assert shown.ready, shown.problems
    await imports_of(services).apply(acting(who), shown.id, body(data), "")
    return shown


async def photo_of(services: Services, someone: Someone) -> str:
    wanted = select(people.c.photo).where(people.c.account_id == someone.id)
    return await services.readers.ask(lambda connection: connection.execute(wanted).scalar_one())


async def count(services: Services, table) -> int:
    return await services.readers.ask(
        lambda connection: connection.execute(select(func.count()).select_from(table)).scalar_one()
    )


async def test_a_photo_comes_with_its_row_and_goes_back_by_the_undo(services: Services, sano: Someone):
    first = package([["sano@hokuto.example", "a.jpg"]], a=photo("teal"))
    await carry_out(services, sano, first)
    before = await photo_of(services, sano)
    assert len(before) == 64

    again = await preview(services, sano, first)
    assert (again.counts.unchanged, again.counts.change) == (1, 0)

    await carry_out(services, sano, package([["sano@hokuto.example", "b.jpg"]], b=photo("red")))
    assert await photo_of(services, sano) not in ("", before)
    # What an undo would need stays, however old it is.
    await services.writer.act(lambda tx: tx.connection.execute(update(pictures).values(made_at=LONG_AGO)))
    await services.writer.act(pictures_actions.sweep)

    undo = await imports_of(services).undo_preview(acting(sano), "users")
    await imports_of(services).undo(acting(sano), undo.id)

    assert await photo_of(services, sano) == before
    assert await count(services, pictures) == 2


async def test_a_photo_that_cannot_be_read_is_a_row_error_and_the_others_are_not_to_blame(
    services: Services, sano: Someone
):
    for name in ("mori", "hori"):
        await hire(services, name)
    rows = [[f"{name}@hokuto.example", f"{file}.jpg"] for name, file in (("sano", "a"), ("mori", "b"), ("hori", "c"))]
    data = package(rows, a=photo(), b=b"no photo", c=photo()[:200])
    shown = await preview(services, sano, data)
    wrong = [(each.row, each.column) for each in shown.problems if each.level == "error"]
    assert wrong == [(3, "BIG_IMAGE"), (4, "BIG_IMAGE")] and not shown.ready
    assert await photo_of(services, sano) == ""
    detail = await services.readers.ask(
        lambda connection: connection.execute(select(audit).order_by(audit.c.id.desc()).limit(1)).one()
    )
    assert (detail.action, detail.result) == ("directory.preview.users", "refused")
    assert '"errors": ' in detail.detail and "mori" not in detail.detail


async def test_a_photo_that_was_swept_meanwhile_makes_the_preview_stale(services: Services, sano: Someone):
    data = package([["sano@hokuto.example", "a.jpg"]], a=photo())
    shown = await preview(services, sano, data)
    await services.writer.act(lambda tx: tx.connection.execute(pictures.delete()))
    with pytest.raises(AppError, match="import_stale"):
        await imports_of(services).apply(acting(sano), shown.id, body(data), "")
    assert await photo_of(services, sano) == ""


async def test_an_export_after_it_imports_as_no_change(services: Services, sano: Someone):
    await carry_out(services, sano, package([["sano@hokuto.example", "a.jpg"]], a=photo()))
    written = b"".join([piece async for piece in export(services, "users", "utf-16")])
    shown = await preview(services, sano, written)
    assert (shown.counts.unchanged, shown.problems) == (1, [])
