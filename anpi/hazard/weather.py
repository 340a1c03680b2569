"""Special warnings (特別警報) by prefecture. All families of telegrams say it in the same codes."""

from __future__ import annotations

from collections.abc import Iterable

from anpi.hazard.areas import around
from anpi.hazard.model import Warned
from anpi.hazard.telegram_warnings import SPECIAL_CODES
from directory.areas.tables import prefectures

_ISSUED = "発表"
_IN_FORCE = (_ISSUED, "継続")


def newly_warned(lines: Iterable[Warned]) -> tuple[str, ...]:
    """Prefectures that a special warning was issued for which had none of its kind before."""
    new = (each.area for each in lines if each.status == _ISSUED and each.last not in SPECIAL_CODES)
    return tuple(sorted({around(area)[-1] for area in new} & prefectures().keys()))


def in_force(lines: Iterable[Warned]) -> bool:
    """Whether any stands, new or not."""
    return any(each.status in _IN_FORCE for each in lines)
