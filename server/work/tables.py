"""Work that must happen once although processes come and go: jobs, and ticks of the clock."""

from sqlalchemy import Column, Integer, Table, Text

from server.data.metadata import metadata
from server.data.types import Id, Key, UtcTime

jobs = Table(
    "jobs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", Key, nullable=False),
    # JSON, read by the kind's own worker.
    Column("body", Text, nullable=False),
    Column("due_at", UtcTime, nullable=False, index=True),
    Column("tries", Integer, nullable=False, server_default="0"),
    # Until when a worker has it; afterwards another may take it.
    Column("leased_until", UtcTime),
    Column("leased_by", Text, nullable=False, server_default=""),
    Column("failed", Text, nullable=False, server_default=""),
    # A number is never given twice: the order of ids is the order of events, and readers remember ids.
    sqlite_autoincrement=True,
)

ticks = Table(
    "ticks",
    metadata,
    Column("name", Key, primary_key=True),
    Column("last_at", UtcTime, nullable=False),
    Column("missed", Integer, nullable=False, server_default="0"),
)
