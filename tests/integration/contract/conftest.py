"""The world in which the examples of the documents are true (``chat/examples.py``), at their moment."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from server.auth import actions
from server.auth.model import new_account, operator
from server.auth.password_rule import Accepted
from server.auth.tables import sessions
from server.clock import from_millis, system_clock
from server.contract.examples import AT
from server.data.transaction import Transaction
from tests.tools.company import sign_in
from tests.tools.running import Running, running, settings_for
from tests.tools.stranger import Stranger
from tests.tools.visitor import PASSWORD

PEOPLE = {
    "sato": ("佐藤 美咲", "さとう みさき"),
    "suzuki": ("鈴木 大輔", "すずき だいすけ"),
    "ito": ("伊藤 さくら", "いとう さくら"),
}
OTHER_SESSION = "kq3ZVx0aB7Ye"
AHEAD = from_millis(AT) - system_clock()


def then() -> datetime:
    """The clock of the examples: it goes on by itself."""
    return system_clock() + AHEAD


@pytest.fixture
async def server(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Running]:
    async with running(settings_for(tmp_path / "var", sqlite_template), then) as here:
        yield here


@pytest.fixture
async def people(server: Running) -> None:
    """1 佐藤, 2 鈴木 and 3 伊藤; 佐藤 is signed in elsewhere too."""
    services = server.services
    for login, (name, kana) in PEOPLE.items():
        hashed = await services.passwords.hash(Accepted(PASSWORD))
        new = new_account(f"{login}@hokuto.example", name, kana, talk=True)
        await services.writer.act(actions.add_account, operator(), new, hashed, must_change=False)
    token = await sign_in(services, 1)

    def call_it(tx: Transaction) -> Any:
        renamed = update(sessions).where(sessions.c.public_id == token[:12]).values(public_id=OTHER_SESSION)
        return tx.connection.execute(renamed).rowcount

    assert await services.writer.act(call_it) == 1


@pytest.fixture
async def sato(server: Running, people: None) -> AsyncIterator[Stranger]:
    """Signed in, and not yet on the line; what he finds missing in the documents fails the test."""
    stranger = await Stranger.arrive(server.address)
    await stranger.sign_in("sato@hokuto.example", PASSWORD)
    yield stranger
    await stranger.leave()
