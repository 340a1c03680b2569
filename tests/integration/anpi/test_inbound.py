"""Telegrams that are brought to us: who signs is believed, everybody else hears one and the same."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from anpi import tables as anpi
from anpi.hazard.feeds import health
from anpi.hazard.feeds.inbound import signature
from anpi.hazard.tables import reports
from server.settings import WrongSettings, load
from server.work.sandbox import TooLongToRead
from tests.tools.quakes import NOTO, Quake
from tests.tools.running import Running, running, settings_for

SECRET = "a secret of thirty-two characters"
PATH = "/api/hazard/inbound"


@pytest.fixture
async def server(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Running]:
    async with running(settings_for(tmp_path / "var", sqlite_template, hazard_secret=SECRET)) as here:
        yield here


async def post(
    server: Running, body: bytes, *, secret: str = SECRET, at: str = "", **headers: str
) -> httpx2.Response:
    timestamp = at or str(int(time.time()))
    given = {"X-Renraku-Timestamp": timestamp, "X-Renraku-Signature": signature(secret, timestamp, body)}
    async with httpx2.AsyncClient(base_url=server.address, timeout=10) as client:
        return await client.post(
            PATH, content=body, headers=given | {k.replace("_", "-"): v for k, v in headers.items()}
        )


def telegram(server: Running) -> bytes:
    return Quake(server.services.clock).observed({NOTO: "6-"})


async def test_a_signed_telegram_starts_a_safety_check_and_only_once(server: Running):
    body = telegram(server)
    first, again = await post(server, body), await post(server, body)
    assert (first.status_code, first.json()["act"], first.json()["known"]) == (200, "start", False)
    assert again.json() == {"report": first.json()["report"], "known": True, "act": ""}
    incidents = await server.services.readers.ask(lambda db: list(db.execute(select(anpi.incidents))))
    assert len(incidents) == 1
    assert (await server.services.readers.ask(health.read))["inbound"].report_at is not None


async def test_whatever_is_wrong_is_one_refusal_and_changes_nothing(server: Running):
    body, now = telegram(server), int(time.time())
    wrong = [
        await post(server, body, secret="another secret of thirty-two chars"),
        await post(server, body, at=str(now - 301)),
        await post(server, body, at=str(now + 400)),
        await post(server, body, at="soon"),
        await post(server, body, at="-5"),
        await post(server, body, X_Renraku_Signature=""),
        await post(server, body, X_Renraku_Signature="sha256=" + "0" * 64),
        await post(server, body, X_Renraku_Signature=signature(SECRET, str(now), body + b" ")),
        # The same signature under a newer time.
        await post(server, body, at=str(now), X_Renraku_Timestamp=str(now + 1)),
    ]
    assert {answer.status_code for answer in wrong} == {403}
    assert {answer.text for answer in wrong} == {wrong[0].text} and wrong[0].json()["code"] == "hazard_signature"
    assert await server.services.readers.ask(lambda db: list(db.execute(select(reports)))) == []


async def test_what_is_no_telegram_is_refused_and_what_is_too_long_too(server: Running):
    assert (await post(server, b"<html></html>")).json()["code"] == "unreadable"
    assert (await post(server, b"x" * (2 * 1024 * 1024 + 1))).status_code == 413
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><Report>&a;</Report>'
    assert (await post(server, bomb)).json()["act"] == ""
    assert await server.services.readers.ask(lambda db: list(db.execute(select(anpi.incidents)))) == []


async def test_what_nobody_could_read_just_now_is_to_be_brought_again(
    server: Running, monkeypatch: pytest.MonkeyPatch
):
    body, sandbox = telegram(server), server.services.sandbox

    async def dead(*_given: Any, **_more: Any) -> Any:
        raise TooLongToRead()

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(sandbox, "run", dead)
        refused = await post(server, body)
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert (await post(server, body)).json()["act"] == "start"


async def test_without_a_secret_there_is_no_such_address(tmp_path: Path, sqlite_template: Path):
    async with running(settings_for(tmp_path / "other", sqlite_template)) as closed:
        assert (await post(closed, telegram(closed))).status_code == 404
        assert (await post(closed, telegram(closed), secret="")).status_code == 404


def test_a_short_secret_is_refused_at_start():
    with pytest.raises(WrongSettings):
        load({}, hazard_secret="short")
