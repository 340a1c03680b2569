"""The talk log's segments, the heads that were sent out, what pins segments, and who read them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, PrimaryKeyConstraint, Table, Text

from server.data.metadata import metadata
from server.data.types import Id, Key

log_segments = Table(
    "log_segments",
    metadata,
    # 1, 2, 3 … over the whole log.
    Column("number", Id, primary_key=True, autoincrement=False),
    # The day in the company's time zone, as 2027-04-01, and which of that day.
    Column("day", Key, nullable=False),
    Column("part", Integer, nullable=False),
    # open, closed (has its manifest), stored (its file is in the store, read back), expired (a tombstone).
    Column("state", Key, nullable=False),
    Column("first_n", BigInteger, nullable=False),
    Column("last_n", BigInteger, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    # The hash before its first line, and that of its last.
    Column("prev_hash", Key, nullable=False),
    Column("last_hash", Key, nullable=False),
    Column("sha256", Key, nullable=False, server_default=""),
    # JSON, exactly the bytes that are signed.
    Column("manifest", Text, nullable=False, server_default=""),
    Column("manifest_sha256", Key, nullable=False, server_default=""),
    Column("signature", Text, nullable=False, server_default=""),
    Column("closed_at", BigInteger),
    Column("stored_at", BigInteger),
    # When the stored file was last verified, and what was found: ok, or the fault.
    Column("verified_at", BigInteger),
    Column("verdict", Key, nullable=False, server_default=""),
    Column("expired_at", BigInteger),
)
Index("ix_log_segments_day", log_segments.c.day, log_segments.c.part, unique=True)
Index("ix_log_segments_last_n", log_segments.c.last_n)

log_segment_rooms = Table(
    "log_segment_rooms",
    metadata,
    # Which rooms a segment speaks of: a search by room opens no other.
    Column("segment", Id, nullable=False),
    Column("channel_id", Id, nullable=False),
    PrimaryKeyConstraint("segment", "channel_id"),
    sqlite_with_rowid=False,
)
Index("ix_log_segment_rooms_channel", log_segment_rooms.c.channel_id, log_segment_rooms.c.segment)

log_heads = Table(
    "log_heads",
    metadata,
    Column("id", Id, primary_key=True),
    Column("n", BigInteger, nullable=False),
    Column("hash", Key, nullable=False),
    Column("at", BigInteger, nullable=False),
    # Where it was sent: mail, syslog, bucket.
    Column("place", Key, nullable=False),
    Column("sent_at", BigInteger),
    Column("problem", Text, nullable=False, server_default=""),
    sqlite_autoincrement=True,
)

log_holds = Table(
    "log_holds",
    metadata,
    Column("id", Id, primary_key=True),
    # person, room: and its number.
    Column("kind", Key, nullable=False),
    Column("target", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor_id", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("released_at", BigInteger),
    Column("released_by", BigInteger),
    sqlite_autoincrement=True,
)

log_downloads = Table(
    "log_downloads",
    metadata,
    Column("id", Id, primary_key=True),
    # How it is called in its address: random.
    Column("key", Key, nullable=False, unique=True),
    Column("account_id", Id, nullable=False),
    Column("at", BigInteger, nullable=False),
    # How long it may be fetched, or taken up again.
    Column("until", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    # JSON: which segment, or period, rooms and people, and in which form.
    Column("wanted", Text, nullable=False),
    # Where it ends: what is written later is not in it.
    Column("last_n", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

log_checks = Table(
    "log_checks",
    metadata,
    # The daily comparison of log and database.
    Column("id", Id, primary_key=True),
    Column("at", BigInteger, nullable=False),
    # ok, or the name of the difference.
    Column("result", Key, nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
    sqlite_autoincrement=True,
)

log_compared = Table(
    "log_compared",
    metadata,
    # Up to which message of a channel log and database have been compared; channel 0: up to which line.
    Column("channel_id", Id, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
)

log_rights = Table(
    "log_rights",
    metadata,
    # What the log has told of somebody: what differs from his account is still to be told.
    Column("account_id", Id, primary_key=True, autoincrement=False),
    Column("state", Key, nullable=False),
    Column("talk", Boolean, nullable=False),
    Column("talk_log", Boolean, nullable=False),
    Column("administers", Boolean, nullable=False),
)
