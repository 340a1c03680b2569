"""What administrators of departments and people send and are answered over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from directory.fields import PROFILE, SCORE_LIMIT
from directory.frames import PAGE_LIMIT, DepartmentRow, Held
from server.auth.changing import AccountChanges
from server.auth.model import Privilege, UserType
from server.auth.sheets import LoginSheet
from server.live.frames import Language, Number

Line = Annotated[str, Meta(max_length=2000)]
Lines = Annotated[list[Line], Meta(max_length=100)]
Score = Annotated[int, Meta(ge=0, le=SCORE_LIMIT)]
PersonState = Literal["enabled", "disabled", "never", "expired"]
"""有効, 無効, 未ログイン, and 期限切れ: a first password that can be used no longer."""


class DepartmentBody(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What a department shall be; what is left out stays. ``parent``: null for the top."""

    code: Line | UnsetType = UNSET
    name: Line | UnsetType = UNSET
    kana: Line | UnsetType = UNSET
    alphabet: Line | UnsetType = UNSET
    phone_number: Line | UnsetType = UNSET
    url: Line | UnsetType = UNSET
    sort_score: Score | UnsetType | None = UNSET
    parent: Number | UnsetType | None = UNSET


class MoveBody(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Where a department shall stand: under ``parent`` (null: at the top), and, if named, right before ``before``."""

    parent: Number | None
    before: Number | UnsetType = UNSET


class RemoveDepartmentBody(Struct, forbid_unknown_fields=True):
    """How many people would be unassigned, as one was told: a ``conflict`` when it is another number by now."""

    people: Number


class AdminDepartments(Struct):
    """All departments as of ``rev``, those above before those below."""

    rev: int
    departments: list[DepartmentRow]


class AdminDepartment(Struct):
    """A department, and what its removal would take along: ``below`` departments under it, and the posts of
    ``people``, each counted once."""

    department: DepartmentRow
    below: int
    people: int


class PersonChanges(AccountChanges, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What shall be different of somebody; a field that is left out stays."""

    alphabet: Line | UnsetType = UNSET
    employee_number: Line | UnsetType = UNSET
    post: Line | UnsetType = UNSET
    extension_number: Line | UnsetType = UNSET
    phone_number: Line | UnsetType = UNSET
    company_mobile_number: Line | UnsetType = UNSET
    personal_mobile_number: Line | UnsetType = UNSET
    mobile_number: Line | UnsetType = UNSET
    fax_number: Line | UnsetType = UNSET
    email1: Line | UnsetType = UNSET
    email2: Line | UnsetType = UNSET
    web_url: Line | UnsetType = UNSET
    comment: Line | UnsetType = UNSET
    remarks: Line | UnsetType = UNSET
    skill: Line | UnsetType = UNSET
    sort_score: Score | UnsetType | None = UNSET
    posts: Annotated[list[Held], Meta(max_length=1000)] | UnsetType = UNSET
    work_areas: Lines | UnsetType = UNSET
    home_areas: Lines | UnsetType = UNSET


class NewPerson(PersonChanges, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Somebody new. ``generate``: a first password is made, and told once; without it and ``password`` he cannot sign
    in yet."""

    password: Line = ""
    generate: bool = False


class PersonSave(Struct, forbid_unknown_fields=True):
    """The changes, and the ``rev`` of the person as one saw him: a ``conflict`` when he has changed since."""

    rev: Number
    changes: PersonChanges


class AdminPersonRow(Struct, omit_defaults=True):
    """Somebody in 管理＞ユーザ."""

    id: int
    login_id: str
    name: str
    enabled: bool
    state: PersonState
    kana: str = ""
    user_type: UserType = UserType.REGULAR_USER
    posts: list[Held] = []
    photo: str = ""
    employee_number: str = ""
    privileges: list[Privilege] = []
    talk: bool = False
    talk_log: bool = False
    anpi_login_id: str = ""


class AdminPeople(Struct):
    """A page of people; ``total`` is how many there are, of a search at most 1000. ``functions``: the options that
    the company has licences for; of others nothing is shown."""

    total: int
    from_: int = msgspec.field(name="from")
    functions: list[Literal["talk", "anpi"]] = msgspec.field(default_factory=list)
    people: list[AdminPersonRow] = msgspec.field(default_factory=list)


class AdminPerson(Struct, omit_defaults=True):
    """Somebody with every field that one may see, and in ``editable`` those that one may change."""

    id: int
    rev: int
    login_id: str
    name: str
    enabled: bool
    state: PersonState
    editable: list[str]
    kana: str = ""
    user_type: UserType = UserType.REGULAR_USER
    language: Language = "ja"
    privileges: list[Privilege] = []
    talk: bool = False
    talk_log: bool = False
    anpi_login_id: str = ""
    photo: str = ""
    sort_score: int | None = None
    posts: list[Held] = []
    alphabet: str = ""
    employee_number: str = ""
    post: str = ""
    extension_number: str = ""
    phone_number: str = ""
    company_mobile_number: str = ""
    personal_mobile_number: str = ""
    mobile_number: str = ""
    fax_number: str = ""
    email1: str = ""
    email2: str = ""
    web_url: str = ""
    comment: str = ""
    remarks: str = ""
    skill: str = ""
    work_areas: list[str] = []
    home_areas: list[str] = []


class AddedPerson(AdminPerson, omit_defaults=True):
    """Somebody who has been added, and, told this once, what he needs for the first sign-in."""

    sheet: LoginSheet | UnsetType = UNSET


class PeopleQuestion(Struct, forbid_unknown_fields=True, rename={"from_": "from"}):
    """Whom to list: found by ``text``, in a department or below it, in a state.

    ``talk``: who may talk (on), who may not (off), who may read the talk log (log); asked by who may see neither, it
    chooses nobody out.
    """

    text: Annotated[str, Meta(max_length=100)] = ""
    department: Number | None = None
    state: Literal["", "enabled", "disabled", "never", "expired"] = ""
    talk: Literal["", "on", "off", "log"] = ""
    from_: Number = 0
    limit: Annotated[int, Meta(ge=1, le=PAGE_LIMIT)] = PAGE_LIMIT


class AreasQuestion(Struct, forbid_unknown_fields=True):
    """What somebody has written for an area."""

    text: Annotated[str, Meta(max_length=100)] = ""


class AdminArea(Struct):
    """An area by its whole name, with its JMA code."""

    code: str
    name: str


class AdminAreas(Struct):
    """What a text may mean: one area, none when it is unknown, several when it may be any of them (at most 20)."""

    areas: list[AdminArea]


TEXTS = tuple(PROFILE)
"""The fields of a profile that are text, in the bodies above too."""
