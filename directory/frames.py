"""What the directory says on the socket: its commands, its answers, its events.

``rev`` numbers every change of a department or of a person, company-wide, without a gap; a row carries nothing that
its reader may not see, and an event only what everybody may see. A person's fields are called as in the import,
in lower case: ``extension_number`` is EXTENSION_NUMBER.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from server.live.frames import Command, Frame, Number

Ids = Annotated[list[Number], Meta(max_length=1000)]
GroupName = Annotated[str, Meta(max_length=200)]
"""Cut off at the door; the rule itself (50 characters) has a sentence of its own."""
FieldName = Annotated[str, Meta(max_length=40)]
Text = Annotated[str, Meta(max_length=2000)]

PAGE_LIMIT = 100
FIND_LIMIT = 50

# ---------------------------------------------------------------- shapes


class DepartmentRow(Struct, omit_defaults=True):
    """A department. ``parent`` is missing at the top; ``people`` are those who have a post in it itself, not below.

    Departments with the same parent stand in the order of ``sort``, compared by code points, then of ``id``.
    """

    id: int
    code: str
    name: str
    sort: str
    parent: int | UnsetType = UNSET
    kana: str = ""
    alphabet: str = ""
    phone_number: str = ""
    url: str = ""
    sort_score: int | UnsetType = UNSET
    people: int = 0


class Held(Struct, omit_defaults=True):
    """A post that somebody holds: his title in a department. The first of his posts is 本務, the others are 兼務."""

    department: int
    title: str = ""


class PersonRow(Struct, omit_defaults=True):
    """Somebody, as a list shows him: what the reader may see, blank where there is nothing or he may not.

    People stand in the order of ``sort``, compared by code points, then of ``id``. ``department`` and ``title`` are
    those of his 本務; ``post`` is his 職務. ``talk``: he can be talked to. ``disabled``: he cannot sign in.
    """

    id: int
    name: str
    sort: str
    rev: int = 0
    kana: str = ""
    department: int | UnsetType = UNSET
    title: str = ""
    posts: list[Held] = []
    post: str = ""
    photo: str = ""
    extension_number: str = ""
    phone_number: str = ""
    company_mobile_number: str = ""
    mobile_number: str = ""
    email1: str = ""
    user_type: Literal["REGULAR_USER", "REGISTRATION_ONLY_USER", "FACILITY"] = "REGULAR_USER"
    talk: bool = False
    disabled: bool = False


class PersonFound(PersonRow):
    """Somebody who was found, and ``hit``, the field by which: ``name``, ``department``, ``phone_number`` …"""

    hit: str = ""


class PersonCard(PersonRow):
    """Somebody, with everything that the reader may see of him.

    ``login_id`` is for administrators and himself. ``may`` says what the reader may do with him: ``edit``.
    """

    alphabet: str = ""
    employee_number: str = ""
    personal_mobile_number: str = ""
    fax_number: str = ""
    email2: str = ""
    web_url: str = ""
    comment: str = ""
    remarks: str = ""
    skill: str = ""
    work_areas: list[str] = []
    home_areas: list[str] = []
    login_id: str = ""
    may: list[str] = []


class PersonalGroup(Struct):
    """One of one's own groups (グループ電話帳), with the people in it in their order."""

    id: int
    name: str
    people: list[int]


class StatusRow(Struct, omit_defaults=True):
    """A badge: which state somebody is in since when, by which incident; no ``state``: none any more."""

    id: int
    state: str = ""
    since: int = 0
    incident: int = 0
    drill: bool = False


# ---------------------------------------------------------------- commands


class OpenDirectory(Command, tag="directory"):
    """The departments, and to hear of every change from now on, until ``directory.leave``."""


class DirectorySince(Command, tag="directory.since"):
    """What changed after ``rev``, and to hear of every change from now on: for whoever held the directory before."""

    rev: Number


class LeaveDirectory(Command, tag="directory.leave"):
    """To hear of changes no longer."""


class ListPeople(Command, tag="directory.people"):
    """A page of people in their order: everybody, those of a department (``below``: and of those under it), those of
    one of one's groups in its order, or one's favourites."""

    department: Number | UnsetType = UNSET
    below: bool = False
    group: Number | UnsetType = UNSET
    favourites: bool = False
    from_: Number = msgspec.field(default=0, name="from")
    limit: Annotated[int, Meta(ge=1, le=PAGE_LIMIT)] = PAGE_LIMIT


class FindInDirectory(Command, tag="directory.find"):
    """People by any part of name, kana, romaji, department, title, address or number; several words all count."""

    text: Annotated[str, Meta(max_length=100)]
    from_: Number = msgspec.field(default=0, name="from")
    limit: Annotated[int, Meta(ge=1, le=FIND_LIMIT)] = FIND_LIMIT


class WhoseNumber(Command, tag="directory.whose"):
    """Who has exactly this number in a field that one may see, however it is written: for a call that comes in."""

    number: Annotated[str, Meta(max_length=50)]
    limit: Annotated[int, Meta(ge=1, le=FIND_LIMIT)] = 10


