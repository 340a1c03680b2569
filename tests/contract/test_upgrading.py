"""A company that comes from an older release finds its people in the newest shape as the code would write them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, insert, select

from directory import model
from directory.tables import people, search_waiting
from server.auth.changing import search_key
from server.auth.tables import accounts
from server.data import engine, migrate
from tests.tools.databases import empty_database

BEFORE = "0002"
GONE = "去った人"
NAMES = (
    ("佐藤 一郎", "サトウ イチロウ"),
    ("田中", ""),
    ("Ｓｍｉｔｈ Ann", "スミス"),
    ("鈴木", "すずき"),
    (GONE, "イナイ"),
)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Without a table."""
    if request.param == "sqlite":
        made = engine.writing_engine(engine.parse(f"sqlite:///{tmp_path / 'renraku.db'}"))
        yield made
        made.dispose()
        return
    with empty_database(request.getfixturevalue("postgres")) as url:
        made = engine.throwaway_engine(engine.parse(url))
        yield made
        made.dispose()


def upgrade_to(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.FOLDER))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def employ(connection: Connection) -> None:
    """People as the older release wrote them."""
    for number, (name, kana) in enumerate(NAMES, 1):
        row = {"id": number, "login_id": f"p{number}", "login_key": f"p{number}", "name": name, "kana": kana}
        row |= {"search_key": search_key(name, kana), "created_at": datetime.now(UTC)}
        connection.execute(insert(accounts).values(**row, state="deleted" if name == GONE else "enabled"))


def test_people_of_an_older_release_stand_where_the_code_would_put_them(database: Engine):
    with database.connect() as connection:
        upgrade_to(connection, BEFORE)
        connection.commit()
        employ(connection)
        connection.commit()
    migrate.upgrade(database)
    with database.connect() as connection:
        rows = connection.execute(select(people).order_by(people.c.account_id)).all()
        waiting = set(connection.execute(select(search_waiting.c.account_id)).scalars())
    assert [row.sort_key for row in rows] == [model.sort_key(name, kana, None) for name, kana in NAMES]
    assert [row.account_id for row in rows if row.gone] == [len(NAMES)]
    assert waiting == {*range(1, len(NAMES))}
