"""What the earth did as far as we were told: reports, the events they are about, what was decided and why."""

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
)

from server.data.metadata import metadata
from server.data.types import Id, Key, UtcTime

rules = Table(
    "anpi_rules",
    metadata,
    Column("id", Id, primary_key=True),
    # "intensity" (震度, early warnings too), "tsunami" or "weather" (特別警報).
    Column("kind", Key, nullable=False),
    Column("enabled", Boolean, nullable=False),
    # 震度 "4" … "7"; 津波 "advisory", "warning" or "major"; blank for 特別警報.
    Column("threshold", Key, nullable=False, server_default=""),
    # JSON: JMA codes of areas; empty: all Japan.
    Column("areas", Text, nullable=False, server_default="[]"),
    Column("place", Integer, nullable=False, server_default="0"),
    Column("changed_at", UtcTime, nullable=False),
    sqlite_autoincrement=True,
)

events = Table(
    "anpi_events",
    metadata,
    # One quake, tsunami or weather warning, whatever it was told by.
    Column("id", Id, primary_key=True),
    # "eq:<EventID>", "tsunami:…", "weather:…", or one of our own for a report without an EventID.
    Column("key", Key, nullable=False, unique=True),
    # When it happened as far as it is known, for joining reports that carry no EventID.
    Column("at", UtcTime, nullable=False, index=True),
    Column("drill", Boolean, nullable=False, server_default="0"),
    # "seen", "armed" (it waits), "started" or "cancelled".
    Column("state", Key, nullable=False),
    Column("armed_until", UtcTime, index=True),
    # JSON: what is known of it: the newest valid report of each series, as decisions need it.
    Column("known", Text, nullable=False),
    Column("incident_id", BigInteger, index=True),
    sqlite_autoincrement=True,
)

reports = Table(
    "anpi_reports",
    metadata,
    Column("id", Id, primary_key=True),
    # Where it came from and its name there: the same one is taken once.
    Column("source", Key, nullable=False),
    Column("name", Key, nullable=False),
    Column("event_id", Id, ForeignKey("anpi_events.id"), index=True),
    # "VXSE51" …, or "551", "552", "556".
    Column("type", Key, nullable=False),
    # 通常, 訓練 or 試験 as "real", "drill", "test"; 発表, 訂正 or 取消 as "issued", "corrected", "cancelled".
    Column("status", Key, nullable=False),
    Column("info", Key, nullable=False),
    # Control/DateTime: the order of a series.
    Column("at", UtcTime, nullable=False),
    Column("received_at", UtcTime, nullable=False, index=True),
    # JSON of the report as it was understood; blank with a reason: it could not be read.
    Column("body", Text, nullable=False, server_default=""),
    Column("error", Text, nullable=False, server_default=""),
    # As it came, gzip.
    Column("raw", LargeBinary),
    Index("uq_anpi_reports_source_name", "source", "name", unique=True),
    sqlite_autoincrement=True,
)
# Those that nobody could read are counted without touching the others, whose bodies are long.
Index(
    "ix_anpi_reports_unread",
    reports.c.id,
    sqlite_where=reports.c.error != "",
    postgresql_where=reports.c.error != "",
)

decisions = Table(
    "anpi_decisions",
    metadata,
    # 発信の理由: what each report, or the end of a wait, led to, with everything it was decided by.
    Column("id", Id, primary_key=True),
    Column("event_id", Id, ForeignKey("anpi_events.id"), nullable=False, index=True),
    Column("report_id", BigInteger),
    Column("at", UtcTime, nullable=False),
    # "ignore", "wait", "start", "widen", "tell", "cancel", "keep".
    Column("act", Key, nullable=False),
    # Why, as a word that both languages have a sentence for.
    Column("reason", Key, nullable=False),
    # JSON: rules with their thresholds and what each made of the report, areas, guards.
    Column("inputs", Text, nullable=False),
    Column("incident_id", BigInteger, index=True),
    sqlite_autoincrement=True,
)

hits = Table(
    "anpi_hits",
    metadata,
    # Which area was asked by which incident at which class, for the guard of six hours (A13).
    Column("incident_id", Id, ForeignKey("anpi_incidents.id"), nullable=False),
    Column("area", Key, nullable=False),
    Column("kind", Key, nullable=False),
    Column("level", Key, nullable=False),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("incident_id", "area", "kind"),
    Index("ix_anpi_hits_at", "at"),
)

sources = Table(
    "anpi_sources",
    metadata,
    # Health of each source, as panel and alarm show it; what it must remember between two looks stands in ``kept``.
    Column("name", Key, primary_key=True),
    Column("tried_at", UtcTime),
    Column("heard_at", UtcTime),
    Column("report_at", UtcTime),
    Column("error", Text, nullable=False, server_default=""),
    Column("troubles", Integer, nullable=False, server_default="0"),
    Column("kept", Text, nullable=False, server_default="{}"),
    # JSON: since when it is watched over, and when administrators were told that it is silent; the watch's alone.
    Column("alarm", Text, nullable=False, server_default="{}"),
)
