"""People with passwords, and a clock that tests set."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from server.auth import actions
from server.auth.model import Account, Privilege, new_account, operator
from server.auth.password_rule import Accepted
from server.auth.tables import audit
from server.clock import system_clock
from tests.tools.running import Running, running, settings_for
from tests.tools.visitor import PASSWORD

Add = Callable[..., Awaitable[Account]]


class SetClock:
    """Goes on by itself, and further when told to."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return system_clock() + self.ahead

    def forward(self, **by: float) -> None:
        self.ahead += timedelta(**by)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def server(tmp_path: Path, sqlite_template: Path, clock: SetClock) -> AsyncIterator[Running]:
    async with running(settings_for(tmp_path / "var", sqlite_template), clock) as here:
        yield here


@pytest.fixture
def add(server: Running) -> Add:
    """Add somebody who signs in with ``PASSWORD``."""

    async def added(login: str, *privileges: Privilege, must_change: bool = False, talk: bool = True) -> Account:
        services = server.services
        new = new_account(f"{login}@hokuto.example", login, talk=talk, privileges=frozenset(privileges))
        hashed = await services.passwords.hash(Accepted(PASSWORD))
        account: Account = await services.writer.act(
            actions.add_account, operator(), new, hashed, must_change=must_change
        )
        return account

    return added


@pytest.fixture
def trail(server: Running) -> Callable[[], Awaitable[list[tuple[str, str, str]]]]:
    """The audit trail as (action, target, result), the adding of people left out."""

    async def read() -> list[tuple[str, str, str]]:
        wanted = select(audit.c.action, audit.c.target, audit.c.result).where(audit.c.action != "account.add")
        found = await server.services.readers.ask(lambda db: db.execute(wanted.order_by(audit.c.id)).all())
        return [tuple(row) for row in found]

    return read
