"""What stands in braces in a message: {氏名} {震度} {地域} {発生時刻}, and what is known of what happened.

Any other word in braces is refused when the text is saved: on the day itself nobody is there to mend it. A title has
no variables, because it is the subject byte for byte.
"""

from __future__ import annotations

import re
from datetime import datetime, tzinfo

import msgspec
from msgspec import Struct

from server.errors import Invalid

NAME, LEVEL, AREA, AT = "氏名", "震度", "地域", "発生時刻"
VARIABLES = (NAME, LEVEL, AREA, AT)
UNKNOWN = "―"
"""Stands where nothing is known: a disaster that was registered by hand has no intensity."""
AREAS_SHOWN = 3

_BRACES = re.compile(r"\{([^{}\n]{1,20})\}")

LEVELS = {
    "5-": ("5弱", "5 lower"),
    "5+": ("5強", "5 upper"),
    "6-": ("6弱", "6 lower"),
    "6+": ("6強", "6 upper"),
    "major": ("大津波警報", "Major tsunami warning"),
    "warning": ("津波警報", "Tsunami warning"),
    "advisory": ("津波注意報", "Tsunami advisory"),
}


class Facts(Struct, frozen=True, omit_defaults=True):
    """What happened, where, how strong, when. ``areas`` are names as they are shown; ``missing``: the level has not
    come in somewhere, so it is at least this."""

    level: str = ""
    areas: tuple[str, ...] = ()
    place: str = ""
    at: datetime | None = None
    missing: bool = False

    def json(self) -> str:
        """As it is kept in an incident's row."""
        return msgspec.json.encode(self).decode()


NO_FACTS = Facts()


def read_facts(text: str) -> Facts:
    """What an incident's row holds."""
    return msgspec.json.decode(text or "{}", type=Facts)


def check(text: str, field: str = "message") -> None:
    """Refuse a variable that does not exist."""
    for word in _BRACES.findall(text):
        if word not in VARIABLES:
            raise Invalid("unknown_variable", field=field, name=word)


def filled(text: str, facts: Facts, zone: tzinfo, name: str | None = None) -> str:
    """The text with its variables filled; {氏名} stays when ``name`` is None."""
    known = {LEVEL: level(facts), AREA: areas(facts), AT: moment(facts, zone)}
    if name is not None:
        known[NAME] = name
    return _BRACES.sub(lambda found: known.get(found[1], found[0]), text)


def level(facts: Facts, english: bool = False) -> str:
    """How strong, in words: 「5強」."""
    word = LEVELS.get(facts.level, (facts.level, facts.level))[english] or UNKNOWN
    if not facts.missing:
        return word
    return f"{word} or more" if english else f"{word}以上"


def areas(facts: Facts, english: bool = False) -> str:
    """Where: the first few, and whether there are more."""
    shown = ("、", ", ")[english].join(facts.areas[:AREAS_SHOWN])
    more = (" ほか", " and elsewhere")[english] if len(facts.areas) > AREAS_SHOWN else ""
    return (shown or facts.place or UNKNOWN) + more


def moment(facts: Facts, zone: tzinfo, english: bool = False) -> str:
    """When, by the company's clock: 「1月1日 16:10」."""
    if facts.at is None:
        return UNKNOWN
    at = facts.at.astimezone(zone)
    day = f"{at:%b} {at.day}" if english else f"{at.month}月{at.day}日"
    return f"{day} {at.hour}:{at.minute:02d}"
