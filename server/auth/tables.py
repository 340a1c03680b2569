"""Who there is, who is signed in, and what was done: accounts, sessions, the audit trail, revocations."""

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

accounts = Table(
    "accounts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("login_id", Text, nullable=False),
    # The login ID folded by case: it is compared without case.
    Column("login_key", Key, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("kana", Text, nullable=False, server_default=""),
    # Name and kana folded for finding and sorting; never shown.
    Column("search_key", Key, nullable=False, server_default=""),
    Column("language", Text, nullable=False, server_default="ja"),
    Column("password_hash", Text),
    Column("must_change", Boolean, nullable=False, server_default="0"),
    # "enabled", "disabled" or "deleted"; a deleted account keeps its row, so that messages keep the name.
    Column("state", Text, nullable=False, server_default="enabled"),
    Column("talk", Boolean, nullable=False, server_default="0"),
    Column("created_at", UtcTime, nullable=False),
    # REGULAR_USER, REGISTRATION_ONLY_USER (listed, no sign-in) or FACILITY.
    Column("user_type", Key, nullable=False, server_default="REGULAR_USER"),
    # 安否ログインID as given, and folded by case: it is unique without case. Blank in deleted accounts.
    Column("anpi_login_id", Text, nullable=False, server_default=""),
    Column("anpi_key", Key),
    # トークログダウンロード (S14).
    Column("talk_log", Boolean, nullable=False, server_default="0"),
    # Until when a password that somebody else has set may be used for the first time (A7).
    Column("initial_until", UtcTime),
    # The first sign-in, and when the purpose of use was accepted (A6).
    Column("first_seen_at", UtcTime),
    Column("agreed_at", UtcTime),
    Index("uq_accounts_anpi_key", "anpi_key", unique=True),
)

privileges = Table(
    "privileges",
    metadata,
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False),
    Column("privilege", Key, nullable=False),
    PrimaryKeyConstraint("account_id", "privilege"),
)

sessions = Table(
    "sessions",
    metadata,
    # SHA-256 of the token, hex: a stolen backup signs nobody in.
    Column("token_hash", Key, primary_key=True),
    # What people name a session by; the hash is nobody's business.
    Column("public_id", Key, nullable=False, unique=True),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("created_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False, index=True),
    Column("ends_at", UtcTime, nullable=False),
    Column("agent", Text, nullable=False, server_default=""),
    Column("address", Text, nullable=False, server_default=""),
)

throttles = Table(
    "throttles",
    metadata,
    # A login key, or a login key and a known device: an attacker cannot slow down the owner's own browser.
    Column("key", Key, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", UtcTime, nullable=False, index=True),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", UtcTime, nullable=False, index=True),
    # Nobody's id when a stranger tried, or when the operator acted from the command line.
    Column("actor_id", BigInteger),
    Column("actor", Text, nullable=False),
    Column("action", Key, nullable=False),
    Column("target", Text, nullable=False, server_default=""),
    Column("result", Text, nullable=False, server_default="ok"),
    # JSON; never a password, a token or a message's text.
    Column("detail", Text, nullable=False, server_default="{}"),
    Column("address", Text, nullable=False, server_default=""),
    Column("request_id", Text, nullable=False, server_default=""),
    sqlite_autoincrement=True,
)

revocations = Table(
    "revocations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", UtcTime, nullable=False, index=True),
    Column("account_id", BigInteger, nullable=False),
    # One session's token hash; empty for all of the account.
    Column("token_hash", Key, nullable=False, server_default=""),
    Column("final", Boolean, nullable=False),
    # A number is never given twice: the order of ids is the order of events, and readers remember ids.
    sqlite_autoincrement=True,
)

Index("ix_accounts_search", accounts.c.search_key)

company = Table(
    "company",
    metadata,
    # One row, number 1: a database holds one company.
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    # 団体コード: what people type to find the company's anpi site.
    Column("group_code", Key, nullable=False),
    # 基本ユーザライセンス数, トークライセンス数, 安否確認機能数, each in ID.
    Column("licence_basic", Integer, nullable=False),
    Column("licence_talk", Integer, nullable=False),
    Column("licence_anpi", Integer, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    # 電話番号URLスキーム (S8).
    Column("phone_scheme", Text, nullable=False, server_default="tel:"),
    # The picture's name; blank: none.
    Column("logo", Key, nullable=False, server_default=""),
    # 公開範囲 by field, JSON; a field that is not in it has its default (A6).
    Column("visibility", Text, nullable=False, server_default="{}"),
    # 利用目的, accepted at the first sign-in; blank: nobody is asked.
    Column("purpose", Text, nullable=False, server_default=""),
    # Domains that a login ID may have, one a line; blank: any.
    Column("login_domains", Text, nullable=False, server_default=""),
)

setup = Table(
    "setup",
    metadata,
    # One row, number 1, while there is nobody: the code that the first administrator has to know.
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("code_hash", Key, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
)

sign_in_codes = Table(
    "sign_in_codes",
    metadata,
    # The eight digits that an administrator reads out by phone (A7): one at a time for each person.
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False),
    Column("code_hash", Key, nullable=False),
    Column("until", UtcTime, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    PrimaryKeyConstraint("account_id"),
)
