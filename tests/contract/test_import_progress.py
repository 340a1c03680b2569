"""How far an import is can be asked of every process, and one whose process died has failed (laws 1 and 10)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from directory.imports import claims, state, upkeep
from directory.imports.claims import Standing
from directory.imports.exporting import line
from directory.imports.model import Options
from directory.imports.work import Imports, imports_of
from directory.tables import imports
from server.auth.model import Actor, Privilege
from server.auth.tables import accounts, audit, company
from server.errors import AppError, Busy, Conflict, NotFound
from server.services import Services
from server.settings import Settings
from tests.tools.company import Someone, hire
from tests.tools.running import Running

TSV = "".join(line(row) for row in [["LOGIN_ID", "NAME", "PASSWORD"], ["mori@x", "森", "aoi-sora-kumo"]]).encode()
CHANGED = TSV + b"x"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"modules": ("directory", "chat", "web")})


@pytest.fixture
async def services(server: Running) -> Services:
    row = {"id": 1, "name": "北斗精機", "group_code": "hokuto", "opened_at": server.services.clock()}
    limits = {"licence_basic": 100, "licence_talk": 100, "licence_anpi": 100}
    await server.services.writer.act(lambda tx: tx.connection.execute(insert(company).values(row | limits)))
    return server.services


@pytest.fixture
async def sano(services: Services) -> Actor:
    someone: Someone = await hire(services, "sano", talk=False, privileges=frozenset({Privilege.ADMIN_USER}))
    return Actor(someone.id, someone.account.name, someone.account.privileges)


async def body(data: bytes = TSV) -> AsyncIterator[bytes]:
    yield data


async def previewed(services: Services, actor: Actor) -> int:
    return (await imports_of(services).preview(actor, "users", body(), Options())).id


async def standing(services: Services, id: int) -> Standing:
    return await services.readers.ask(claims.standing, id)


async def logins(services: Services) -> list[str]:
    wanted = select(accounts.c.login_id).order_by(accounts.c.id)
    return await services.readers.ask(lambda connection: list(connection.execute(wanted).scalars()))


async def test_whoever_is_asked_tells_how_far_it_is(services: Services, sano: Actor, monkeypatch: pytest.MonkeyPatch):
    id = await previewed(services, sano)
    reached, go_on, hash = asyncio.Event(), asyncio.Event(), services.passwords.hash

    async def slow(password: str) -> str:
        reached.set()
        await go_on.wait()
        return await hash(password)

    monkeypatch.setattr(services.passwords, "hash", slow)
    monkeypatch.setattr(claims, "WORD_SECONDS", 0.0)
    working = asyncio.create_task(imports_of(services).apply(sano, id, body(), ""))
    await reached.wait()
    assert (await imports_of(services).progress(sano, id)).state == "hashing"
    assert imports_of(services).doing() == "hashing passwords: 0 of 1"
    if not services.settings.embedded:
        elsewhere = await Imports(services).progress(sano, id)
        assert (elsewhere.state, elsewhere.done, elsewhere.total) == ("hashing", 0, 1)
        with pytest.raises(Busy):
            await Imports(services).apply(sano, id, body(), "")
    go_on.set()
    assert (await working).state == "applied"
    elsewhere = await Imports(services).progress(sano, id)
    assert (elsewhere.state, elsewhere.done, elsewhere.total) == ("applied", 1, 1)
    assert (await standing(services, id)).done == 1, "it gave a word after the first"


async def test_one_whose_process_died_has_failed_and_may_be_tried_again(services: Services, sano: Actor):
    id = await previewed(services, sano)
    await services.writer.act(claims.begin, id, False)
    past = services.clock() - claims.SILENT_AT_MOST["hashing"] - timedelta(seconds=1)
    await services.writer.act(lambda tx: tx.connection.execute(update(imports).values(seen_at=past)))

    found = await Imports(services).progress(sano, id, "en")
    assert (found.state, found.code) == ("failed", "import_interrupted") and "nothing was changed" in found.message
    await upkeep.sweep(services)
    assert (await standing(services, id)).state == "failed"

    assert (await imports_of(services).apply(sano, id, body(), "")).state == "applied"
    assert await logins(services) == ["sano@hokuto.example", "mori@x"]
    with pytest.raises(Conflict, match="import_stale"):
        await imports_of(services).apply(sano, id, body(), "")


@pytest.mark.parametrize("state", claims.SILENT_AT_MOST)
async def test_silence_has_an_end(services: Services, state: claims.Working):
    now = services.clock()
    silence = claims.SILENT_AT_MOST[state]
    assert Standing(state, now - silence).at(now).state == state
    assert Standing(state, now - silence - timedelta(seconds=1)).at(now).state == "failed"
    assert Standing(state, now).at(now, alone=True).state == "failed", "there is nobody else"
    assert Standing("applied", None).at(now, alone=True).state == "applied"


async def test_a_refused_apply_stands_in_the_audit_and_in_the_row(services: Services, sano: Actor):
    id = await previewed(services, sano)
    with pytest.raises(Conflict, match="import_other_file"):
        await imports_of(services).apply(sano, id, body(CHANGED), "")
    await services.writer.act(
        lambda tx: tx.connection.execute(insert(accounts).values(other_account(services.clock())))
    )
    with pytest.raises(Conflict, match="import_stale"):
        await imports_of(services).apply(sano, id, body(), "")

    rows = await services.readers.ask(
        lambda connection: connection.execute(
            select(audit.c.action, audit.c.target, audit.c.result, audit.c.detail).where(audit.c.result != "ok")
        ).all()
    )
    assert [(row.action, row.target, row.result) for row in rows] == [
        ("directory.import.users", str(id), "refused"),
        ("directory.import.users", str(id), "refused"),
    ]
    assert '"code": "import_other_file"' in rows[0].detail and '"code": "import_stale"' in rows[1].detail
    assert "mori" not in str(rows) and "aoi-sora" not in str(rows)
    found = await Imports(services).progress(sano, id)
    assert (found.state, found.code) == ("failed", "import_stale")


def other_account(now) -> dict[str, object]:
    return {"login_id": "mori@x", "login_key": "mori@x", "name": "森", "search_key": "森", "created_at": now}


async def test_an_import_that_was_refused_is_forgotten_after_a_day(services: Services, sano: Actor):
    id = await previewed(services, sano)
    with pytest.raises(AppError):
        await imports_of(services).apply(sano, id, body(CHANGED), "")
    await services.writer.act(claims.begin, id, False)
    await services.writer.act(claims.fail, id, "import_stale")
    long_ago = services.clock() - upkeep.PREVIEWS_FOR - timedelta(seconds=1)
    await services.writer.act(lambda tx: tx.connection.execute(update(imports).values(at=long_ago)))
    await upkeep.sweep(services)
    assert await services.readers.ask(lambda connection: connection.execute(select(imports.c.id)).all()) == []


async def test_the_sweep_and_an_apply_do_not_cross(services: Services, sano: Actor):
    id = await previewed(services, sano)
    long_ago = services.clock() - upkeep.PREVIEWS_FOR - timedelta(seconds=1)
    await services.writer.act(lambda tx: tx.connection.execute(update(imports).values(at=long_ago)))
    (old,) = await services.readers.ask(upkeep._old, services.clock())

    await services.writer.act(claims.begin, id, False)
    await services.writer.bulk(upkeep._steps(old))
    assert (await standing(services, id)).state == "hashing"
    assert await services.readers.ask(state.rows_page, id, -1) != [], "its rows are there"

    await services.writer.act(claims.fail, id, "import_stale")
    (old,) = await services.readers.ask(upkeep._old, services.clock())
    assert await services.writer.act(lambda tx: upkeep._take(old, tx))
    with pytest.raises(Conflict, match="import_stale"):
        await services.writer.act(claims.begin, id, False)
    with pytest.raises(NotFound):
        await imports_of(services).apply(sano, id, body(), "")
    await upkeep.sweep(services)
    assert await services.readers.ask(lambda connection: connection.execute(select(imports.c.id)).all()) == []
