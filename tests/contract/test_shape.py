"""The migrated database has the shape of the tables in the code, and migrating twice changes nothing."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import anpi.hazard.tables
import anpi.sending.tables
import anpi.tables
import chat.files.tables
import chat.log.tables
import chat.tables
import directory.tables
import server.auth.tables
import server.live.tables
import server.work.tables
from server.data import engine, migrate
from server.data.metadata import metadata

KNOWN = (
    anpi.hazard.tables,
    anpi.sending.tables,
    anpi.tables,
    chat.files.tables,
    chat.log.tables,
    chat.tables,
    directory.tables,
    server.auth.tables,
    server.live.tables,
    server.work.tables,
)


@pytest.fixture
def database(settings):
    opened = engine.throwaway_engine(engine.parse(settings.database))
    yield opened
    opened.dispose()


def test_the_migrations_make_the_tables_of_the_code(database):
    assert len(metadata.tables) > 10 and KNOWN, "this test needs the tables"
    with database.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_migrating_again_changes_nothing(database):
    migrate.upgrade(database)
    with database.connect() as connection:
        assert migrate.current(connection) == migrate.newest()
    assert ScriptDirectory(str(migrate.FOLDER)).get_current_head() == migrate.newest()
