"""What files may travel, those that do, and the space they take."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text

from server.data.metadata import metadata
from server.data.types import Id, Key

talk_policy = Table(
    "talk_policy",
    metadata,
    # One row, of number 1.
    Column("id", Id, primary_key=True, autoincrement=False),
    # default, images, off (S12).
    Column("mode", Key, nullable=False, server_default="default"),
    # JSON: extensions that are refused beside the 39 (S13).
    Column("extra", Text, nullable=False, server_default="[]"),
    # 「ZIPの中のファイル名も確認する」 (A8).
    Column("look_inside", Boolean, nullable=False, server_default="1"),
    # send, refuse: archives that cannot be listed; executables that are not among the 39.
    Column("uninspected", Key, nullable=False, server_default="send"),
    Column("executables", Key, nullable=False, server_default="send"),
    Column("changed_at", BigInteger),
)

files = Table(
    "files",
    metadata,
    Column("id", Id, primary_key=True),
    # How it is called outside, and how its bytes are called in the store: random.
    Column("key", Key, nullable=False, unique=True),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False),
    # As it was given.
    Column("name", Text, nullable=False),
    # As it was announced, and reserved.
    Column("size", BigInteger, nullable=False),
    # receiving, ready, sent, refused, deleted, gone.
    Column("state", Key, nullable=False),
    # JSON: the refusal's code and details.
    Column("refusal", Text, nullable=False, server_default=""),
    # As it was sent (from the moment at which the bytes are claimed), and as it is kept (an image loses its
    # metadata).
    Column("sha256", Key, nullable=False, server_default=""),
    Column("stored_sha256", Key, nullable=False, server_default=""),
    Column("stored_size", BigInteger, nullable=False, server_default="0"),
    Column("media", Key, nullable=False, server_default=""),
    Column("width", Integer, nullable=False, server_default="0"),
    Column("height", Integer, nullable=False, server_default="0"),
    Column("thumbnail", Boolean, nullable=False, server_default="0"),
    # JSON: all that a policy may ask about it, so that it can be asked again without the bytes.
    Column("facts", Text, nullable=False, server_default=""),
    # 「中身は検査されていません」
    Column("uninspected", Boolean, nullable=False, server_default="0"),
    # What the virus scanner said: blank (none asked), clean, unscanned.
    Column("scan", Key, nullable=False, server_default=""),
    # The message that carries it.
    Column("channel_id", BigInteger),
    Column("seq", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    # When its state changed last, or bytes came.
    Column("moved_at", BigInteger, nullable=False),
    Column("deleted_at", BigInteger),
    sqlite_autoincrement=True,
)
Index("ix_files_message", files.c.channel_id, files.c.seq)
Index("ix_files_state", files.c.state, files.c.moved_at)
Index("ix_files_account", files.c.account_id, files.c.state)

file_space = Table(
    "file_space",
    metadata,
    # An account, or 0 for the company: the bytes that are reserved or kept.
    Column("owner", Id, primary_key=True, autoincrement=False),
    Column("bytes", BigInteger, nullable=False),
)
