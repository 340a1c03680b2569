"""The directory: departments, what is told about people, groups, pictures, badges, imports; anpi IDs, codes."""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "departments",
        sa.Column("id", ID, nullable=False),
        sa.Column("code", KEY, nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kana", sa.Text(), server_default="", nullable=False),
        sa.Column("alphabet", sa.Text(), server_default="", nullable=False),
        sa.Column("phone_number", sa.Text(), server_default="", nullable=False),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("sort_score", sa.Integer(), nullable=True),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("gone", sa.Boolean(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_departments")),
        sa.UniqueConstraint("code", name=op.f("uq_departments_code")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_departments_parent_id"), "departments", ["parent_id"], unique=False)
    op.create_index(op.f("ix_departments_rev"), "departments", ["rev"], unique=False)
    op.create_table(
        "import_headings",
        sa.Column("kind", KEY, nullable=False),
        sa.Column("heading", KEY, nullable=False),
        sa.Column("column", KEY, nullable=False),
        sa.PrimaryKeyConstraint("kind", "heading", name=op.f("pk_import_headings")),
    )
    op.create_table(
        "imports",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", KEY, nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("seconds_left", sa.Integer(), server_default="0", nullable=False),
        sa.Column("code", KEY, server_default="", nullable=False),
        sa.Column("sha256", KEY, nullable=False),
        sa.Column("seen_rev", sa.BigInteger(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=True),
        sa.Column("applied_at", sa.BigInteger(), nullable=True),
        sa.Column("options", sa.Text(), server_default="{}", nullable=False),
        sa.Column("counts", sa.Text(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_imports_applied_at"), "imports", ["applied_at"], unique=False)
    op.create_table(
        "pictures",
        sa.Column("name", KEY, nullable=False),
        sa.Column("media", KEY, nullable=False),
        sa.Column("large", sa.LargeBinary(), nullable=False),
        sa.Column("small", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_pictures")),
    )
    op.create_table(
        "topics",
        sa.Column("key", KEY, nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_topics")),
    )
    op.create_table(
        "favourites",
        sa.Column("owner_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_favourites_account_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["accounts.id"], name=op.f("fk_favourites_owner_id")),
        sa.PrimaryKeyConstraint("owner_id", "account_id", name=op.f("pk_favourites")),
    )
    op.create_index(op.f("ix_favourites_account_id"), "favourites", ["account_id"], unique=False)
    op.create_table(
        "groups",
        sa.Column("id", ID, nullable=False),
        sa.Column("owner_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["accounts.id"], name=op.f("fk_groups_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groups")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_groups_owner_id"), "groups", ["owner_id"], unique=False)
    op.create_table(
        "import_rows",
        sa.Column("import_id", ID, nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("act", KEY, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=True),
        sa.Column("before", sa.Text(), server_default="{}", nullable=False),
        sa.Column("after", sa.Text(), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_import_rows_import_id")),
        sa.PrimaryKeyConstraint("import_id", "row", name=op.f("pk_import_rows")),
    )
    op.create_table(
        "people",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("alphabet", sa.Text(), server_default="", nullable=False),
        sa.Column("employee_number", sa.Text(), server_default="", nullable=False),
        sa.Column("post", sa.Text(), server_default="", nullable=False),
        sa.Column("extension_number", sa.Text(), server_default="", nullable=False),
        sa.Column("phone_number", sa.Text(), server_default="", nullable=False),
        sa.Column("company_mobile_number", sa.Text(), server_default="", nullable=False),
        sa.Column("personal_mobile_number", sa.Text(), server_default="", nullable=False),
        sa.Column("mobile_number", sa.Text(), server_default="", nullable=False),
        sa.Column("fax_number", sa.Text(), server_default="", nullable=False),
        sa.Column("email1", sa.Text(), server_default="", nullable=False),
        sa.Column("email2", sa.Text(), server_default="", nullable=False),
        sa.Column("web_url", sa.Text(), server_default="", nullable=False),
        sa.Column("comment", sa.Text(), server_default="", nullable=False),
        sa.Column("remarks", sa.Text(), server_default="", nullable=False),
        sa.Column("skill", sa.Text(), server_default="", nullable=False),
        sa.Column("sort_score", sa.Integer(), nullable=True),
        sa.Column("photo", KEY, server_default="", nullable=False),
        sa.Column("sort_key", KEY, server_default="", nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("gone", sa.Boolean(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_people_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_people")),
    )
    op.create_index(op.f("ix_people_photo"), "people", ["photo"], unique=False)
    op.create_index(op.f("ix_people_rev"), "people", ["rev"], unique=False)
    op.create_index("ix_people_sorted", "people", ["gone", "sort_key", "account_id"], unique=False)
    op.create_table(
        "person_areas",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("area", KEY, nullable=False),
        sa.Column("given", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_person_areas_account_id")),
        sa.PrimaryKeyConstraint("account_id", "kind", "place", name=op.f("pk_person_areas")),
    )
    op.create_index(op.f("ix_person_areas_area"), "person_areas", ["area"], unique=False)
    op.create_table(
        "posts",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("department_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_posts_account_id")),
        sa.PrimaryKeyConstraint("account_id", "place", name=op.f("pk_posts")),
    )
    op.create_index("uq_posts_department_id_account_id", "posts", ["department_id", "account_id"], unique=True)
    op.create_table(
        "sign_in_codes",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("code_hash", KEY, nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_sign_in_codes_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_sign_in_codes")),
    )
    op.create_table(
        "statuses",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("incident", sa.BigInteger(), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("state", KEY, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("gone", sa.Boolean(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_statuses_account_id")),
        sa.PrimaryKeyConstraint("account_id", "incident", name=op.f("pk_statuses")),
    )
    op.create_index(op.f("ix_statuses_rev"), "statuses", ["rev"], unique=False)
    op.create_table(
        "group_people",
        sa.Column("group_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_group_people_account_id")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_group_people_group_id")),
        sa.PrimaryKeyConstraint("group_id", "account_id", name=op.f("pk_group_people")),
    )
    op.create_index(op.f("ix_group_people_account_id"), "group_people", ["account_id"], unique=False)
    op.create_table(
        "search_people",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("sort_key", KEY, nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_search_people_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_search_people")),
    )
    op.create_index("uq_search_people_place", "search_people", ["place"], unique=True)
    op.create_table(
        "search_grams",
        sa.Column("gram", KEY, nullable=False),
        sa.Column("block", sa.BigInteger(), nullable=False),
        sa.Column("bits", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("gram", "block", name=op.f("pk_search_grams")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "search_blocks",
        sa.Column("block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first_key", KEY, nullable=False),
        sa.Column("held", sa.LargeBinary(), server_default="", nullable=False),
        sa.Column("run", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("block", name=op.f("pk_search_blocks")),
    )
    op.create_table(
        "search_waiting",
        sa.Column("account_id", ID, autoincrement=False, nullable=False),
        sa.Column("times", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_search_waiting")),
    )
    op.create_table(
        "departures",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("channel_id", ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_departures_account_id")),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_departures_channel_id")),
        sa.PrimaryKeyConstraint("account_id", "channel_id", name=op.f("pk_departures")),
    )
    op.create_index(op.f("ix_departures_at"), "departures", ["at"], unique=False)
    op.add_column("accounts", sa.Column("user_type", KEY, server_default="REGULAR_USER", nullable=False))
    op.add_column("accounts", sa.Column("anpi_login_id", sa.Text(), server_default="", nullable=False))
    op.add_column("accounts", sa.Column("anpi_key", KEY, nullable=True))
    op.add_column("accounts", sa.Column("talk_log", sa.Boolean(), server_default="0", nullable=False))
    op.add_column("accounts", sa.Column("initial_until", sa.BigInteger(), nullable=True))
    op.add_column("accounts", sa.Column("first_seen_at", sa.BigInteger(), nullable=True))
    op.add_column("accounts", sa.Column("agreed_at", sa.BigInteger(), nullable=True))
    op.create_index("uq_accounts_anpi_key", "accounts", ["anpi_key"], unique=True)
    op.add_column("company", sa.Column("phone_scheme", sa.Text(), server_default="tel:", nullable=False))
    op.add_column("company", sa.Column("logo", KEY, server_default="", nullable=False))
    op.add_column("company", sa.Column("visibility", sa.Text(), server_default="{}", nullable=False))
    op.add_column("company", sa.Column("purpose", sa.Text(), server_default="", nullable=False))
    op.add_column("company", sa.Column("login_domains", sa.Text(), server_default="", nullable=False))
    # Who has come already is not 未ログイン: the trail knows when.
    op.execute(
        "UPDATE accounts SET first_seen_at = seen.at FROM (SELECT actor_id, min(at) AS at FROM audit "
        "WHERE action = 'signin' AND result = 'ok' GROUP BY actor_id) AS seen WHERE seen.actor_id = accounts.id"
    )
    # The topic begins with everybody who is there; people are listed from their accounts on.
    op.execute("INSERT INTO topics (key, rev) VALUES ('directory', 1), ('status', 0)")
    op.execute(
        "INSERT INTO people (account_id, sort_key, rev, gone) "
        "SELECT id, '~ ' || search_key, 1, state = 'deleted' FROM accounts"
    )
    _sort_by_kana(op.get_bind())
    op.execute("INSERT INTO search_blocks (block, first_key) VALUES (0, '')")
    op.execute("INSERT INTO search_waiting (account_id) SELECT id FROM accounts WHERE state <> 'deleted'")
    op.execute(
        "INSERT INTO jobs (kind, body, due_at) "
        "SELECT 'directory.reindex', '{}', 0 WHERE EXISTS (SELECT 1 FROM search_waiting)"
    )


def _sort_by_kana(connection: sa.Connection) -> None:
    """Who has kana is listed by that alone: the key for finding has the name after it."""
    spelled = connection.execute(sa.text("SELECT id, kana FROM accounts WHERE kana <> ''")).all()
    rows = [{"id": row.id, "key": f"~ {_folded(row.kana)}"} for row in spelled]
    if rows:
        connection.execute(sa.text("UPDATE people SET sort_key = :key WHERE account_id = :id"), rows)


def _folded(text: str) -> str:
    """Width and case folded, katakana as hiragana."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(chr(ord(char) - 0x60) if "ァ" <= char <= "ヶ" else char for char in folded)
