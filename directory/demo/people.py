"""The people of the demo company: the eight of the stories first, then as many more as are wanted.

The same count and seed give the same people, on every machine. No telephone number can ring (a local or mobile
number never begins with 0), and example.co.jp is nobody's domain.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate
from itertools import count as counting
from pathlib import Path

from directory.demo.cast import CAST, Part
from directory.demo.departments import YAIZU, Department, Site, departments
from directory.demo.romaji import SEAM, romaji

DOMAIN = "example.co.jp"
CONCURRENT_POSTS = 0.07
"""How many have a second department (兼務)."""
PHOTOS = 0.08
"""How many have a photo, besides those who lead and those of the stories."""
_FOREIGN = 0.03
_MOBILES = ("090-0", "080-0", "070-0")
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Post:
    """A department's code, and the title there."""

    department: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Area:
    """As people write it, and its JMA code."""

    given: str
    code: str


@dataclass(frozen=True, slots=True)
class Face:
    """What a photo is drawn from."""

    seed: int
    feminine: bool
    works: bool


@dataclass(frozen=True, slots=True)
class Person:
    """All that the directory keeps of somebody, in its words; without ``face`` there is no photo."""

    login_id: str
    name: str
    kana: str
    alphabet: str
    employee_number: str
    posts: tuple[Post, ...]
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
    sort_score: int | None = None
    privileges: tuple[str, ...] = ()
    talk: bool = True
    talk_log: bool = False
    anpi_login_id: str = ""
    work_areas: tuple[Area, ...] = ()
    home_areas: tuple[Area, ...] = ()
    language: str = "ja"
    face: Face | None = None
    user_type: str = "REGULAR_USER"
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class _Name:
    name: str
    kana: str
    alphabet: str
    language: str = "ja"
    feminine: bool = False


def people(count: int, seed: int = 1) -> list[Person]:
    """So many people; login IDs, e-mails, employee numbers, 安否ログインID and extensions are unique."""
    chance = random.Random(f"people {seed}")
    made = _Making(chance, departments(count), count)
    return [made.cast(part) for part in CAST[:count]] + [made.somebody() for _ in range(count - len(CAST))]


class _Making:
    """What the next person depends on."""

    def __init__(self, chance: random.Random, rows: Sequence[Department], count: int) -> None:
        self._chance = chance
        self._by_code = {row.code: row for row in rows}
        self._numbers = counting(1)
        self._logins = {part.login: 1 for part in CAST}
        self._names = _names(chance)
        self._digits = max(4, len(str(count)) + 1)
        # A head for each department that has none, and then the more people the deeper.
        led = {part.department for part in CAST if part.title == self._by_code[part.department].lead}
        self._heads = [row for row in rows if row.code not in led]
        self._weights = list(accumulate(row.level**2 for row in rows))
        self._rows = rows

    def cast(self, part: Part) -> Person:
        """Somebody whom the stories name."""
        name = _Name(part.name, part.kana, part.alphabet, part.language, part.feminine)
        department = self._by_code[part.department]
        person = self._person(name, part.login, department, part.title)
        return replace(
            person,
            privileges=part.privileges,
            talk_log=part.talk_log,
            email1=person.email1 if part.mail else "",
            phone_number=part.phone_number or person.phone_number,
            comment=part.comment,
            face=Face(int(person.employee_number), part.feminine, department.site is YAIZU),
        )

    def somebody(self) -> Person:
        leads = bool(self._heads)
        department = self._heads.pop(0) if leads else self._chance.choices(self._rows, cum_weights=self._weights)[0]
        title = department.lead if leads else self._chance.choice(_OTHER_TITLES)
        name = next(self._names)
        person = self._person(name, self._login(name), department, title)
        if self._chance.random() < CONCURRENT_POSTS:
            other = self._chance.choice([row for row in self._rows[:60] if row.code != department.code])
            person = replace(person, posts=(*person.posts, Post(other.code, self._chance.choice(_OTHER_TITLES))))
        return person

    def _person(self, name: _Name, login: str, department: Department, title: str) -> Person:
        number, chance, site = next(self._numbers), self._chance, department.site
        leads = title == department.lead
        return Person(
            login_id=f"{login}@{DOMAIN}",
            name=name.name,
            kana=name.kana,
            alphabet=name.alphabet,
            employee_number=f"{number:06}",
            posts=(Post(department.code, title),),
            post=chance.choice(_POSTS) if chance.random() < 0.2 else "",
            extension_number=str(10 ** (self._digits - 1) + number),
            phone_number=f"{site.prefix}{number % 10_000:04}",
            company_mobile_number=_mobile(chance) if leads or chance.random() < 0.4 else "",
            personal_mobile_number=_mobile(chance) if chance.random() < 0.6 else "",
            fax_number=f"{site.prefix}0001" if leads else "",
            email1=f"{login}@{DOMAIN}",
            comment=chance.choice(_COMMENTS) if chance.random() < 0.3 else "",
            skill=chance.choice(_SKILLS) if chance.random() < 0.3 else "",
            sort_score=department.level * 100 if leads else None,
            anpi_login_id=f"hk{number:06}",
            work_areas=(Area(site.area, site.area_code),),
            home_areas=(_home(chance, site),) if chance.random() < 0.9 else (),
            language=name.language,
            face=Face(number, name.feminine, site is YAIZU) if leads or chance.random() < PHOTOS else None,
        )

    def _login(self, name: _Name) -> str:
        """haruka.sano, haruka.sano2 …"""
        family, _, given = unicodedata.normalize("NFKD", name.alphabet).lower().partition(" ")
        wanted = "".join(char for char in f"{given}.{family}" if "a" <= char <= "z" or char == ".").strip(".")
        self._logins[wanted] = taken = self._logins.get(wanted, 0) + 1
        return wanted if taken == 1 else f"{wanted}{taken}"


