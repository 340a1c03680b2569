"""Safety checks in tests: whom a check asks, his link, his page, and what is counted."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import Any

import httpx2
from sqlalchemy import insert, select, update

from anpi import events
from anpi.answers import tokens
from anpi.tables import answers, incidents, targets
from directory import status
from server.data.transaction import Transaction
from server.services import Services
from tests.tools.anpi_mailing import incident as incident
from tests.tools.running import Running


async def ask(services: Services, about: int, people: Iterable[int], **given: Any) -> None:
    """Make these people the incident's own, as a send does."""
    wanted = list(people)

    def make(tx: Transaction) -> None:
        rev = events.touched(tx, about)
        rows = [
            {"incident_id": about, "account_id": id, "send_id": 0, "asked_at": tx.now, "rev": rev} | given
            for id in wanted
        ]
        tx.connection.execute(insert(targets), rows)
        drill = tx.connection.execute(select(incidents.c.drill).where(incidents.c.id == about)).scalar_one()
        status.set_status(tx, about, dict.fromkeys(wanted, "unanswered"), tx.now, drill=bool(drill))

    await services.writer.act(make)


async def change(services: Services, about: int, **values: Any) -> None:
    """The incident is different from now on."""

    def make(tx: Transaction) -> None:
        tx.connection.execute(update(incidents).where(incidents.c.id == about).values(values))
        events.touched(tx, about)

    await services.writer.act(make)


async def complete(services: Services, about: int) -> None:
    await change(services, about, state="done", completed_at=services.clock())


async def counted(services: Services, about: int) -> dict[int, str]:
    """What counts in the incident, by account; blank: 未回答."""
    wanted = select(targets.c.account_id, targets.c.self).where(targets.c.incident_id == about)
    return {id: said for id, said in await services.readers.ask(lambda db: db.execute(wanted).all())}


async def given_answers(services: Services) -> list[Any]:
    """Every answer that is kept, in its order."""
    return await services.readers.ask(lambda db: list(db.execute(select(answers).order_by(answers.c.id))))


class Link:
    """One person's link, opened by whatever opens links."""

    def __init__(self, server: Running, about: int, account: int, via: tokens.Via = "mail") -> None:
        self.path = f"/a/{tokens.make(server.services.secrets, about, account, via)}"
        self._client = httpx2.AsyncClient(base_url=server.address, timeout=10)

    async def open(self, method: str = "GET", **headers: str) -> httpx2.Response:
        return await self._client.request(method, self.path, headers=headers)

    async def answer(self, page: httpx2.Response | None = None, /, **fields: str) -> httpx2.Response:
        """Send the page's form; a browser that hides its origin may do so too."""
        page = page or await self.open()
        return await self._client.post(self.path, data={"n": nonce_in(page), **fields}, headers={"Origin": "null"})

    async def close(self) -> None:
        await self._client.aclose()


def nonce_in(page: httpx2.Response) -> str:
    found = re.search(r'name="n" value="([^"]+)"', page.text)
    assert found is not None, "this page has no form"
    return found[1]


def text_of(page: httpx2.Response) -> str:
    """What a person reads on the page."""
    body = re.sub(r"<style>.*?</style>", "", page.text, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", " ", body))
