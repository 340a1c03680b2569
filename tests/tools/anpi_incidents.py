"""Administrators of the safety check in tests: people in scope, what 森 enters and presses, and what came of it."""

from __future__ import annotations

from typing import Any

import httpx2
from sqlalchemy import insert, select, update

from anpi import preparing
from anpi.sending.tables import deliveries
from anpi.tables import incidents, targets
from directory.tables import people as profiles
from directory.tables import person_areas, posts
from server.auth.model import Privilege
from server.auth.tables import accounts, audit
from server.clock import to_millis
from server.data.transaction import Transaction
from server.services import Services
from tests.tools.company import Someone, hire
from tests.tools.running import Running
from tests.tools.visitor import Visitor

PUBLIC_URL = "https://renraku.hokuto.example"
TITLE, MESSAGE = "台風12号による出社可否の確認", "{氏名}さん、出社できるか回答してください。"


async def administrator(services: Services, name: str = "mori") -> Someone:
    """森, who administers the safety check."""
    return await hire(services, name, privileges=frozenset({Privilege.ADMIN_ANPI}))


async def scope(
    services: Services, number: int, areas: dict[int, list[str]] | None = None, **given: Any
) -> list[int]:
    """So many people with an 安否ログインID and a mail address; ``areas`` by their place in the list; ``given``
    columns of their profiles."""

    def make(tx: Transaction) -> list[int]:
        first = tx.connection.execute(select(accounts.c.id).order_by(accounts.c.id.desc()).limit(1)).scalar() or 0
        names = [f"p{first + n:06d}" for n in range(number)]
        shared = {"created_at": tx.now, "talk": False}
        tx.connection.execute(
            insert(accounts),
            [
                {"login_id": name, "login_key": name, "name": f"社員 {name}", "search_key": f"社員 {name}"}
                | {"anpi_login_id": name, "anpi_key": name, **shared}
                for name in names
            ],
        )
        found = select(accounts.c.id).where(accounts.c.login_key.in_(names)).order_by(accounts.c.id)
        ids = list(tx.connection.execute(found).scalars())
        rows = [
            {"account_id": id, "rev": 1, "sort_key": f"~ {id:06d}", "email1": f"p{id}@hokuto.example"} | given
            for id in ids
        ]
        tx.connection.execute(insert(profiles), rows)
        lives = [
            {"account_id": ids[place], "kind": kind, "place": n, "area": code, "given": code}
            for place, codes in (areas or {}).items()
            for n, (kind, code) in enumerate(each.split(":") for each in codes)
        ]
        if lives:
            tx.connection.execute(insert(person_areas), lives)
        return ids

    made: list[int] = await services.writer.act(make)
    return made


async def post(services: Services, department: int, people: list[int]) -> None:
    """Their 本務."""

    def make(tx: Transaction) -> None:
        rows = [{"account_id": id, "place": 0, "department_id": department} for id in people]
        tx.connection.execute(insert(posts), rows)

    await services.writer.act(make)


class Desk:
    """管理者メニュー in 森's browser."""

    def __init__(self, server: Running, who: Someone) -> None:
        self.server = server
        self.who = who
        self.visitor = Visitor.of(server, who)
        self._keys = 0

    def key(self) -> str:
        """A new number of the client's."""
        self._keys += 1
        return f"key-{self.who.id}-{self._keys:08d}"

    async def get(self, path: str) -> Any:
        answer = await self.visitor.get(f"/api/anpi/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, **body: Any) -> httpx2.Response:
        return await self.visitor.send(f"/api/anpi/{path}", body)

    async def patch(self, path: str, **body: Any) -> httpx2.Response:
        return await self.visitor.ask("PATCH", f"/api/anpi/{path}", {"Sec-Fetch-Site": "same-origin"}, json=body)

    def wish(self, **given: Any) -> dict[str, Any]:
        """What is entered in 災害登録 when nothing is wrong with it."""
        now = to_millis(self.server.services.clock())
        return {"key": self.key(), "title": TITLE, "message": MESSAGE, "count_from": now} | given

    async def register(self, **given: Any) -> int:
        answer = await self.post("incidents", **self.wish(**given))
        assert answer.status_code == 200, answer.text
        return int(answer.json()["id"])

    async def send(self, id: int, whom: dict[str, Any], people: int | None = None, key: str = "") -> httpx2.Response:
        """Confirm the number that is told, and press ［発信］."""
        if people is None:
            counted = await self.post(f"incidents/{id}/count", whom=whom)
            assert counted.status_code == 200, counted.text
            people = counted.json()["people"]
        return await self.post(f"incidents/{id}/send", key=key or self.key(), whom=whom, people=people)

    async def sent(self, whom: dict[str, Any] | None = None, **given: Any) -> int:
        """An incident that has been sent, to everybody if nobody else is named, with all that follows."""
        id = await self.register(**given)
        answer = await self.send(id, whom or {"all": True})
        assert answer.status_code == 200, answer.text
        await preparing.prepare_all(self.server.services)
        return id

    async def complete(self, id: int, unanswered: int = 0) -> httpx2.Response:
        return await self.post(f"incidents/{id}/complete", unanswered=unanswered)


async def asked(services: Services, id: int) -> list[int]:
    """Whom the incident asks."""
    wanted = select(targets.c.account_id).where(targets.c.incident_id == id).order_by(targets.c.account_id)
    return await services.readers.ask(lambda db: list(db.execute(wanted).scalars()))


async def target(services: Services, id: int, account: int) -> Any:
    wanted = select(targets).where(targets.c.incident_id == id, targets.c.account_id == account)
    return await services.readers.ask(lambda db: db.execute(wanted).one())


async def mailed(services: Services, id: int, round: int | None = None) -> list[tuple[int, int, str]]:
    """Every mail of the incident: to whom, of which round, to which of his addresses."""
    d = deliveries.c
    wanted = select(d.account_id, d.round, d.slot).where(d.incident_id == id, d.channel == "mail")
    if round is not None:
        wanted = wanted.where(d.round == round)
    rows = await services.readers.ask(lambda db: db.execute(wanted.order_by(d.round, d.account_id, d.slot)).all())
    return [(row.account_id, row.round, row.slot) for row in rows]


async def set_row(services: Services, id: int, **values: Any) -> None:
    """Make the incident's row so."""
    changed = update(incidents).where(incidents.c.id == id).values(values)
    await services.writer.act(lambda tx: tx.connection.execute(changed))


async def answered(services: Services, id: int, *people: int, said: str = "safe") -> None:
    """These have answered."""
    t = targets.c
    values = {"answer_id": 1, "answered_at": services.clock(), "self": said}
    row = update(targets).where(t.incident_id == id, t.account_id.in_(people)).values(values)
    await services.writer.act(lambda tx: tx.connection.execute(row))


async def trail(services: Services, action: str) -> list[tuple[str, str]]:
    """Who has done this, and what became of it, as the audit tells."""
    wanted = select(audit.c.actor, audit.c.result).where(audit.c.action == action).order_by(audit.c.id)
    rows = await services.readers.ask(lambda db: db.execute(wanted).all())
    return [(row.actor, row.result) for row in rows]
