"""Both databases behind one word, each test with one of its own, made from a template that was migrated once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from server.data import engine, migrate
from tests.tools import workers

_numbers = itertools.count(1)
_OURS = f"renraku_{workers.NAME}"
"""Several workers may share one given server."""
TEMPLATE = f"{_OURS}_template"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file in the newest shape, to be copied."""
    path = tmp_path_factory.mktemp("template") / "renraku.db"
    database = engine.writing_engine(engine.parse(f"sqlite:///{path}"))
    migrate.upgrade(database)
    with database.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
    database.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: str) -> str:
    """The name of a migrated PostgreSQL database that nobody is connected to."""
    _administer(postgres, f"DROP DATABASE IF EXISTS {TEMPLATE}", f"CREATE DATABASE {TEMPLATE}")
    database = engine.throwaway_engine(engine.parse(_named(postgres, TEMPLATE)))
    migrate.upgrade(database)
    database.dispose()
    return TEMPLATE


def copied_template(server: str, template: str, name: str) -> tuple[str, str]:
    """One more template, to be filled: its name and its address."""
    name = f"{_OURS}_{name}"
    _copy(server, name, template)
    return name, _named(server, name)


@contextmanager
def postgres_database(server: str, template: str) -> Iterator[str]:
    """The address of a fresh database, gone afterwards; the next one is made meanwhile."""
    making = _made_ahead.pop((server, template), None) or _maker.submit(_make, server, template)
    name = making.result()
    _made_ahead[server, template] = _maker.submit(_make, server, template)
    try:
        yield _named(server, name)
    finally:
        _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


_maker = ThreadPoolExecutor(1, thread_name_prefix="databases")
_made_ahead: dict[tuple[str, str], Future[str]] = {}


def _make(server: str, template: str) -> str:
    name = f"{_OURS}_test_{next(_numbers)}"
    _copy(server, name, template)
    return name


def _copy(server: str, name: str, template: str) -> None:
    # Copied block by block through the log, as PostgreSQL likes to, it takes three times as long.
    copy = f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"
    _administer(server, f"DROP DATABASE IF EXISTS {name}", copy)


@contextmanager
def empty_database(server: str) -> Iterator[str]:
    """The address of a database without a table, gone afterwards."""
    name = f"{_OURS}_empty_{next(_numbers)}"
    _administer(server, f"CREATE DATABASE {name}")
    try:
        yield _named(server, name)
    finally:
        _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def migrated(server: str, name: str = "renraku") -> str:
    """The address of a new database on this server, in the newest shape."""
    _administer(server, f"CREATE DATABASE {name}")
    database = engine.throwaway_engine(engine.parse(_named(server, name)))
    migrate.upgrade(database)
    database.dispose()
    return _named(server, name)


def _named(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _administer(server: str, *statements: str) -> None:
    url = make_url(server)
    host = url.query.get("host") or url.host
    parts = {"host": host, "user": url.username, "password": url.password, "port": url.port, "dbname": url.database}
    with psycopg.connect(autocommit=True, **{key: value for key, value in parts.items() if value}) as connection:
        for statement in statements:
            connection.execute(statement)
