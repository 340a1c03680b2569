"""The one linear history of the database's shape, run at start when the data is embedded, else by ``migrate``."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

FOLDER = Path(__file__).parent / "migrations"


def upgrade(engine: Engine) -> None:
    """Bring the database to the newest shape. One at a time on PostgreSQL: others wait for the lock."""
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_lock(7236117)")
            connection.commit()
        command.upgrade(_config(connection), "head")
        connection.commit()


def newest() -> str:
    """The revision that this code was written for."""
    head = ScriptDirectory(str(FOLDER)).get_current_head()
    assert head is not None
    return head


def current(connection: Connection) -> str | None:
    """The revision that the database has."""
    return MigrationContext.configure(connection).get_current_revision()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
