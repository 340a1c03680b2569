"""Rooms, who is in them, what was said, and what the talk log is to tell about it."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from server.data.metadata import metadata
from server.data.types import Id, Key, UtcTime

channels = Table(
    "channels",
    metadata,
    Column("id", Id, primary_key=True),
    # open, closed, direct, group; thread and notice have their columns here and their issues later.
    Column("kind", Key, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    # The two counters, both assigned in the commit, both without a gap (law 2).
    Column("seq", BigInteger, nullable=False, server_default="0"),
    Column("rev", BigInteger, nullable=False, server_default="0"),
    # The rev of the last change of the room's own row (its name).
    Column("room_rev", BigInteger, nullable=False, server_default="0"),
    Column("members", Integer, nullable=False, server_default="0"),
    # "3:17" for the direct talk of accounts 3 and 17, "0:17" where the system talks to 17: there is only one.
    Column("pair", Key, unique=True),
    # A thread's root message.
    Column("root_channel_id", BigInteger),
    Column("root_seq", BigInteger),
    Column("created_by", BigInteger),
    Column("created_at", UtcTime, nullable=False),
)
Index("ix_channels_root", channels.c.root_channel_id, channels.c.root_seq)
Index("ix_channels_kind", channels.c.kind, channels.c.name)

members = Table(
    "members",
    metadata,
    Column("channel_id", Id, ForeignKey("channels.id"), nullable=False),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False),
    Column("owner", Boolean, nullable=False, server_default="0"),
    # A leaver's row stays as the tombstone that late clients catch up with.
    Column("active", Boolean, nullable=False),
    Column("rev", BigInteger, nullable=False),
    Column("read_seq", BigInteger, nullable=False),
    Column("joined_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("channel_id", "account_id"),
    sqlite_with_rowid=False,
)
Index("ix_members_account", members.c.account_id, members.c.active)
Index("ix_members_rev", members.c.channel_id, members.c.rev)

messages = Table(
    "messages",
    metadata,
    Column("channel_id", BigInteger, ForeignKey("channels.id"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("rev", BigInteger, nullable=False),
    Column("sender_id", BigInteger, nullable=False),
    Column("client_id", Key, nullable=False),
    Column("at", BigInteger, nullable=False),
    # "text"; "notice" is a system's word about a disaster, whose id stands in ``about`` (never a token).
    Column("kind", Key, nullable=False, server_default="text"),
    Column("about", Text),
    Column("text", Text, nullable=False),
    # JSON: the files it carries, as they are shown.
    Column("files", Text),
    Column("edited_at", BigInteger),
    Column("deleted_at", BigInteger),
    # Of a thread's root.
    Column("replies", Integer, nullable=False, server_default="0"),
    Column("replied_at", BigInteger),
    PrimaryKeyConstraint("channel_id", "seq"),
    # Clustered by (channel, seq): a page of history is one run of the tree.
    sqlite_with_rowid=False,
)
Index("ix_messages_rev", messages.c.channel_id, messages.c.rev, unique=True)
# The client id first: UUIDv7 begin with their time, so that new ones of all senders share a page.
Index("ix_messages_client", messages.c.client_id, messages.c.sender_id, unique=True)

log_entries = Table(
    "log_entries",
    metadata,
    # Drawn under the channel's lock, so within a channel it is the order of rev.
    Column("id", Id, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("kind", Key, nullable=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("rev", BigInteger, nullable=False),
    Column("seq", BigInteger),
    Column("actor_id", BigInteger),
    # JSON: names as of then, text before and after, whom it concerns.
    Column("body", Text, nullable=False),
    # Its place in the whole log and the hash of its line: given later, by one follower.
    Column("n", BigInteger),
    Column("hash", Key),
    # A number is never given twice: the order of ids is the order of events, and readers remember ids.
    sqlite_autoincrement=True,
)
Index(
    "uq_log_entries_n",
    log_entries.c.n,
    unique=True,
    sqlite_where=log_entries.c.n.is_not(None),
    postgresql_where=log_entries.c.n.is_not(None),
)
Index(
    "ix_log_entries_unnumbered",
    log_entries.c.id,
    sqlite_where=log_entries.c.n.is_(None),
    postgresql_where=log_entries.c.n.is_(None),
)

departures = Table(
    "departures",
    metadata,
    # Which rooms a deletion has ended, so that its undoing brings the person back into them.
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False),
    Column("channel_id", Id, ForeignKey("channels.id"), nullable=False),
    Column("at", UtcTime, nullable=False, index=True),
    Column("owner", Boolean, nullable=False, server_default="0"),
    PrimaryKeyConstraint("account_id", "channel_id"),
)
