"""Files under the company's policy, and the talk log: its numbers, its segments, what pins them, who read them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    _files()
    _log()
    op.add_column("departures", sa.Column("owner", sa.Boolean(), server_default="0", nullable=False))
    _imports()


def _imports() -> None:
    op.add_column("imports", sa.Column("told", sa.Integer(), server_default="0", nullable=False))
    op.drop_index("ix_people_rev", table_name="people")
    touched, there = sa.text("rev > 0"), sa.text("gone = false")
    if op.get_bind().dialect.name == "sqlite":
        there = sa.text("gone = 0")
    op.create_index("ix_people_rev", "people", ["rev"], unique=False, sqlite_where=touched, postgresql_where=touched)
    op.drop_index("ix_people_sorted", table_name="people")
    listed = ["sort_key", "account_id"]
    op.create_index("ix_people_sorted", "people", listed, unique=False, sqlite_where=there, postgresql_where=there)
    op.create_index(
        "ix_import_rows_act", "import_rows", ["import_id", "act", "target_id", "row", "key"], unique=False
    )


def _files() -> None:
    op.create_table(
        "talk_policy",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("mode", KEY, server_default="default", nullable=False),
        sa.Column("extra", sa.Text(), server_default="[]", nullable=False),
        sa.Column("look_inside", sa.Boolean(), server_default="1", nullable=False),
        sa.Column("uninspected", KEY, server_default="send", nullable=False),
        sa.Column("executables", KEY, server_default="send", nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_talk_policy")),
    )
    op.execute("INSERT INTO talk_policy (id) VALUES (1)")
    op.execute("INSERT INTO topics (key, rev) VALUES ('policy', 1)")
    op.create_table(
        "files",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("state", KEY, nullable=False),
        sa.Column("refusal", sa.Text(), server_default="", nullable=False),
        sa.Column("sha256", KEY, server_default="", nullable=False),
        sa.Column("stored_sha256", KEY, server_default="", nullable=False),
        sa.Column("stored_size", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("media", KEY, server_default="", nullable=False),
        sa.Column("width", sa.Integer(), server_default="0", nullable=False),
        sa.Column("height", sa.Integer(), server_default="0", nullable=False),
        sa.Column("thumbnail", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("facts", sa.Text(), server_default="", nullable=False),
        sa.Column("uninspected", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("scan", KEY, server_default="", nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("moved_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_files_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
        sa.UniqueConstraint("key", name=op.f("uq_files_key")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_files_message", "files", ["channel_id", "seq"], unique=False)
    op.create_index("ix_files_state", "files", ["state", "moved_at"], unique=False)
    op.create_index("ix_files_account", "files", ["account_id", "state"], unique=False)
    op.create_table(
        "file_space",
        sa.Column("owner", ID, autoincrement=False, nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_file_space")),
    )
    op.execute("INSERT INTO file_space (owner, bytes) VALUES (0, 0)")
    op.add_column("messages", sa.Column("files", sa.Text(), nullable=True))


def _log() -> None:
    op.add_column("log_entries", sa.Column("n", sa.BigInteger(), nullable=True))
    op.add_column("log_entries", sa.Column("hash", KEY, nullable=True))
    # Partial, both: posting writes into the second only, and only until the entry has its number.
    numbered, unnumbered = sa.text("n IS NOT NULL"), sa.text("n IS NULL")
    op.create_index(
        "uq_log_entries_n", "log_entries", ["n"], unique=True, sqlite_where=numbered, postgresql_where=numbered
    )
    op.create_index(
        "ix_log_entries_unnumbered",
        "log_entries",
        ["id"],
        unique=False,
        sqlite_where=unnumbered,
        postgresql_where=unnumbered,
    )
    op.create_table(
        "log_segments",
        sa.Column("number", ID, autoincrement=False, nullable=False),
        sa.Column("day", KEY, nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("state", KEY, nullable=False),
        sa.Column("first_n", sa.BigInteger(), nullable=False),
        sa.Column("last_n", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("prev_hash", KEY, nullable=False),
        sa.Column("last_hash", KEY, nullable=False),
        sa.Column("sha256", KEY, server_default="", nullable=False),
        sa.Column("manifest", sa.Text(), server_default="", nullable=False),
        sa.Column("manifest_sha256", KEY, server_default="", nullable=False),
        sa.Column("signature", sa.Text(), server_default="", nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("stored_at", sa.BigInteger(), nullable=True),
        sa.Column("verified_at", sa.BigInteger(), nullable=True),
        sa.Column("verdict", KEY, server_default="", nullable=False),
        sa.Column("expired_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_log_segments")),
    )
    op.create_index("ix_log_segments_day", "log_segments", ["day", "part"], unique=True)
    op.create_index("ix_log_segments_last_n", "log_segments", ["last_n"], unique=False)
    op.create_table(
        "log_segment_rooms",
        sa.Column("segment", ID, nullable=False),
        sa.Column("channel_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("segment", "channel_id", name=op.f("pk_log_segment_rooms")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_log_segment_rooms_channel", "log_segment_rooms", ["channel_id", "segment"], unique=False)
    op.create_table(
        "log_heads",
        sa.Column("id", ID, nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("hash", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("place", KEY, nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_heads")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "log_holds",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("target", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.Column("released_by", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_holds")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "log_downloads",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("last_n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_downloads")),
        sa.UniqueConstraint("key", name=op.f("uq_log_downloads_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "log_checks",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("result", KEY, nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_checks")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "log_compared",
        sa.Column("channel_id", ID, autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", name=op.f("pk_log_compared")),
    )
    op.create_table(
        "log_rights",
        sa.Column("account_id", ID, autoincrement=False, nullable=False),
        sa.Column("state", KEY, nullable=False),
        sa.Column("talk", sa.Boolean(), nullable=False),
        sa.Column("talk_log", sa.Boolean(), nullable=False),
        sa.Column("administers", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_log_rights")),
    )
    # Those who are there are known; the log tells of changes from here on.
    op.execute(
        "INSERT INTO log_rights (account_id, state, talk, talk_log, administers)"
        " SELECT id, state, talk, talk_log, EXISTS (SELECT 1 FROM privileges"
        " WHERE privileges.account_id = accounts.id AND privileges.privilege = 'ADMIN_GOTALK') FROM accounts"
    )
