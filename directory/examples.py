"""One small world in which the directory's examples are true.

佐藤 (1) is asking, and administers departments and people; 鈴木 (2) and 伊藤 (3) are colleagues. 営業部 (1) has
営業一課 (2) below it, in which 佐藤 and 鈴木 have posts; 総務部 (3) is empty. Of 佐藤's groups, 1 has 鈴木 in it, and
2 nobody.
"""

from __future__ import annotations

from msgspec import Struct

from directory.forms import (
    AddedPerson,
    AdminArea,
    AdminAreas,
    AdminDepartment,
    AdminDepartments,
    AdminPeople,
    AdminPerson,
    AdminPersonRow,
    DepartmentBody,
    MoveBody,
    NewPerson,
    PersonChanges,
    PersonSave,
    RemoveDepartmentBody,
)
from directory.frames import (
    AddGroup,
    ChangeGroup,
    ChangeMine,
    DepartmentRow,
    Directory,
    DirectoryChanged,
    DirectoryReload,
    DirectorySince,
    Favour,
    FindInDirectory,
    Found,
    GetGroups,
    GetMine,
    GetPerson,
    GetPhotos,
    GetStatuses,
    Groups,
    Held,
    LeaveDirectory,
    ListPeople,
    Mine,
    OpenDirectory,
    OrderGroups,
    PeoplePage,
    PersonalGroup,
    PersonCard,
    PersonFound,
    PersonRow,
    PersonShown,
    PhotoRow,
    Photos,
    RemoveGroup,
    RenameGroup,
    Statuses,
    StatusRow,
    WhoseNumber,
)
from server.auth.sheets import LoginSheet

AT = 1_795_360_009_213

SALES = DepartmentRow(id=1, code="S", name="営業部", sort="000000010 営業部", sort_score=10)
TEAM = DepartmentRow(id=2, code="S-1", name="営業一課", sort="~ 営業一課", parent=1, people=2)
OFFICE = DepartmentRow(id=3, code="G", name="総務部", sort="000000020 総務部", sort_score=20)
SUZUKI = PersonRow(
    id=2,
    name="鈴木 大輔",
    sort="~ すずき だいすけ",
    rev=9,
    kana="すずき だいすけ",
    department=2,
    title="課長",
    posts=[Held(2, "課長")],
    extension_number="2201",
    phone_number="03-1234-2201",
    email1="suzuki@hokuto.example",
    talk=True,
)
ITO = PersonRow(id=3, name="伊藤 さくら", sort="~ いとう さくら", rev=4, kana="いとう さくら", talk=True)
FOUND = PersonFound(
    id=2,
    name="鈴木 大輔",
    sort="~ すずき だいすけ",
    rev=9,
    kana="すずき だいすけ",
    department=2,
    title="課長",
    posts=[Held(2, "課長")],
    phone_number="03-1234-2201",
    talk=True,
    hit="phone_number",
)
CARD = PersonCard(
    id=1,
    name="佐藤 美咲",
    sort="~ さとう みさき",
    rev=8,
    kana="さとう みさき",
    department=2,
    posts=[Held(2)],
    talk=True,
    alphabet="SATO Misaki",
    comment="見積もりの担当です",
    home_areas=["東京都"],
    login_id="sato@hokuto.example",
    may=["edit"],
)
GROUPS = [PersonalGroup(1, "見積もり", [2]), PersonalGroup(2, "花見", [])]

