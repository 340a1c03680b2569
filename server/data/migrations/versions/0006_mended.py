"""Addresses without what nobody asked for; mails that were sent to be seen, and alarms of sources."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    _sending()
    _hazard()


def _sending() -> None:
    op.drop_column("anpi_addresses", "sent_at")
    op.drop_column("anpi_addresses", "bounced_at")
    op.create_table(
        "anpi_mail_tests",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", KEY, server_default="", nullable=False),
        sa.Column("way", sa.Integer(), server_default="0", nullable=False),
        sa.Column("said", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_anpi_mail_tests_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anpi_mail_tests")),
        sa.UniqueConstraint("account_id", name=op.f("uq_anpi_mail_tests_account_id")),
        sqlite_autoincrement=True,
    )


def _hazard() -> None:
    op.add_column("anpi_sources", sa.Column("alarm", sa.Text(), server_default="{}", nullable=False))
