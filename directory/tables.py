"""What the directory keeps: departments, what is told about people, their posts, groups, pictures, imports.

Sign-in, privileges, seats and the flags of talk and anpi stand in ``accounts`` (``server/auth``).
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    false,
)

from server.data.metadata import metadata
from server.data.types import Id, Key, UtcTime

departments = Table(
    "departments",
    metadata,
    Column("id", Id, primary_key=True),
    # DEPARTMENT_CODE; a removed department gives its code free ("removed <id>": a blank cannot stand in a code).
    Column("code", Key, nullable=False, unique=True),
    # None: at the top. A removed department has none.
    Column("parent_id", BigInteger, index=True),
    Column("name", Text, nullable=False),
    Column("kana", Text, nullable=False, server_default=""),
    Column("alphabet", Text, nullable=False, server_default=""),
    Column("phone_number", Text, nullable=False, server_default=""),
    Column("url", Text, nullable=False, server_default=""),
    Column("sort_score", Integer),
    # The newest ``rev`` of the topic ``directory`` that touched it; a removed one keeps its row as a tombstone.
    Column("rev", BigInteger, nullable=False, index=True),
    Column("gone", Boolean, nullable=False, server_default="0"),
    sqlite_autoincrement=True,
)

people = Table(
    "people",
    metadata,
    # One row for each account, deleted ones too (their fields are blank then).
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False),
    Column("alphabet", Text, nullable=False, server_default=""),
    Column("employee_number", Text, nullable=False, server_default=""),
    Column("post", Text, nullable=False, server_default=""),
    Column("extension_number", Text, nullable=False, server_default=""),
    Column("phone_number", Text, nullable=False, server_default=""),
    Column("company_mobile_number", Text, nullable=False, server_default=""),
    Column("personal_mobile_number", Text, nullable=False, server_default=""),
    Column("mobile_number", Text, nullable=False, server_default=""),
    Column("fax_number", Text, nullable=False, server_default=""),
    Column("email1", Text, nullable=False, server_default=""),
    Column("email2", Text, nullable=False, server_default=""),
    Column("web_url", Text, nullable=False, server_default=""),
    Column("comment", Text, nullable=False, server_default=""),
    Column("remarks", Text, nullable=False, server_default=""),
    Column("skill", Text, nullable=False, server_default=""),
    Column("sort_score", Integer),
    # The picture's name; blank: none.
    Column("photo", Key, nullable=False, server_default="", index=True),
    # SORT_SCORE (small first, blank last), then kana, folded; never shown.
    Column("sort_key", Key, nullable=False, server_default=""),
    # The newest ``rev`` of the topic ``directory`` that touched this person, his account or his posts; 0: he has been
    # made by an import that has not been applied yet.
    Column("rev", BigInteger, nullable=False),
    # A deleted person is a tombstone: listed nowhere.
    Column("gone", Boolean, nullable=False, server_default="0"),
    PrimaryKeyConstraint("account_id"),
)
# Partial, both: what an import makes ahead costs its last step less.
Index(
    "ix_people_rev",
    people.c.rev,
    sqlite_where=people.c.rev > 0,
    postgresql_where=people.c.rev > 0,
)
Index(
    "ix_people_sorted",
    people.c.sort_key,
    people.c.account_id,
    sqlite_where=people.c.gone == false(),
    postgresql_where=people.c.gone == false(),
)

posts = Table(
    "posts",
    metadata,
    # 兼務: up to 50 departments a person; the lowest place is 本務, and there may be gaps.
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False),
    Column("place", Integer, nullable=False),
    Column("department_id", BigInteger, nullable=False),
    Column("title", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("account_id", "place"),
    Index("uq_posts_department_id_account_id", "department_id", "account_id", unique=True),
)

person_areas = Table(
    "person_areas",
    metadata,
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False),
    # "work" or "home".
    Column("kind", Key, nullable=False),
    Column("place", Integer, nullable=False),
    # JMA code: two digits 都道府県, three 細分区域 (AreaForecastLocalE), seven 市区町村.
    Column("area", Key, nullable=False, index=True),
    # As it was given, so that an export imports as "no change".
    Column("given", Text, nullable=False),
    PrimaryKeyConstraint("account_id", "kind", "place"),
)

groups = Table(
    "groups",
    metadata,
    # グループ電話帳: one's own, seen by nobody else.
    Column("id", Id, primary_key=True),
    Column("owner_id", Id, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("place", Integer, nullable=False),
    sqlite_autoincrement=True,
)

group_people = Table(
    "group_people",
    metadata,
    Column("group_id", Id, ForeignKey("groups.id"), nullable=False),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("place", Integer, nullable=False),
    PrimaryKeyConstraint("group_id", "account_id"),
)

favourites = Table(
    "favourites",
    metadata,
    Column("owner_id", Id, ForeignKey("accounts.id"), nullable=False),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("owner_id", "account_id"),
)

pictures = Table(
    "pictures",
    metadata,
    # SHA-256 of the large form, hex: what has a name never changes.
    Column("name", Key, primary_key=True),
    Column("media", Key, nullable=False),
    # Decoded and encoded again in the sandbox: at most 512 px and 96 px.
    Column("large", LargeBinary, nullable=False),
    Column("small", LargeBinary, nullable=False),
    Column("made_at", UtcTime, nullable=False),
)

statuses = Table(
    "statuses",
    metadata,
    # A badge in the directory: who, which state, since when, by which incident, drill or not.
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False),
    Column("incident", BigInteger, nullable=False),
    Column("drill", Boolean, nullable=False),
    Column("state", Key, nullable=False),
    Column("since", UtcTime, nullable=False),
    # The newest ``rev`` of the topic ``status`` that touched it; a cleared one is a tombstone for a week.
    Column("rev", BigInteger, nullable=False, index=True),
    Column("gone", Boolean, nullable=False, server_default="0"),
    PrimaryKeyConstraint("account_id", "incident"),
)

search_people = Table(
    "search_people",
    metadata,
    # What the search knows of a person: who is not found has no row.
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False),
    # Block and slot: where his bit stands in every row of ``search_grams``.
    Column("place", BigInteger, nullable=False),
    # As it was when he was indexed: the order of the blocks hangs on it.
    Column("sort_key", Key, nullable=False),
    # JSON: his folded lines by field, and the departments he is in, with all above.
    Column("lines", Text, nullable=False),
    PrimaryKeyConstraint("account_id"),
    Index("uq_search_people_place", "place", unique=True),
)

search_grams = Table(
    "search_grams",
    metadata,
    # One to three characters after the letter of the fields they stand in, and in which slots of a block.
    Column("gram", Key, nullable=False),
    Column("block", BigInteger, nullable=False),
    Column("bits", LargeBinary, nullable=False),
    PrimaryKeyConstraint("gram", "block"),
    sqlite_with_rowid=False,
)

search_blocks = Table(
    "search_blocks",
    metadata,
    # Blocks hold the people of a stretch of the name order: from this key on.
    Column("block", BigInteger, nullable=False, autoincrement=False),
    Column("first_key", Key, nullable=False),
    # Slots whose bits say nothing: a run is filling or clearing them.
    Column("held", LargeBinary, nullable=False, server_default=""),
    # The newest run, the same in every row.
    Column("run", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("block"),
)

search_waiting = Table(
    "search_waiting",
    metadata,
    # Who is to be indexed anew, after an import or an upgrade.
    Column("account_id", Id, nullable=False, autoincrement=False),
    # How often he has been changed since he waits.
    Column("times", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("account_id"),
)

imports = Table(
    "imports",
    metadata,
    Column("id", Id, primary_key=True),
    # "departments" or "users".
    Column("kind", Key, nullable=False),
    # None for the operator at the command line.
    Column("actor_id", BigInteger),
    Column("at", UtcTime, nullable=False),
    # "previewed", "hashing", "applying", "failed", "applied", "undone"; "old": it is being deleted.
    Column("state", Key, nullable=False),
    # The last word of the process that works on it, how many passwords it has hashed, and why it failed.
    Column("seen_at", UtcTime),
    Column("done", Integer, nullable=False, server_default="0"),
    Column("seconds_left", Integer, nullable=False, server_default="0"),
    Column("code", Key, nullable=False, server_default=""),
    Column("sha256", Key, nullable=False),
    # The ``rev`` of the topic ``directory`` that the plan was made against, and that of the commit.
    Column("seen_rev", BigInteger, nullable=False),
    Column("rev", BigInteger),
    Column("applied_at", UtcTime, index=True),
    # The last row whose line of the audit is written: they follow the commit in steps.
    Column("told", Integer, nullable=False, server_default="0"),
    # JSON: the options chosen, and the counts of the preview.
    Column("options", Text, nullable=False, server_default="{}"),
    Column("counts", Text, nullable=False, server_default="{}"),
    sqlite_autoincrement=True,
)

import_rows = Table(
    "import_rows",
    metadata,
    Column("import_id", Id, ForeignKey("imports.id"), nullable=False),
    # Excel's row number: the header is row 1.
    Column("row", Integer, nullable=False),
    # "add", "change" or "remove"; what is unchanged has no row.
    Column("act", Key, nullable=False),
    # DEPARTMENT_CODE or LOGIN_ID, folded as it is compared.
    Column("key", Key, nullable=False),
    # The account or department: None until an "add" is applied.
    Column("target_id", BigInteger),
    # JSON of the fields that the import sets, as they were and as they shall be; never a password.
    Column("before", Text, nullable=False, server_default="{}"),
    Column("after", Text, nullable=False, server_default="{}"),
    PrimaryKeyConstraint("import_id", "row"),
    # Whom an import is about, without reading the rows themselves.
    Index("ix_import_rows_act", "import_id", "act", "target_id", "row", "key"),
)

import_headings = Table(
    "import_headings",
    metadata,
    # A heading of the company's own files, folded, and the column it means: remembered from the last import.
    Column("kind", Key, nullable=False),
    Column("heading", Key, nullable=False),
    Column("column", Key, nullable=False),
    PrimaryKeyConstraint("kind", "heading"),
)
