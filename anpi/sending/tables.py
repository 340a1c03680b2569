"""What is on its way to people, to which addresses, and what came back."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text

from server.data.metadata import metadata
from server.data.types import Id, Key, UtcTime

deliveries = Table(
    "anpi_deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("incident_id", Id, ForeignKey("anpi_incidents.id"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False),
    # "mail", "push", "talk" or "sms".
    Column("channel", Key, nullable=False),
    # Which address of his: "email1", "email2", "own1" … "own3", "push", "talk", "sms"; what lists show (「個人1」).
    Column("slot", Key, nullable=False),
    # The address itself goes 30 days after it was written; what it was hashed to stays, for law 9.
    Column("address", Text, nullable=False, server_default=""),
    Column("address_key", Key, nullable=False),
    Column("language", Key, nullable=False, server_default="ja"),
    # By what pace is kept: docomo, au, softbank, gmail …, or the domain itself.
    Column("lane", Key, nullable=False, server_default=""),
    # "waiting", "doubtful", "sent", "written" (into a folder: not delivered), "failed", "bounced", "dropped".
    Column("state", Key, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    # From when on somebody may take it; a lease puts it to its own end.
    Column("due_at", UtcTime, nullable=False),
    Column("leased_by", Key, nullable=False, server_default=""),
    Column("ended_at", UtcTime),
    Column("error", Text, nullable=False, server_default=""),
    sqlite_autoincrement=True,
)

# Law 9: one person and address, one mail a round.
Index(
    "uq_anpi_deliveries_once",
    deliveries.c.incident_id,
    deliveries.c.round,
    deliveries.c.account_id,
    deliveries.c.channel,
    deliveries.c.address_key,
    unique=True,
)
Index(
    "ix_anpi_deliveries_waiting",
    deliveries.c.lane,
    deliveries.c.due_at,
    deliveries.c.id,
    sqlite_where=deliveries.c.ended_at.is_(None),
    postgresql_where=deliveries.c.ended_at.is_(None),
)
Index("ix_anpi_deliveries_account", deliveries.c.account_id, deliveries.c.incident_id)

addresses = Table(
    "anpi_addresses",
    metadata,
    # What is known of an address by its hash: hard bounces in a row, and since when it is left out.
    Column("address_key", Key, primary_key=True),
    Column("hard", Integer, nullable=False, server_default="0"),
    Column("bad_at", UtcTime),
    Column("reason", Text, nullable=False, server_default=""),
)

mail_tests = Table(
    "anpi_mail_tests",
    metadata,
    # テストメール: the newest of each administrator, sent by the road of a safety check to his own address. A newer
    # one has another number, so that what comes back of an older one is not taken for its own.
    Column("id", Id, primary_key=True),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False, unique=True),
    Column("at", UtcTime, nullable=False),
    # Blank while it is under way; else what became of it (``trial.py``).
    Column("outcome", Key, nullable=False, server_default=""),
    # Which relay had the last word: 1 or 2; 0: none.
    Column("way", Integer, nullable=False, server_default="0"),
    # Its own words.
    Column("said", Text, nullable=False, server_default=""),
    sqlite_autoincrement=True,
)

contacts = Table(
    "anpi_contacts",
    metadata,
    # 安否の連絡先 (A12): up to three, seen by their owner alone.
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False),
    Column("place", Integer, nullable=False),
    # Blank: removed; the row stays, and counts on.
    Column("address", Text, nullable=False),
    Column("address_key", Key, nullable=False, index=True),
    Column("made_at", UtcTime, nullable=False),
    # The mail that asks whether it is read: when it went, how many within a day, and when its link was followed.
    Column("asked_at", UtcTime),
    Column("mails", Integer, nullable=False, server_default="0"),
    Column("confirmed_at", UtcTime),
    # Grows with each change of the address: an older link confirms nothing.
    Column("version", BigInteger, nullable=False, server_default="0"),
    # When its owner was deleted: it comes back with the account's undoing within seven days, else it goes.
    Column("gone_at", UtcTime, index=True),
    PrimaryKeyConstraint("account_id", "place"),
)
