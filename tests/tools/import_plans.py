"""Plans of imports made by hand, kept and applied as the server does it."""

from __future__ import annotations

import msgspec
from sqlalchemy import insert, select

from directory.imports import applying, staging
from directory.imports.model import Act, Counts, Record, StagedRow
from server.auth.model import Actor, Privilege
from server.auth.tables import accounts, company
from server.live.tables import topics
from server.ports import move_listeners
from server.services import Services
from server.work import jobs
from tests.tools.company import Someone, hire


def acting(someone: Someone) -> Actor:
    return Actor(someone.id, someone.account.name, someone.account.privileges)


def full(login: str, number: int, **more: object) -> dict[str, object]:
    """What a new row sets: every column."""
    return {
        "LOGIN_ID": login,
        "NAME": f"北斗 {number}",
        "NAME_KANA": "ホクト",
        "_search_key": "ほくと",
        "_sort_key": f"~ ほくと{number}",
        "USER_TYPE": "REGULAR_USER",
        "ENABLED": "1",
        "TALK_AVAILABLE": "1",
        "TALK_LOG_DOWNLOAD_AVAILABLE": "0",
        "ANPI_LOGIN_ID": f"A{number}",
        "_anpi_key": f"a{number}",
        "LANGUAGE": "ja",
        "SORT_SCORE": str(number),
        "PHONE_NUMBER": "03-1234-5678",
        "PRIVILEGES": "",
        "_privileges": [],
        "_posts": [],
        **more,
    }


def staged(row: int, act: Act, key: str, id: int | None, after: dict[str, object]) -> StagedRow:
    return StagedRow(row, act, key, id, "{}", msgspec.json.encode(after).decode())


async def keep(services: Services, who: Actor, kind, rows: list[StagedRow], **record: object) -> int:
    def head(connection):
        rev = connection.execute(select(topics.c.rev).where(topics.c.key == "directory")).scalar_one()
        found = connection.execute(select(company.c.licence_basic, company.c.licence_talk, company.c.licence_anpi))
        return rev, tuple(found.one())

    rev, limits = await services.readers.ask(head)
    chunks = [msgspec.json.encode(rows[at : at + 250]) for at in range(0, len(rows), 250)]
    made = Record(limits=limits, **record)
    return await services.writer.bulk(staging.steps(who, kind, "0" * 64, rev, made, Counts(), chunks))


async def apply(services: Services, who: Actor, import_id: int, hashes=()) -> applying.Applied:
    listeners = move_listeners(services.ports)
    return await services.writer.alone(applying.apply, who, import_id, hashes, listeners)


async def ask(services: Services, statement):
    return await services.readers.ask(lambda connection: connection.execute(statement).all())


async def work(services: Services) -> None:
    """Do the jobs that wait."""
    worker = jobs.Worker(services)
    while await worker.work_one():
        pass


async def roomy(services: Services) -> Services:
    """A company with room for everybody."""
    row = {"id": 1, "name": "北斗精機", "group_code": "hokuto", "opened_at": services.clock()}
    limits = {"licence_basic": 20_000, "licence_talk": 20_000, "licence_anpi": 20_000}
    await services.writer.act(lambda tx: tx.connection.execute(insert(company).values(row | limits)))
    return services


async def administrator(services: Services) -> Someone:
    """佐野, who may import."""
    return await hire(services, "sano", privileges=frozenset({Privilege.ADMIN_USER, Privilege.ADMIN_DIVISION}))


async def added(services: Services, sano: Someone, count: int) -> dict[str, int]:
    rows = [
        staged(n, "add", f"p{n}@hokuto.example", None, full(f"p{n}@hokuto.example", n)) for n in range(2, count + 2)
    ]
    await apply(services, acting(sano), await keep(services, acting(sano), "users", rows))
    return dict(await ask(services, select(accounts.c.login_id, accounts.c.id)))
