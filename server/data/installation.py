"""The number that a database was given when it was made: processes that share it find each other by it."""

from __future__ import annotations

from sqlalchemy import Column, Connection, Table, Text, select

from server.data.metadata import metadata

installation = Table("installation", metadata, Column("number", Text, primary_key=True))


def number(connection: Connection) -> str:
    """Never the same for two databases, unless one is the copy of the other."""
    found: str = connection.execute(select(installation.c.number)).scalar_one()
    return found
