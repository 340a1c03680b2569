"""Time, as an argument. The wire speaks milliseconds, the database microseconds, the house aware datetimes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Clock = Callable[[], datetime]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TOKYO = "Asia/Tokyo"


def system_clock() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC)


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970-01-01 UTC. A naive datetime is a bug and raises ``TypeError``."""
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def to_millis(moment: datetime) -> int:
    """Milliseconds since 1970-01-01 UTC, as the wire speaks."""
    return to_micros(moment) // 1000


def from_millis(millis: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=millis)


def zone(name: str) -> tzinfo:
    """The time zone of this name; ``ValueError`` for one that this machine does not know."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # A machine may have no list of zones. Japan's needs none: it knows no summer time.
        if name == _TOKYO:
            return timezone(timedelta(hours=9), name)
        raise ValueError(f"{name!r} is no time zone that this machine knows") from None