class GetPerson(Command, tag="directory.person"):
    """All that one may see of somebody."""

    id: Number


class GetGroups(Command, tag="directory.groups"):
    """One's own groups and favourites."""


class AddGroup(Command, tag="group.add"):
    """One more group: at most 10, of 50 characters in the name."""

    name: GroupName


class RenameGroup(Command, tag="group.rename"):
    """Another name for one of one's groups."""

    group: Number
    name: GroupName


class RemoveGroup(Command, tag="group.remove"):
    """One of one's groups goes; the people stay what they are."""

    group: Number


class ChangeGroup(Command, tag="group.people"):
    """Who comes into one of one's groups, at its end, and who goes out of it."""

    group: Number
    add: Ids = msgspec.field(default_factory=list)
    remove: Ids = msgspec.field(default_factory=list)


class OrderGroups(Command, tag="group.order"):
    """The order of one's groups: all of them, each once."""

    groups: Annotated[list[Number], Meta(max_length=100)]


class Favour(Command, tag="favourite"):
    """Whether somebody is one of one's favourites."""

    person: Number
    on: bool


class GetMine(Command, tag="directory.mine"):
    """What the directory tells about oneself, and what of it one may change."""


class ChangeMine(Command, tag="directory.change_mine"):
    """Changes fields of oneself, all or none: those that ``directory.mine`` calls ``editable``.

    The values are text; those of ``home_areas`` are joined with ``;``.
    """

    changes: Annotated[dict[FieldName, Text], Meta(max_length=40)]


class GetStatuses(Command, tag="directory.statuses"):
    """The badges of these people; changes follow as events, while the directory is open."""

    people: Annotated[list[Number], Meta(max_length=300)]


class GetPhotos(Command, tag="directory.photos"):
    """Which of these people have a photo: for faces beside names where the directory is not open."""

    people: Annotated[list[Number], Meta(max_length=300)]


# ---------------------------------------------------------------- answers


class Directory(Frame, tag="directory"):
    """The departments as of ``rev``, those above before those below, with 電話番号URLスキーム.

    ``hidden`` are the fields that one may never see of others; ``restricted`` those that events leave out, because
    they are not everybody's: who may see one of them asks for a row anew that an event has changed.
    """

    ref: int
    rev: int
    departments: list[DepartmentRow]
    phone_scheme: str
    hidden: list[str]
    restricted: list[str]


class PeoplePage(Frame, tag="directory.people"):
    """A page as of ``rev``; ``total`` is how many there are in all."""

    ref: int
    rev: int
    total: int
    from_: int = msgspec.field(name="from")
    people: list[PersonRow]


class Found(Frame, tag="directory.found"):
    """A page of those who were found, the nearest department first; ``total`` is not counted beyond 1000."""

    ref: int
    total: int
    from_: int = msgspec.field(name="from")
    people: list[PersonFound]


class PersonShown(Frame, tag="directory.person"):
    """All that one may see of somebody."""

    ref: int
    person: PersonCard


class Groups(Frame, tag="directory.groups"):
    """One's groups in their order, and one's favourites; without ``ref`` when one of one's devices changed them."""

    groups: list[PersonalGroup]
    favourites: list[int]
    ref: int | UnsetType = UNSET


class Mine(Frame, tag="directory.mine"):
    """Oneself, and the fields that one may change."""

    ref: int
    person: PersonCard
    editable: list[str]


class Statuses(Frame, tag="directory.statuses"):
    """Badges as of ``rev``: those asked for, with ``ref``; or, at most once a second, those that changed after
    ``from``."""

    rev: int
    rows: list[StatusRow]
    from_: int | UnsetType = msgspec.field(default=UNSET, name="from")
    ref: int | UnsetType = UNSET


class PhotoRow(Struct):
    """Somebody's photo, under the name that its address has."""

    id: int
    photo: str


class Photos(Frame, tag="directory.photos"):
    """The photos of those who have one."""

    ref: int
    photos: list[PhotoRow]


# ---------------------------------------------------------------- events


class DirectoryChanged(Frame, tag="directory.changed"):
    """All rows that changed after ``since``, as everybody may see them: apply them, then hold ``rev``.

    What one may see besides is asked for anew where it is on the screen. ``gone`` are people who are listed no
    longer, ``departments_gone`` departments that are no more.
    """

    since: int
    rev: int
    people: list[PersonRow] = msgspec.field(default_factory=list)
    gone: list[int] = msgspec.field(default_factory=list)
    departments: list[DepartmentRow] = msgspec.field(default_factory=list)
    departments_gone: list[int] = msgspec.field(default_factory=list)
    ref: int | UnsetType = UNSET


class DirectoryReload(Frame, tag="directory.reload"):
    """More has changed than is told row by row: ask anew for these parts where they are on the screen.

    Wait for a random time of at most ``within_ms`` before.
    """

    since: int
    rev: int
    parts: list[Literal["people", "departments"]]
    within_ms: int
    ref: int | UnsetType = UNSET
