"""What the administrators of the safety check have decided, in one row."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import Connection, insert, select, update

from anpi import tables
from anpi.model import Cause, Questions
from server.data.transaction import Transaction

_ASK = "身の安全を確保してから、安否を回答してください。"
QUAKE_MESSAGE = f"{{発生時刻}}ごろ、{{地域}}で震度{{震度}}の地震がありました。\n{_ASK}"
EARLY_MESSAGE = f"{{発生時刻}}ごろ、緊急地震速報が発表されました（{{地域}}、予想震度{{震度}}）。\n{_ASK}"
WARNING_MESSAGE = f"{{地域}}に警報が発表されました。\n{_ASK}"
MINUTES_A_DAY = 24 * 60


class AnpiSettings(Struct, omit_defaults=False, forbid_unknown_fields=False):
    """``outside`` switches all sources outside of the company on or off. ``remind``: minutes after each person's
    first send at which he is asked again. ``message`` is the automatic incident's of a quake, ``message_early`` of
    an early warning alone, ``message_warning`` of tsunami and weather. ``managers``: who may change this; nobody
    named: every administrator of the safety check."""

    outside: bool = True
    early_wait_seconds: Annotated[int, Meta(ge=0, le=600)] = 60
    grace_seconds: Annotated[int, Meta(ge=0, le=600)] = 0
    guard_hours: Annotated[int, Meta(ge=0, le=72)] = 6
    jma_drills: bool = False
    message: str = QUAKE_MESSAGE
    message_early: str = EARLY_MESSAGE
    message_warning: str = WARNING_MESSAGE
    questions: Questions = msgspec.field(default_factory=Questions)
    location: bool = False
    remind: Annotated[list[Annotated[int, Meta(ge=5, le=MINUTES_A_DAY)]], Meta(max_length=3)] = msgspec.field(
        default_factory=lambda: [30, 60, 120]
    )
    remind_quake_any_hour: bool = True
    badge_detail: Literal["full", "support"] = "full"
    emergency_number: str = ""
    sender_name: str = ""
    managers: list[int] = msgspec.field(default_factory=list)


def read(connection: Connection) -> AnpiSettings:
    """As they are now; what has never been decided has its default."""
    body = connection.execute(select(tables.settings.c.body).where(tables.settings.c.id == 1)).scalar()
    return msgspec.json.decode(body, type=AnpiSettings) if body else AnpiSettings()


def message_for(kept: AnpiSettings, cause: Cause) -> str:
    """What an incident says that began by itself."""
    if cause == "early_warning":
        return kept.message_early
    return kept.message_warning if cause in ("tsunami", "weather") else kept.message


def write(tx: Transaction, kept: AnpiSettings) -> None:
    """Keep these from now on; who may decide is asked by the caller."""
    s = tables.settings
    row = {"body": msgspec.json.encode(kept).decode(), "changed_at": tx.now}
    if not tx.connection.execute(update(s).where(s.c.id == 1).values(row)).rowcount:
        tx.connection.execute(insert(s), {"id": 1, **row})
