"""How people have said they can be reached (the chosen state is durable, who is seen at a device is not), and the
newest ``rev`` of topics that have no row of their own."""

from sqlalchemy import BigInteger, Column, ForeignKey, PrimaryKeyConstraint, Table

from server.data.metadata import metadata
from server.data.types import Id, Key, UtcTime

presence = Table(
    "presence",
    metadata,
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False),
    # "away" or "out"; who has chosen nothing has no row.
    Column("state", Key, nullable=False),
    # When somebody who is out returns; he counts as himself again from then on.
    Column("until", UtcTime),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("account_id"),
)

topics = Table(
    "topics",
    metadata,
    Column("key", Key, primary_key=True),
    # Raised under the lock of this row by everything durable that happens in the topic.
    Column("rev", BigInteger, nullable=False),
)
