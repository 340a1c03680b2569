"""The nouns of the directory and their rules: order, the tree of departments, who sees what. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from server.auth.model import Privilege
from server.auth.visibility import Visibility
from server.errors import Conflict, Invalid
from server.text import folded

TOPIC = "directory"
STATUS_TOPIC = "status"
SHOWN = "directory:shown"
"""No topic of its own: the last ``rev`` of the directory that changed what is shown of everybody."""

GROUPS_LIMIT = 10
GROUP_PEOPLE_LIMIT = 1000
FAVOURITES_LIMIT = 1000

ADMINISTRATORS = frozenset({Privilege.ADMIN_USER, Privilege.ADMIN_ANPI})
"""Whom 公開範囲 means by 管理者 (A6)."""


# ---------------------------------------------------------------- order


def sort_key(name: str, kana: str, sort_score: int | None) -> str:
    """By what people and departments are listed: SORT_SCORE (small first, blank last), then kana, or the name."""
    score = "~" if sort_score is None else f"{sort_score:09d}"
    return f"{score} {folded(kana) or folded(name)}"


# ---------------------------------------------------------------- people


@dataclass(frozen=True, slots=True)
class Post:
    """One of somebody's posts: a department and his title in it."""

    department: int
    title: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Everything that the directory keeps of somebody, whoever may see it. The first post is 本務."""

    id: int
    rev: int
    login_id: str
    name: str
    kana: str
    state: str
    user_type: str
    talk: bool
    sort: str
    sort_score: int | None = None
    photo: str = ""
    profile: Mapping[str, str] = field(default_factory=dict)
    posts: tuple[Post, ...] = ()
    work_areas: tuple[str, ...] = ()
    home_areas: tuple[str, ...] = ()

    @property
    def right_sort(self) -> str:
        """What ``sort`` is to be."""
        return sort_key(self.name, self.kana, self.sort_score)


# ---------------------------------------------------------------- who sees what


class Nearness(IntEnum):
    """How somebody stands to the person he looks at; each sees what those before it see, but for 本人のみ."""

    ANYBODY = 0
    ABOVE = 1
    ADMINISTRATOR = 2
    SELF = 3


_NEEDED = {
    Visibility.EVERYBODY: Nearness.ANYBODY,
    Visibility.ABOVE: Nearness.ABOVE,
    Visibility.ADMINISTRATORS: Nearness.ADMINISTRATOR,
    Visibility.SELF: Nearness.SELF,
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: his rights, and the departments he is above of (his own, and all below them), which are left out
    where no field is 自部署と上位: nobody sees more for them then."""

    id: int
    privileges: frozenset[Privilege] = frozenset()
    covers: frozenset[int] = frozenset()

    @property
    def administrates(self) -> bool:
        return bool(self.privileges & ADMINISTRATORS)

    def nearness(self, person: int, departments: Iterable[int]) -> Nearness:
        """How he stands to somebody with posts in these departments."""
        if person == self.id:
            return Nearness.SELF
        if self.administrates:
            return Nearness.ADMINISTRATOR
        return Nearness.ANYBODY if self.covers.isdisjoint(departments) else Nearness.ABOVE


EVERYBODY = Viewer(0)
"""Who sees what everybody sees, and no more: events are made for him."""


def seen(shown: Mapping[str, Visibility], nearness: Nearness) -> frozenset[str]:
    """The fields that one who stands so may see."""
    return frozenset(name for name, visibility in shown.items() if _NEEDED[visibility] <= nearness)


def hidden(shown: Mapping[str, Visibility], viewer: Viewer) -> list[str]:
    """The fields that this viewer never sees of others, whoever they are."""
    most = Nearness.ADMINISTRATOR if viewer.administrates else Nearness.ABOVE
    return [name for name, visibility in shown.items() if _NEEDED[visibility] > most]


def restricted(shown: Mapping[str, Visibility]) -> list[str]:
    """The fields that are not everybody's: no event tells them."""
    return [name for name, visibility in shown.items() if visibility is not Visibility.EVERYBODY]


# ---------------------------------------------------------------- what one may change of oneself

OWN_FIELDS = (
    "alphabet",
    "personal_mobile_number",
    "mobile_number",
    "web_url",
    "comment",
    "skill",
    "home_areas",
)
"""What everybody may change of himself, besides his photo. Name, kana, posts, numbers and addresses that the company
gives, and what administrators note about him, are theirs."""


def own_fields(shown: Mapping[str, Visibility]) -> list[str]:
    """The fields that one may change of oneself: nobody else could fill in what is 本人のみ."""
    private = [name for name, visibility in shown.items() if visibility is Visibility.SELF and name not in OWN_FIELDS]
    return [*OWN_FIELDS, *private]


def profile_fields(shown: Mapping[str, Visibility], privileges: Collection[Privilege]) -> list[str]:
    """The fields of others' profiles that one with these rights may change."""
    if Privilege.ADMIN_USER not in privileges:
        return []
    return [name for name, visibility in shown.items() if visibility is not Visibility.SELF]


# ---------------------------------------------------------------- departments


@dataclass(frozen=True, slots=True)
class Department:
    """A department; ``people`` have a post in it itself, not below."""

    id: int
    code: str
    name: str
    parent: int | None = None
    kana: str = ""
    alphabet: str = ""
    phone_number: str = ""
    url: str = ""
    sort_score: int | None = None
    people: int = 0
    rev: int = 0

    @property
    def sort(self) -> str:
        return sort_key(self.name, self.kana, self.sort_score)


@dataclass(frozen=True)
class Tree:
    """All departments, those above before those below, each level in its order."""

    departments: tuple[Department, ...]

    @classmethod
    def of(cls, rows: Iterable[Department]) -> Tree:
        """The tree of these; one whose parent is not there stands at the top."""
        known = {row.id: row for row in rows}
        below: dict[int | None, list[Department]] = {}
        for row in sorted(known.values(), key=lambda row: (row.sort, row.id)):
            below.setdefault(row.parent if row.parent in known else None, []).append(row)
        order: list[Department] = []
        waiting = below.get(None, [])[::-1]
        while waiting:
            row = waiting.pop()
            order.append(row)
            waiting += below.get(row.id, [])[::-1]
        return cls(tuple(order))

    def below(self, roots: Iterable[int]) -> frozenset[int]:
        """These departments and all below them."""
        found = set(roots) & {row.id for row in self.departments}
        for row in self.departments:
            if row.parent in found:
                found.add(row.id)
        return frozenset(found)

    def children(self, parent: int | None) -> list[Department]:
        """The departments right under one, in their order."""
        return [row for row in self.departments if row.parent == parent]

    def get(self, id: int) -> Department | None:
        return next((row for row in self.departments if row.id == id), None)


def require_no_circle(tree: Tree, department: int, parent: int | None) -> None:
    """Refuse a parent that is the department itself or stands below it."""
    if parent is not None and parent in tree.below([department]):
        raise Conflict("department_circle")


def scores_with(siblings: Sequence[Department], moved: int, before: int) -> dict[int, int]:
    """SORT_SCOREs that put ``moved`` right before ``before`` among its siblings: of those alone that must change."""
    order = [row.id for row in siblings if row.id != moved]
    if before not in order:
        raise Invalid("invalid")
    order.insert(order.index(before), moved)
    known = {row.id: row.sort_score for row in siblings}
    wanted = {id: (place + 1) * 10 for place, id in enumerate(order)}
    return {id: score for id, score in wanted.items() if known.get(id) != score}
