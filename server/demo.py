"""The demo company 北斗精機株式会社: those of its people who can sign in; features add the rest (``Module.demo``).

Its passwords are random, made at the first run, and stand in ``var/demo.txt`` (mode 600) and nowhere else. A
company that already has people never gets it.

The passwords are on the disk, as ``var/demo.new``, before anybody has one of them; the file gets its name when all is
there. Whatever interrupts it, the next start finds the file and goes on with the same passwords.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from server.auth import actions, company, queries
from server.auth.model import Privilege, login_key, new_account, operator
from server.auth.password_rule import check_password
from server.data.transaction import Transaction
from server.ports import PeopleChanged, people_listeners
from server.readable import readable_password
from server.services import Services
from server.settings import Settings

COMPANY = "北斗精機株式会社"
DOMAIN = "example.co.jp"
"""Nobody's: the registry keeps it for examples."""
SHOWN = ("sano", "miura", "nguyen")
"""Whose sign-ins are printed: an administrator, an employee, and one who reads English."""

_ADMINISTRATOR = frozenset({Privilege.ADMIN_USER, Privilege.ADMIN_DIVISION, Privilege.ADMIN_COMPANY})
_TALK_ADMINISTRATOR = frozenset({Privilege.ADMIN_GOTALK})
_ANPI_ADMINISTRATOR = frozenset({Privilege.ADMIN_ANPI})


@dataclass(frozen=True, slots=True)
class _Person:
    name: str
    kana: str
    what: str
    language: str = "ja"
    privileges: frozenset[Privilege] = frozenset()
    talk_log: bool = False


PEOPLE: Mapping[str, _Person] = {
    "sano": _Person("佐野 遥", "サノ ハルカ", "情報システム・管理者", privileges=_ADMINISTRATOR),
    "mori": _Person("森 由美", "モリ ユミ", "総務部長・安否の管理者", privileges=_ANPI_ADMINISTRATOR),
    "hori": _Person("堀 直樹", "ホリ ナオキ", "人事・トークログ", privileges=_TALK_ADMINISTRATOR, talk_log=True),
    "ueda": _Person("上田 翔", "ウエダ ショウ", "情報システム・トークの管理者", privileges=_TALK_ADMINISTRATOR),
    "watanabe": _Person("渡邉 花子", "ワタナベ ハナコ", "第一製造課長"),
    "oishi": _Person("大石 健", "オオイシ ケン", "製造"),
    "nguyen": _Person("グエン ティ ラン", "グエン ティ ラン", "製造", language="en"),
    "miura": _Person("三浦 葵", "ミウラ アオイ", "受付"),
}
"""The directory's own demo knows them by these names (``directory/demo/cast.py``)."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """One line of ``var/demo.txt``."""

    login_id: str
    password: str
    name: str
    what: str

    def line(self) -> str:
        return "\t".join((self.login_id, self.password, self.name, self.what))


def loaded(var: Path) -> list[SignIn]:
    """The demo's sign-ins; none when it was not loaded here."""
    return _read(var / "demo.txt")


def company_name(settings: Settings) -> str:
    """The name of a company whose database knows none: what is set, or the demo's where it was loaded."""
    return settings.company or (COMPANY if loaded(settings.var) else settings.company_name)


async def load(services: Services) -> bool:
    """Load the demo company, unless there are people already. Interrupted, it goes on at the next start."""
    begun = services.settings.var / "demo.new"
    if await services.readers.ask(_has_people_of_its_own, _read(begun)):
        begun.unlink(missing_ok=True)
        return False
    sign_ins = _read(begun) or _begin(begun)
    people = await _add_people(services, sign_ins)
    for module in services.modules:
        if module.demo is not None:
            await module.demo(services, people)
    begun.rename(begun.with_suffix(".txt"))
    return True


def _has_people_of_its_own(connection: Connection, sign_ins: list[SignIn]) -> bool:
    """Whether there is anybody, and none of those whom we began to add: they come in all at once."""
    if not queries.anybody(connection):
        return False
    return not any(queries.credentials(connection, login_key(each.login_id)) for each in sign_ins)


def _begin(begun: Path) -> list[SignIn]:
    sign_ins = [_sign_in(login, person) for login, person in PEOPLE.items()]
    _write(begun, sign_ins)
    # There is nobody, so an older file speaks of a database that is gone.
    begun.with_suffix(".txt").unlink(missing_ok=True)
    return sign_ins


def shown(sign_ins: list[SignIn]) -> list[SignIn]:
    """Those that are printed at start."""
    return [sign_in for sign_in in sign_ins if sign_in.login_id.partition("@")[0] in SHOWN]


async def _add_people(services: Services, sign_ins: list[SignIn]) -> dict[str, int]:
    """Everybody, in one transaction; by the part of the login ID before the @."""
    accepted = [check_password(each.password, each.login_id, COMPANY) for each in sign_ins]
    hashes = await asyncio.gather(*(services.passwords.hash(password) for password in accepted))
    logins = [sign_in.login_id for sign_in in sign_ins]
    hashed = list(zip(logins, hashes, strict=True))
    listeners, name = people_listeners(services.ports), services.settings.company or COMPANY
    people: dict[str, int] = await services.writer.act(_add_all, hashed, listeners, name)
    await services.company.look(services.readers)
    return people


def _add_all(
    tx: Transaction, hashed: list[tuple[str, str]], listeners: tuple[PeopleChanged, ...], name: str
) -> dict[str, int]:
    company.ensure(tx, name)
    return {login_id.partition("@")[0]: _add(tx, login_id, hash, listeners) for login_id, hash in hashed}


def _add(tx: Transaction, login_id: str, hash: str, listeners: tuple[PeopleChanged, ...]) -> int:
    found = queries.credentials(tx.connection, login_key(login_id))
    if found is not None:
        return found.account.id
    person = PEOPLE[login_id.partition("@")[0]]
    new = new_account(
        login_id,
        person.name,
        person.kana,
        language=person.language,
        talk=True,
        privileges=person.privileges,
        anpi_login_id=anpi_login_id(login_id.partition("@")[0]),
        talk_log=person.talk_log,
    )
    return actions.add_account(tx, operator("demo"), new, hash, must_change=False, listeners=listeners).id


def anpi_login_id(login: str) -> str:
    """Everybody's own: an administrator of anpi has to have one (S18)."""
    return f"hk{list(PEOPLE).index(login) + 1:06}"


def _sign_in(login: str, person: _Person) -> SignIn:
    return SignIn(f"{login}@{DOMAIN}", readable_password(), person.name, person.what)


def _write(path: Path, sign_ins: list[SignIn]) -> None:
    lines = "".join(f"{sign_in.line()}\n" for sign_in in sign_ins)
    temporary = path.with_suffix(".part")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    _keep_names(path.parent)


def _keep_names(folder: Path) -> None:
    """Without it a crash may keep the people and lose the file with their passwords."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> list[SignIn]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [SignIn(*line.split("\t")) for line in lines if line.count("\t") == 3]