COMMANDS: tuple[Struct, ...] = (
    OpenDirectory(ref=41),
    DirectorySince(ref=42, rev=1),
    LeaveDirectory(ref=43),
    ListPeople(ref=44),
    ListPeople(ref=45, department=1, below=True, from_=0, limit=50),
    ListPeople(ref=46, group=1),
    ListPeople(ref=47, favourites=True),
    FindInDirectory(ref=48, text="すずき 2201"),
    GetPerson(ref=49, id=2),
    WhoseNumber(ref=60, number="+81-3-1234-2201"),
    GetGroups(ref=50),
    AddGroup(ref=51, name="花見"),
    RenameGroup(ref=52, group=1, name="見積もり（春）"),
    ChangeGroup(ref=53, group=1, add=[3], remove=[2]),
    OrderGroups(ref=54, groups=[2, 1]),
    RemoveGroup(ref=55, group=2),
    Favour(ref=56, person=2, on=True),
    GetMine(ref=57),
    ChangeMine(ref=58, changes={"comment": "見積もりの担当です", "mobile_number": "080-1234-5678"}),
    GetStatuses(ref=59, people=[2, 3]),
    GetPhotos(ref=61, people=[2, 3]),
)
ANSWERS: tuple[Struct, ...] = (
    Directory(
        ref=41,
        rev=9,
        departments=[SALES, TEAM, OFFICE],
        phone_scheme="tel:",
        hidden=["personal_mobile_number", "home_areas"],
        restricted=["personal_mobile_number", "home_areas"],
    ),
    PeoplePage(ref=44, rev=9, total=3, from_=0, people=[ITO, SUZUKI]),
    Found(ref=48, total=1, from_=0, people=[FOUND]),
    PersonShown(ref=49, person=CARD),
    Groups(ref=50, groups=GROUPS, favourites=[2]),
    Mine(ref=57, person=CARD, editable=["comment", "mobile_number"]),
    Statuses(ref=59, rev=1, rows=[StatusRow(id=2, state="safe", since=AT, incident=1)]),
    Photos(ref=61, photos=[PhotoRow(id=2, photo="9f" * 32)]),
    DirectoryChanged(ref=42, since=1, rev=9, people=[SUZUKI], departments=[SALES, TEAM, OFFICE]),
)
EVENTS: tuple[Struct, ...] = (
    DirectoryChanged(since=9, rev=10, people=[SUZUKI], gone=[9], departments=[TEAM], departments_gone=[4]),
    DirectoryReload(since=10, rev=11, parts=["people", "departments"], within_ms=3000),
    Groups(groups=GROUPS, favourites=[2]),
    Statuses(from_=1, rev=2, rows=[StatusRow(id=2), StatusRow(id=3, state="none", since=AT, incident=1, drill=True)]),
)
PERSON = AdminPerson(
    id=2,
    rev=9,
    login_id="suzuki@hokuto.example",
    name="鈴木 大輔",
    enabled=True,
    state="never",
    editable=["comment", "name", "posts", "talk"],
    kana="すずき だいすけ",
    posts=[Held(2, "課長")],
    talk=True,
    phone_number="03-1234-2201",
)
BODIES: tuple[Struct, ...] = (
    AdminDepartments(9, [SALES, TEAM, OFFICE]),
    AdminDepartment(SALES, below=1, people=2),
    DepartmentBody(code="S-2", name="営業二課", parent=1),
    SALES,
    MoveBody(parent=1),
    RemoveDepartmentBody(people=2),
    AdminAreas([AdminArea("2221200", "静岡県焼津市")]),
    AdminPeople(
        total=1,
        from_=0,
        functions=["talk", "anpi"],
        people=[
            AdminPersonRow(
                id=2, login_id="suzuki@hokuto.example", name="鈴木 大輔", enabled=True, state="never", talk=True
            )
        ],
    ),
    PERSON,
    NewPerson(login_id="kato@hokuto.example", name="加藤 翔", kana="かとう しょう", posts=[Held(2)], generate=True),
    AddedPerson(
        id=4,
        rev=12,
        login_id="kato@hokuto.example",
        name="加藤 翔",
        enabled=True,
        state="never",
        editable=["name"],
        sheet=LoginSheet(
            id=4, company="北斗商事", name="加藤 翔", login_id="kato@hokuto.example", password="k3mp-x7wq-9trd"
        ),
    ),
    PersonSave(rev=9, changes=PersonChanges(phone_number="03-1234-2202", posts=[Held(2, "部長")])),
)
EXAMPLES = (*COMMANDS, *ANSWERS, *EVENTS, *BODIES)
