"""A directory for tests: departments and people made through the actions, and what a client holds of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from directory import departments, people, queries
from directory.departments import DepartmentWish
from directory.model import Post
from directory.people import ProfileWish
from directory.placing import resolved
from server.auth.changing import AccountChanges
from server.auth.model import Actor, operator
from server.data.transaction import Transaction
from server.ports import people_listeners
from server.services import Services
from tests.tools.client import Client
from tests.tools.company import Someone
from tests.tools.running import Running

Frame = dict[str, Any]


async def found(services: Services, code: str, parent: int | None = None, name: str = "", **texts: str) -> int:
    """A new department."""
    wish = DepartmentWish({"code": code, "name": name or code, **texts})
    return int(await services.writer.act(departments.add, operator(), wish, parent))


async def give(
    services: Services, person: int, *posts: tuple[int, str], actor: Actor | None = None, **texts: Any
) -> None:
    """These posts (if any are named) and fields, as somebody who saw him a moment ago."""
    changes = {name: texts.pop(name) for name in list(texts) if name in AccountChanges.__struct_fields__}
    areas = {name: resolved(name, texts.pop(name)) for name in list(texts) if name.endswith("_areas")}
    scored = "sort_score" in texts
    score = texts.pop("sort_score", None)
    held = [Post(*post) for post in posts] if posts else None
    wish = ProfileWish(texts=texts, posts=held, sort_score=score, scored=scored, areas=areas)

    def save(tx: Transaction) -> None:
        from_rev = people._there(tx, person).rev
        listeners = people_listeners(services.ports)
        people.save(tx, actor or operator(), person, from_rev, AccountChanges(**changes), wish, listeners)

    await services.writer.act(save)


@dataclass
class DirectoryMirror:
    """Departments and people after a snapshot and the events since: a plain reading of docs/protocol.md."""

    rev: int = 0
    departments: dict[int, Frame] = field(default_factory=dict)
    people: dict[int, Frame] = field(default_factory=dict)
    stale: bool = False

    async def open(self, client: Client) -> None:
        """Begin, or begin anew."""
        told = await client.ask("directory")
        self.rev = told["rev"]
        self.departments = {row["id"]: row for row in told["departments"]}
        self.people = {row["id"]: row for row in await everybody(client)}
        self.stale = False

    def apply(self, frame: Frame) -> None:
        if frame["is"] not in ("directory.changed", "directory.reload") or frame["rev"] <= self.rev:
            return
        assert frame["since"] <= self.rev, "an event was lost"
        self.rev = frame["rev"]
        self.stale |= frame["is"] == "directory.reload"
        self.departments |= {row["id"]: row for row in frame.get("departments", [])}
        self.people |= {row["id"]: row for row in frame.get("people", [])}
        for gone in frame.get("departments_gone", []):
            self.departments.pop(gone, None)
        for gone in frame.get("gone", []):
            self.people.pop(gone, None)

    @property
    def order(self) -> list[int]:
        return sorted(self.people, key=lambda id: (self.people[id]["sort"], id))


async def everybody(client: Client) -> list[Frame]:
    """All people, page by page."""
    rows: list[Frame] = []
    while True:
        page = await client.ask("directory.people", **{"from": len(rows), "limit": 7})
        rows += page["people"]
        if len(rows) >= page["total"] or not page["people"]:
            return rows


async def opened(server: Running, someone: Someone) -> tuple[Client, DirectoryMirror]:
    """Somebody who has the directory on his screen."""
    client, mirror = await server.connect(someone.token), DirectoryMirror()
    await mirror.open(client)
    return client, mirror


async def caught_up(services: Services, client: Client, mirror: DirectoryMirror) -> None:
    """Apply events until the newest number is reached."""
    head = await services.readers.ask(queries.rev)
    while mirror.rev < head:
        mirror.apply(await client.events.get())
