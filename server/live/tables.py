"""The ``rev`` of every topic that has no row of its own (a person's, the directory's …)."""

from sqlalchemy import BigInteger, Column, Table

from server.data.metadata import metadata
from server.data.types import Key

topics = Table(
    "topics",
    metadata,
    Column("key", Key, primary_key=True),
    Column("rev", BigInteger, nullable=False),
)
