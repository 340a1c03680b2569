"""The one linear history of the database's shape, run at start when the data is embedded, else by ``migrate``."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, Connection, Engine, MetaData, Table, Text, inspect, select

FOLDER = Path(__file__).parent / "migrations"

# Where Alembic writes down how far it has come.
_version = Table("alembic_version", MetaData(), Column("version_num", Text))


def upgrade(engine: Engine) -> None:
    """Bring the database to the newest shape. One at a time on PostgreSQL: others wait for the lock."""
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_lock(7236117)")
            connection.commit()
        if current(connection) != newest():
            connection.commit()
            _run(connection)
        connection.commit()


def newest() -> str:
    """The revision that this code was written for: the last of the numbered files."""
    return max(path.name.partition("_")[0] for path in (FOLDER / "versions").glob("[0-9]*.py"))


def current(connection: Connection) -> str | None:
    """The revision that the database has."""
    if not inspect(connection).has_table(_version.name):
        return None
    return connection.execute(select(_version.c.version_num)).scalar()


def _run(connection: Connection) -> None:
    # Only where there is something to do: it takes a fifth of a start to load.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
