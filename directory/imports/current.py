"""The company as a plan is made against it: handed to the sandbox beside the file."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw, Struct

from directory.imports.model import Cells, Options
from server.auth.rules import Counts, Licences

Derived = dict[str, Any]


class PersonNow(Struct):
    """Somebody as an export would write him, and what stands behind it."""

    id: int
    key: str
    cells: Cells
    posts: list[tuple[int, str]]
    work: list[tuple[str, str]]
    home: list[tuple[str, str]]

    def derived(self) -> Derived:
        """What an undo needs besides the cells."""
        privileges = [each for each in self.cells["PRIVILEGES"].split(";") if each]
        return {
            "_posts": self.posts,
            "_work": self.work,
            "_home": self.home,
            "_privileges": privileges,
            "_anpi_key": self.cells["ANPI_LOGIN_ID"].lower() or None,
        }


class DepartmentNow(Struct):
    """A department as an export would write it; ``people`` are account, place and title of each post."""

    id: int
    cells: Cells
    people: list[tuple[int, int, str]] = []


class PictureNow(Struct):
    """A photo that came along: its name here, or what is wrong with it (type, pixels, bytes, damage)."""

    name: str = ""
    fault: str = ""


class Company(Struct):
    """What a plan has to know besides people and departments. ``own_key``: the login key of who imports."""

    name: str = ""
    licences: Licences = Licences()
    counts: Counts = Counts()
    domains: list[str] = []
    own_key: str = ""
    hidden: list[str] = []
    remembered: dict[str, str] = {}
    options: Options = Options()
    language: str = "ja"
    """Of who imports."""
    pictures: dict[str, PictureNow] | None = None
    """What came along in the ZIP, by folded name; None when the file is no ZIP."""


class Now(Struct):
    """Everything at once. ``people`` by login key, decoded one by one: there may be a hundred thousand."""

    company: Company
    departments: dict[str, DepartmentNow] = {}
    people: dict[str, Raw] = {}
    anpi: dict[str, str] = {}
    """Anpi key → login key of whoever has it."""

    def person(self, key: str) -> PersonNow | None:
        """Somebody who is there."""
        raw = self.people.get(key)
        return None if raw is None else msgspec.msgpack.decode(raw, type=PersonNow)
