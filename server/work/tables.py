"""Work that must happen once although processes come and go: jobs, ticks of the clock, and which processes live."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text

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

leases = Table(
    "leases",
    metadata,
    Column("name", Key, primary_key=True),
    Column("holder", Key, nullable=False),
    # Grows with every holder: what an older one still does is refused.
    Column("number", BigInteger, nullable=False),
    Column("until", UtcTime, nullable=False),
)

processes = Table(
    "processes",
    metadata,
    # As the bus knows it: a process that starts anew is another one.
    Column("name", Key, primary_key=True),
    Column("role", Key, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
)

mails = Table(
    "mails",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", UtcTime, nullable=False, index=True),
    # What it is about, for counting and for reading logs: "welcome" …
    Column("kind", Key, nullable=False),
    Column("to_address", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    # Without its brackets; the same at each try, so that a repeated mail is recognised.
    Column("message_id", Key, nullable=False, unique=True),
    # "waiting", "doubtful" (handed over without an answer, goes once more), "sent", "written" (to a folder, hence
    # not delivered) or "failed".
    Column("state", Key, nullable=False, server_default="waiting"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("due_at", UtcTime, nullable=False),
    # Until when a dispatcher has it; afterwards another may take it.
    Column("leased_until", UtcTime),
    Column("leased_by", Text, nullable=False, server_default=""),
    Column("error", Text, nullable=False, server_default=""),
    # A number is never given twice: people read it in logs.
    sqlite_autoincrement=True,
)

Index("ix_mails_waiting", mails.c.state, mails.c.due_at)

push_subscriptions = Table(
    "push_subscriptions",
    metadata,
    # A browser that wants to be woken (RFC 8030): where, and the keys to write to it (RFC 8291).
    Column("id", Id, primary_key=True),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False, index=True),
    # The session that has subscribed: it goes with it.
    Column("session", Key, nullable=False, index=True),
    Column("endpoint", Text, nullable=False),
    Column("endpoint_key", Key, nullable=False, unique=True),
    Column("p256dh", Text, nullable=False),
    Column("auth", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("sent_at", UtcTime),
    Column("troubles", Integer, nullable=False, server_default="0"),
    sqlite_autoincrement=True,
)
