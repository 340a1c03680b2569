"""Which lines of the talk log somebody wants: a period, rooms, and people while they were in their rooms.

Pure. A line is cut out and looked at without its body; only what is wanted is read further.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

import msgspec
from msgspec import Struct

from server.clock import to_millis

MEMBERSHIP = frozenset({"created", "joined", "left"})
ROOMLESS = 0


class Person(Struct, frozen=True):
    """Somebody as he was called then."""

    id: int = 0
    name: str = ""


class NamedFile(Struct, frozen=True):
    """A file as a line names it: as it was sent, and as it is stored."""

    id: str
    name: str = ""
    size: int = 0
    sha256: str = ""
    stored_sha256: str = ""
    media: str = ""


class Head(Struct, frozen=True, gc=False):
    """A line without its body."""

    n: int
    at: int
    kind: str
    channel: int
    rev: int
    seq: int | None
    actor: int | None
    body: msgspec.Raw


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its body, whose fields depend on its kind."""

    n: int
    at: int
    kind: str
    channel: int
    seq: int | None
    actor: int | None
    body: Mapping[str, Any]

    def text(self, name: str) -> str:
        found = self.body.get(name)
        return found if isinstance(found, str) else ""

    def person(self, name: str = "person") -> Person:
        found = self.body.get(name)
        return msgspec.convert(found, Person) if isinstance(found, dict) else Person()

    @property
    def people(self) -> list[Person]:
        """Who is in a room from its beginning."""
        found = self.body.get("people")
        return msgspec.convert(found, list[Person]) if isinstance(found, list) else []

    @property
    def files(self) -> list[NamedFile]:
        found = self.body.get("files")
        return msgspec.convert(found, list[NamedFile]) if isinstance(found, list) else []


head_of = msgspec.json.Decoder(Head).decode
_body = msgspec.json.Decoder(dict[str, Any]).decode


def line_of(head: Head) -> Line:
    return Line(head.n, head.at, head.kind, head.channel, head.seq, head.actor, _body(head.body))


@dataclass(frozen=True, slots=True)
class Filter:
    """What is wanted; an empty one wants everything."""

    since: int = 0
    """The first millisecond, and the one after the last."""
    until: int = 1 << 53
    rooms: frozenset[int] = frozenset()
    people: frozenset[int] = frozenset()

    @property
    def everything(self) -> bool:
        return not self.rooms and not self.people


class Standing(Struct, frozen=True, array_like=True, gc=False):
    """Somebody's row in a room as it is today: in it or not, since when, and the ``rev`` of its last change."""

    person: int
    channel: int
    active: bool
    joined: int
    rev: int


@dataclass
class Membership:
    """Who of the people sought is in which room, as one line follows the other.

    A row of ``members`` tells of the last stay only. Whether somebody was there before that, the first line about
    him tells: who leaves has been in.
    """

    standing: dict[int, list[Standing]] = field(default_factory=dict)
    first_left: frozenset[tuple[int, int]] = frozenset()
    """(channel, person) of those about whom the first line is that he leaves."""
    since: int = 0
    _inside: dict[int, set[int]] = field(default_factory=dict)

    @property
    def rooms(self) -> frozenset[int]:
        return frozenset(self.standing)

    def unsure(self) -> frozenset[tuple[int, int]]:
        """Whose stay at the beginning is not known from the rows alone."""
        rows = (row for rows in self.standing.values() for row in rows)
        return frozenset((row.channel, row.person) for row in rows if row.joined > self.since)

    def takes(self, head: Head, people: frozenset[int]) -> bool:
        """Whether this line was said where one of them was, and remember who comes and goes by it."""
        if head.channel not in self.standing:
            return False
        inside = self._inside.get(head.channel)
        if inside is None:
            inside = self._inside[head.channel] = {
                row.person for row in self.standing[head.channel] if self._was_in(row, head.rev)
            }
        before = bool(inside)
        if head.kind in MEMBERSHIP:
            come, gone = moved(head)
            inside |= come & people
            inside -= gone
        return before or bool(inside)

    def _was_in(self, row: Standing, rev: int) -> bool:
        if (row.channel, row.person) in self.first_left:
            return True
        return row.joined <= self.since and (row.active or rev <= row.rev)


def moved(head: Head) -> tuple[set[int], set[int]]:
    """Who came in and who went out by this line."""
    line = line_of(head)
    if head.kind == "created":
        return {each.id for each in line.people}, set()
    person = {line.person().id}
    return (person, set()) if head.kind == "joined" else (set(), person)


def wanted(head: Head, chosen: Filter, membership: Membership) -> bool:
    """Whether this line is one of them. Asked of every line in its order, from the beginning of the period on."""
    if not chosen.since <= head.at < chosen.until:
        return False
    if chosen.everything:
        return True
    if head.channel == ROOMLESS:
        return bool(chosen.people) and not chosen.people.isdisjoint(_about(head))
    takes = bool(chosen.people) and membership.takes(head, chosen.people)
    return takes or head.channel in chosen.rooms


def _about(head: Head) -> set[int]:
    """Of whom a line without a room tells: who did it, and to whom."""
    line = line_of(head)
    return {head.actor or 0, line.person().id} - {0}


def first_leavings(heads: Iterable[Head], unsure: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Of these (channel, person), those about whom the first line is that he leaves; they are taken out of
    ``unsure``, as are those who come."""
    left: set[tuple[int, int]] = set()
    for head in heads:
        come, gone = moved(head)
        left |= {pair for pair in ((head.channel, each) for each in gone) if pair in unsure}
        unsure -= {(head.channel, each) for each in come | gone}
    return left


def period(first: date | None, last: date | None, zone: tzinfo) -> tuple[int, int]:
    """From the beginning of one day to the end of another, in milliseconds."""
    since = to_millis(_midnight(first, zone)) if first else 0
    until = to_millis(_midnight(last + timedelta(days=1), zone)) if last else 1 << 53
    return since, until


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone)
