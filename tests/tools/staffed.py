"""Databases in which the company of ``tests/tools/company.py`` works already: to hire it anew for each test was a
sixth of all that the tests did.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import update

from server.auth.sessions import hash_of
from server.auth.tables import sessions
from server.data.transaction import Transaction
from server.opening import opened
from server.services import Services
from server.settings import Settings
from tests.tools.company import SESSION_DAYS, Someone, hire_all
from tests.tools.databases import copied_template
from tests.tools.running import settings_for

_hired: dict[str, SimpleNamespace] = {}
"""Who is in the template of each kind of database."""


@pytest.fixture(scope="session")
async def sqlite_staffed(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """As ``sqlite_template``, with the company."""
    settings = settings_for(tmp_path_factory.mktemp("staffed"), sqlite_template)
    await _hire(settings)
    return settings.var / "renraku.db"


@pytest.fixture(scope="session")
async def postgres_staffed(tmp_path_factory: pytest.TempPathFactory, postgres: str, postgres_template: str) -> str:
    """As ``postgres_template``, with the company."""
    name, url = copied_template(postgres, postgres_template, "staffed")
    await _hire(settings_for(tmp_path_factory.mktemp("staffed"), database_url=url))
    return name


@pytest.fixture
def sqlite_for_test(request: pytest.FixtureRequest) -> Path:
    """The template for a test: with the company, if it asks for one."""
    return request.getfixturevalue(f"sqlite_{_wanted(request)}")


@pytest.fixture
def postgres_for_test(request: pytest.FixtureRequest) -> str:
    """As ``sqlite_for_test``."""
    return request.getfixturevalue(f"postgres_{_wanted(request)}")


def _wanted(request: pytest.FixtureRequest) -> str:
    return "staffed" if "company" in request.fixturenames else "template"


async def company_of(services: Services) -> SimpleNamespace:
    """The people of this database, just signed in; hired now if it was made from a template without them."""
    people = _hired.get(_kind(services.settings), SimpleNamespace())
    if not await services.writer.act(_sign_in_again, vars(people).values()):
        return await hire_all(services)
    return SimpleNamespace(**vars(people))


def _sign_in_again(tx: Transaction, people: Collection[Someone]) -> bool:
    """False when they are not in this database."""
    theirs = sessions.c.token_hash.in_([hash_of(each.token) for each in people])
    times = {"created_at": tx.now, "seen_at": tx.now, "ends_at": tx.now + timedelta(days=SESSION_DAYS)}
    return tx.connection.execute(update(sessions).where(theirs).values(times)).rowcount > 0


async def _hire(settings: Settings) -> None:
    async with opened(settings) as services:
        _hired[_kind(settings)] = await hire_all(services)


def _kind(settings: Settings) -> str:
    return "postgres" if settings.database_url else "sqlite"
