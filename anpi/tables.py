"""What the safety check keeps: incidents, whom they ask, what was answered. How people are reached stands in
``sending/tables.py``, what the earth did in ``hazard/tables.py``.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from server.data.metadata import metadata
from server.data.types import Id, Key, UtcTime

settings = Table(
    "anpi_settings",
    metadata,
    # One row: what the administrators of the safety check have decided, as JSON.
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False, server_default="{}"),
    Column("changed_at", UtcTime),
)

incidents = Table(
    "anpi_incidents",
    metadata,
    Column("id", Id, primary_key=True),
    # What may exist once only: the client's number of a registration, or the quake's event.
    Column("key", Key, nullable=False, unique=True),
    # "ask", or "notice" (お知らせのみ: nobody is asked).
    Column("kind", Key, nullable=False),
    Column("drill", Boolean, nullable=False),
    # "manual" or "automatic".
    Column("origin", Key, nullable=False),
    # What happened: "earthquake", "early_warning", "tsunami", "weather" or "other".
    Column("cause", Key, nullable=False),
    # "open" 受付中 or "done" 完了.
    Column("state", Key, nullable=False),
    Column("title", Text, nullable=False),
    Column("message", Text, nullable=False),
    # JSON: the questions that are asked besides one's own state, and the company's own ones.
    Column("questions", Text, nullable=False, server_default="{}"),
    # Whether 位置情報 is collected.
    Column("location", Boolean, nullable=False, server_default="0"),
    # 集計開始日時: answers before it do not count.
    Column("count_from", UtcTime, nullable=False),
    # 終了案内メール: both or neither, and when it went.
    Column("closing_at", UtcTime),
    Column("closing_to", Text, nullable=False, server_default=""),
    Column("closing_sent_at", UtcTime),
    # JSON: what the variables of the text stand for: level, areas, place, at.
    Column("facts", Text, nullable=False, server_default="{}"),
    # JSON: asking again by itself: minutes after each person's first send; empty: never.
    Column("reminders", Text, nullable=False, server_default="[]"),
    # None for one that started by itself, and for the operator.
    Column("created_by", BigInteger),
    Column("created_at", UtcTime, nullable=False),
    # The first ［発信］: from then on title, message, questions and 集計開始日時 are fixed.
    Column("sent_at", UtcTime),
    # 中断: a drill that a real start has suspended. 取消: its telegrams were taken back. 誤報 keeps its answers.
    Column("suspended_at", UtcTime),
    Column("cancelled_at", UtcTime),
    Column("completed_by", BigInteger),
    Column("completed_at", UtcTime),
    # When administrators were last reminded that it is still open.
    Column("nagged_at", UtcTime),
    # The newest change of the row, of a target or of an answer: ``rev`` of the topic ``incident:<id>``.
    Column("rev", BigInteger, nullable=False, server_default="0"),
    sqlite_autoincrement=True,
)

Index("ix_anpi_incidents_state", incidents.c.state, incidents.c.id)

sends = Table(
    "anpi_sends",
    metadata,
    # One press of ［発信］, or what happened by itself: a start, a widening, asking again, a notice of 取消.
    Column("id", Id, primary_key=True),
    Column("incident_id", Id, ForeignKey("anpi_incidents.id"), nullable=False, index=True),
    # The client's number of it, so that pressing twice sends once.
    Column("key", Key, nullable=False, unique=True),
    # 0 asks; 1, 2, 3 ask again; 100 tells of the 取消.
    Column("round", Integer, nullable=False),
    # "ask", "again", "cancelled", "done", "badges".
    Column("act", Key, nullable=False),
    # How they were chosen: "all", "found", "picked", "areas", "silent" …
    Column("kind", Key, nullable=False, server_default=""),
    Column("actor_id", BigInteger),
    Column("at", UtcTime, nullable=False),
    # "preparing" (targets and deliveries are being written), "ready" (all of them are there).
    Column("state", Key, nullable=False),
    # The last account that a step has dealt with; steps go upwards.
    Column("reached", BigInteger, nullable=False, server_default="0"),
    Column("people", Integer, nullable=False, server_default="0"),
    # JSON: whom exactly. Long, so it stands last, and is read once.
    Column("whom", Text, nullable=False),
    sqlite_autoincrement=True,
)

# Asked every other second, and the rows are long: they name everybody.
Index(
    "ix_anpi_sends_preparing",
    sends.c.id,
    sqlite_where=sends.c.state == "preparing",
    postgresql_where=sends.c.state == "preparing",
)

targets = Table(
    "anpi_targets",
    metadata,
    Column("incident_id", Id, ForeignKey("anpi_incidents.id"), nullable=False),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False),
    Column("send_id", Id, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    # As of asking (A16): his 本務, and the area by which he was asked (JMA code; blank: none), "work" or "home".
    Column("department_id", BigInteger),
    Column("area", Key, nullable=False, server_default=""),
    Column("area_kind", Key, nullable=False, server_default=""),
    # The newest round that was sent to him, and when he is asked again by itself (None: not any more).
    Column("round", Integer, nullable=False, server_default="0"),
    Column("again_at", UtcTime),
    # His newest answer that counts here; None: 未回答. What totals are counted by stands beside it.
    Column("answer_id", BigInteger),
    Column("answered_at", UtcTime),
    # His first answer that counts here: what the curve is drawn by.
    Column("first_at", UtcTime),
    Column("self", Key, nullable=False, server_default=""),
    Column("help", Boolean, nullable=False, server_default="0"),
    Column("work", Key, nullable=False, server_default=""),
    # 要確認: it came so soon after the mail that a scanner may have pressed.
    Column("doubtful", Boolean, nullable=False, server_default="0"),
    # 対応中: who takes care of reaching him, and until when nobody else need to.
    Column("claimed_by", BigInteger),
    Column("claimed_until", UtcTime),
    Column("rev", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("incident_id", "account_id"),
)

Index("ix_anpi_targets_account", targets.c.account_id, targets.c.incident_id)
Index("ix_anpi_targets_rev", targets.c.incident_id, targets.c.rev)
Index("ix_anpi_targets_first", targets.c.incident_id, targets.c.first_at)
Index(
    "ix_anpi_targets_again",
    targets.c.incident_id,
    targets.c.again_at,
    sqlite_where=targets.c.again_at.is_not(None),
    postgresql_where=targets.c.again_at.is_not(None),
)

answers = Table(
    "anpi_answers",
    metadata,
    Column("id", Id, primary_key=True),
    # Given by the page or the app: sent twice, it is one answer.
    Column("key", Key, nullable=False, unique=True),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False, index=True),
    # Through which incident it came.
    Column("incident_id", Id, ForeignKey("anpi_incidents.id"), nullable=False),
    Column("at", UtcTime, nullable=False),
    # "mail", "push", "sms", "talk", "directory", "reply", "proxy", "bulk" or "queue" (written while offline).
    Column("channel", Key, nullable=False),
    # 代理回答: who, as whom he signs, and why he knows.
    Column("by_account_id", BigInteger),
    Column("by_name", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Column("self", Key, nullable=False),
    Column("help", Boolean, nullable=False, server_default="0"),
    Column("where", Text, nullable=False, server_default=""),
    Column("family", Key, nullable=False, server_default=""),
    Column("house", Key, nullable=False, server_default=""),
    Column("work", Key, nullable=False, server_default=""),
    Column("comment", Text, nullable=False, server_default=""),
    # JSON: the company's own questions, by their number.
    Column("own", Text, nullable=False, server_default="{}"),
    # Only if ticked; deleted 30 days after 完了.
    Column("lat", Float),
    Column("lon", Float),
    Column("accuracy", Float),
    Column("doubtful", Boolean, nullable=False, server_default="0"),
    sqlite_autoincrement=True,
)

Index(
    "ix_anpi_answers_located",
    answers.c.id,
    sqlite_where=answers.c.lat.is_not(None),
    postgresql_where=answers.c.lat.is_not(None),
)

counted = Table(
    "anpi_counted",
    metadata,
    # In which incidents an answer counts (A13); the history of a person in one of them.
    Column("incident_id", Id, ForeignKey("anpi_incidents.id"), nullable=False),
    Column("account_id", Id, nullable=False),
    Column("answer_id", Id, ForeignKey("anpi_answers.id"), nullable=False, index=True),
    PrimaryKeyConstraint("incident_id", "account_id", "answer_id"),
)

templates = Table(
    "anpi_templates",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("place", Integer, nullable=False, server_default="0"),
    Column("changed_at", UtcTime, nullable=False),
    sqlite_autoincrement=True,
)