def _names(chance: random.Random) -> Iterator[_Name]:
    """Every surname of the list with a variant kanji comes early, so that a small company has them all."""
    surnames, given = surname_list(), given_name_list()
    frequent = list(accumulate(1 / (10 + rank) for rank in range(len(surnames))))
    for surname, kana in surnames[_first_variant(surnames) :]:
        yield _japanese(surname, kana, *chance.choice(given))
    while True:
        if chance.random() < _FOREIGN:
            yield chance.choice(foreign_name_list())
        else:
            yield _japanese(*chance.choices(surnames, cum_weights=frequent)[0], *chance.choice(given))


def _japanese(surname: str, kana: str, given: str, given_kana: str, kind: str) -> _Name:
    alphabet = f"{romaji(kana).upper()} {romaji(given_kana).capitalize()}"
    return _Name(f"{surname} {given}", f"{kana} {given_kana}".replace(SEAM, ""), alphabet, feminine=kind == "f")


@cache
def surname_list() -> list[tuple[str, str]]:
    """Surnames with readings, the frequent ones first, those with variant kanji last."""
    return [(name, kana) for name, kana in _rows("surnames.tsv")]


@cache
def given_name_list() -> list[tuple[str, str, str]]:
    """Given names with readings, and whose they are: f or m."""
    return [(name, kana, kind) for name, kana, kind in _rows("given_names.tsv")]


@cache
def foreign_name_list() -> list[_Name]:
    """Whole names of people from elsewhere."""
    return [
        _Name(name, kana[0] if kana else name, alphabet, language)
        for name, alphabet, language, *kana in _rows("foreign_names.tsv")
    ]


def _first_variant(surnames: Sequence[tuple[str, str]]) -> int:
    return next(place for place, (name, _) in enumerate(surnames) if name == "髙橋")


def _rows(name: str) -> list[list[str]]:
    return [line.split("\t") for line in (_HERE / name).read_text("utf-8").splitlines()]


def _mobile(chance: random.Random) -> str:
    return f"{chance.choice(_MOBILES)}{chance.randrange(1000):03}-{chance.randrange(10_000):04}"


def _home(chance: random.Random, site: Site) -> Area:
    near = _HOMES.get(site.area, ())
    return Area(*chance.choice(near)) if near else Area(site.area, site.area_code)


_HOMES: dict[str, tuple[tuple[str, str], ...]] = {
    "東京都千代田区": (
        ("東京都世田谷区", "1311200"),
        ("東京都江東区", "1310800"),
        ("東京都三鷹市", "1320400"),
        ("埼玉県川口市", "1120300"),
        ("千葉県船橋市", "1220400"),
    ),
    "静岡県焼津市": (
        ("静岡県焼津市", "2221200"),
        ("静岡県藤枝市", "2221400"),
        ("静岡県島田市", "2220900"),
        ("静岡県静岡市駿河区", "2210200"),
        ("静岡県静岡市葵区", "2210100"),
    ),
    "北海道札幌市中央区": (("北海道札幌市豊平区", "0110500"), ("北海道江別市", "0121700")),
}
_OTHER_TITLES = ("", "", "", "", "", "主任", "主任", "副主任", "専門職")
_POSTS = ("安全衛生委員", "防火管理者", "品質推進リーダー", "環境委員", "健康づくり推進員", "広報委員")
_COMMENTS = (
    "火曜と木曜は在宅勤務です。",
    "午前中は会議が多いので、午後にご連絡ください。",
    "急ぎのときは内線へお願いします。",
    "時短勤務です（9:00～16:00）。",
    "Please write to me in English or in easy Japanese.",
    "工場にいることが多いです。携帯へどうぞ。",
)
_SKILLS = (
    "第一種衛生管理者",
    "フォークリフト運転技能講習 修了",
    "日商簿記2級",
    "英語（TOEIC 850）",
    "ベトナム語",
    "基本情報技術者",
    "危険物取扱者 乙種第4類",
    "QC検定2級",
)
