"""安否確認: incidents and whom they ask, what is on its way to people, what the earth did; browsers to be woken."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    _incidents()
    _sending()
    _hazard()


def _incidents() -> None:
    op.create_table(
        "anpi_incidents",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("origin", KEY, nullable=False),
        sa.Column("cause", KEY, nullable=False),
        sa.Column("state", KEY, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("questions", sa.Text(), server_default="{}", nullable=False),
        sa.Column("location", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("count_from", sa.BigInteger(), nullable=False),
        sa.Column("closing_at", sa.BigInteger(), nullable=True),
        sa.Column("closing_to", sa.Text(), server_default="", nullable=False),
        sa.Column("closing_sent_at", sa.BigInteger(), nullable=True),
        sa.Column("facts", sa.Text(), server_default="{}", nullable=False),
        sa.Column("reminders", sa.Text(), server_default="[]", nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("suspended_at", sa.BigInteger(), nullable=True),
        sa.Column("cancelled_at", sa.BigInteger(), nullable=True),
        sa.Column("completed_by", sa.BigInteger(), nullable=True),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.Column("nagged_at", sa.BigInteger(), nullable=True),
        sa.Column("rev", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anpi_incidents")),
        sa.UniqueConstraint("key", name=op.f("uq_anpi_incidents_key")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_anpi_incidents_state", "anpi_incidents", ["state", "id"], unique=False)
    op.create_table(
        "anpi_settings",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), server_default="{}", nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anpi_settings")),
    )
    op.create_table(
        "anpi_templates",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), server_default="0", nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anpi_templates")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "anpi_answers",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("incident_id", ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("channel", KEY, nullable=False),
        sa.Column("by_account_id", sa.BigInteger(), nullable=True),
        sa.Column("by_name", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("self", KEY, nullable=False),
        sa.Column("help", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("where", sa.Text(), server_default="", nullable=False),
        sa.Column("family", KEY, server_default="", nullable=False),
        sa.Column("house", KEY, server_default="", nullable=False),
        sa.Column("work", KEY, server_default="", nullable=False),
        sa.Column("comment", sa.Text(), server_default="", nullable=False),
        sa.Column("own", sa.Text(), server_default="{}", nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("accuracy", sa.Float(), nullable=True),
        sa.Column("doubtful", sa.Boolean(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_anpi_answers_account_id")),
        sa.ForeignKeyConstraint(["incident_id"], ["anpi_incidents.id"], name=op.f("fk_anpi_answers_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anpi_answers")),
        sa.UniqueConstraint("key", name=op.f("uq_anpi_answers_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_anpi_answers_account_id"), "anpi_answers", ["account_id"], unique=False)
    op.create_index(
        "ix_anpi_answers_located",
        "anpi_answers",
        ["id"],
        unique=False,
        sqlite_where=sa.text("lat IS NOT NULL"),
        postgresql_where=sa.text("lat IS NOT NULL"),
    )
    op.create_table(
        "anpi_sends",
        sa.Column("id", ID, nullable=False),
        sa.Column("incident_id", ID, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("act", KEY, nullable=False),
        sa.Column("kind", KEY, server_default="", nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", KEY, nullable=False),
        sa.Column("reached", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("people", sa.Integer(), server_default="0", nullable=False),
        sa.Column("whom", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["anpi_incidents.id"], name=op.f("fk_anpi_sends_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anpi_sends")),
        sa.UniqueConstraint("key", name=op.f("uq_anpi_sends_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_anpi_sends_incident_id"), "anpi_sends", ["incident_id"], unique=False)
    op.create_index(
        "ix_anpi_sends_preparing",
        "anpi_sends",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'preparing'"),
        postgresql_where=sa.text("state = 'preparing'"),
    )
    op.create_table(
        "anpi_targets",
        sa.Column("incident_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("send_id", ID, nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("area", KEY, server_default="", nullable=False),
        sa.Column("area_kind", KEY, server_default="", nullable=False),
        sa.Column("round", sa.Integer(), server_default="0", nullable=False),
        sa.Column("again_at", sa.BigInteger(), nullable=True),
        sa.Column("answer_id", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("first_at", sa.BigInteger(), nullable=True),
        sa.Column("self", KEY, server_default="", nullable=False),
        sa.Column("help", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("work", KEY, server_default="", nullable=False),
        sa.Column("doubtful", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("claimed_by", sa.BigInteger(), nullable=True),
        sa.Column("claimed_until", sa.BigInteger(), nullable=True),
        sa.Column("rev", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_anpi_targets_account_id")),
        sa.ForeignKeyConstraint(["incident_id"], ["anpi_incidents.id"], name=op.f("fk_anpi_targets_incident_id")),
        sa.PrimaryKeyConstraint("incident_id", "account_id", name=op.f("pk_anpi_targets")),
    )
    op.create_index("ix_anpi_targets_account", "anpi_targets", ["account_id", "incident_id"], unique=False)
    op.create_index(
        "ix_anpi_targets_again",
        "anpi_targets",
        ["incident_id", "again_at"],
        unique=False,
        sqlite_where=sa.text("again_at IS NOT NULL"),
        postgresql_where=sa.text("again_at IS NOT NULL"),
    )
    op.create_index("ix_anpi_targets_first", "anpi_targets", ["incident_id", "first_at"], unique=False)
    op.create_index("ix_anpi_targets_rev", "anpi_targets", ["incident_id", "rev"], unique=False)
    op.create_table(
        "anpi_counted",
        sa.Column("incident_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("answer_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["answer_id"], ["anpi_answers.id"], name=op.f("fk_anpi_counted_answer_id")),
        sa.ForeignKeyConstraint(["incident_id"], ["anpi_incidents.id"], name=op.f("fk_anpi_counted_incident_id")),
        sa.PrimaryKeyConstraint("incident_id", "account_id", "answer_id", name=op.f("pk_anpi_counted")),
    )
    op.create_index(op.f("ix_anpi_counted_answer_id"), "anpi_counted", ["answer_id"], unique=False)
    op.execute("INSERT INTO anpi_settings (id) VALUES (1)")


def _sending() -> None:
    op.create_table(
        "anpi_addresses",
        sa.Column("address_key", KEY, nullable=False),
        sa.Column("hard", sa.Integer(), server_default="0", nullable=False),
        sa.Column("bad_at", sa.BigInteger(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("bounced_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("address_key", name=op.f("pk_anpi_addresses")),
    )
    op.create_table(
        "anpi_contacts",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("address_key", KEY, nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.Column("mails", sa.Integer(), server_default="0", nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("gone_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_anpi_contacts_account_id")),
        sa.PrimaryKeyConstraint("account_id", "place", name=op.f("pk_anpi_contacts")),
    )
    op.create_index(op.f("ix_anpi_contacts_address_key"), "anpi_contacts", ["address_key"], unique=False)
    op.create_index(op.f("ix_anpi_contacts_gone_at"), "anpi_contacts", ["gone_at"], unique=False)
    op.create_table(
        "anpi_deliveries",
        sa.Column("id", ID, nullable=False),
        sa.Column("incident_id", ID, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("channel", KEY, nullable=False),
        sa.Column("slot", KEY, nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("address_key", KEY, nullable=False),
        sa.Column("language", KEY, server_default="ja", nullable=False),
        sa.Column("lane", KEY, server_default="", nullable=False),
        sa.Column("state", KEY, nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("leased_by", KEY, server_default="", nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_anpi_deliveries_account_id")),
        sa.ForeignKeyConstraint(["incident_id"], ["anpi_incidents.id"], name=op.f("fk_anpi_deliveries_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anpi_deliveries")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_anpi_deliveries_account", "anpi_deliveries", ["account_id", "incident_id"], unique=False)
    op.create_index(
        "ix_anpi_deliveries_waiting",
        "anpi_deliveries",
        ["lane", "due_at", "id"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "uq_anpi_deliveries_once",
        "anpi_deliveries",
        ["incident_id", "round", "account_id", "channel", "address_key"],
        unique=True,
    )
    op.create_table(
        "push_subscriptions",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("session", KEY, nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("endpoint_key", KEY, nullable=False),
        sa.Column("p256dh", sa.Text(), nullable=False),
        sa.Column("auth", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("troubles", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_push_subscriptions_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_subscriptions")),
        sa.UniqueConstraint("endpoint_key", name=op.f("uq_push_subscriptions_endpoint_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_push_subscriptions_account_id"), "push_subscriptions", ["account_id"], unique=False)
    op.create_index(op.f("ix_push_subscriptions_session"), "push_subscriptions", ["session"], unique=False)


def _hazard() -> None:
    op.create_table(
        "anpi_events",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("drill", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("state", KEY, nullable=False),
        sa.Column("armed_until", sa.BigInteger(), nullable=True),
        sa.Column("known", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anpi_events")),
        sa.UniqueConstraint("key", name=op.f("uq_anpi_events_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_anpi_events_armed_until"), "anpi_events", ["armed_until"], unique=False)
    op.create_index(op.f("ix_anpi_events_at"), "anpi_events", ["at"], unique=False)
    op.create_index(op.f("ix_anpi_events_incident_id"), "anpi_events", ["incident_id"], unique=False)
    op.create_table(
        "anpi_rules",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("threshold", KEY, server_default="", nullable=False),
        sa.Column("areas", sa.Text(), server_default="[]", nullable=False),
        sa.Column("place", sa.Integer(), server_default="0", nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anpi_rules")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "anpi_sources",
        sa.Column("name", KEY, nullable=False),
        sa.Column("tried_at", sa.BigInteger(), nullable=True),
        sa.Column("heard_at", sa.BigInteger(), nullable=True),
        sa.Column("report_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("troubles", sa.Integer(), server_default="0", nullable=False),
        sa.Column("kept", sa.Text(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_anpi_sources")),
    )
    op.create_table(
        "anpi_decisions",
        sa.Column("id", ID, nullable=False),
        sa.Column("event_id", ID, nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("act", KEY, nullable=False),
        sa.Column("reason", KEY, nullable=False),
        sa.Column("inputs", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["anpi_events.id"], name=op.f("fk_anpi_decisions_event_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anpi_decisions")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_anpi_decisions_event_id"), "anpi_decisions", ["event_id"], unique=False)
    op.create_index(op.f("ix_anpi_decisions_incident_id"), "anpi_decisions", ["incident_id"], unique=False)
    op.create_table(
        "anpi_hits",
        sa.Column("incident_id", ID, nullable=False),
        sa.Column("area", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("level", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["anpi_incidents.id"], name=op.f("fk_anpi_hits_incident_id")),
        sa.PrimaryKeyConstraint("incident_id", "area", "kind", name=op.f("pk_anpi_hits")),
    )
    op.create_index("ix_anpi_hits_at", "anpi_hits", ["at"], unique=False)
    op.create_table(
        "anpi_reports",
        sa.Column("id", ID, nullable=False),
        sa.Column("source", KEY, nullable=False),
        sa.Column("name", KEY, nullable=False),
        sa.Column("event_id", ID, nullable=True),
        sa.Column("type", KEY, nullable=False),
        sa.Column("status", KEY, nullable=False),
        sa.Column("info", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["anpi_events.id"], name=op.f("fk_anpi_reports_event_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anpi_reports")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_anpi_reports_event_id"), "anpi_reports", ["event_id"], unique=False)
    op.create_index(op.f("ix_anpi_reports_received_at"), "anpi_reports", ["received_at"], unique=False)
    op.create_index("uq_anpi_reports_source_name", "anpi_reports", ["source", "name"], unique=True)
    op.create_index(
        "ix_anpi_reports_unread",
        "anpi_reports",
        ["id"],
        unique=False,
        sqlite_where=sa.text("error != ''"),
        postgresql_where=sa.text("error != ''"),
    )
    # From the first sign-in on: 震度5強 (S16). Tsunami and special warnings are off at first.
    for kind, enabled, threshold, place in (
        ("intensity", True, "5+", 0),
        ("tsunami", False, "warning", 1),
        ("weather", False, "", 2),
    ):
        op.execute(
            sa.text(
                "INSERT INTO anpi_rules (kind, enabled, threshold, place, changed_at)"
                " VALUES (:kind, :enabled, :threshold, :place, 0)"
            ).bindparams(kind=kind, enabled=enabled, threshold=threshold, place=place)
        )
