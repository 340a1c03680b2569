"""An early warning waits for its sixty seconds; a kill in the midst of them loses nothing and doubles nothing."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import time
from pathlib import Path

import httpx2

from anpi.hazard.feeds.inbound import signature
from server.clock import system_clock
from tests.tools.process import ServerProcess, free_port
from tests.tools.quakes import NOTO, Quake

SECRET = "a secret of thirty-two characters"
WAIT_SECONDS = 2
PATIENCE = 15.0


async def test_a_wait_survives_a_kill_and_starts_once(tmp_path: Path, sqlite_template: Path):
    folder = tmp_path / "var"
    folder.mkdir()
    shutil.copy(sqlite_template, folder / "renraku.db")
    ask(folder, f"UPDATE anpi_settings SET body = '{{\"early_wait_seconds\": {WAIT_SECONDS}}}'")
    server = ServerProcess(folder, free_port(), RENRAKU_HAZARD_SECRET=SECRET)
    await server.start()
    try:
        warning = Quake(system_clock, ago=8).warned({NOTO: "6-"})
        assert (await post(server, warning))["act"] == "wait"
        await server.kill()
        assert ask(folder, "SELECT state FROM anpi_events") == [("armed",)]
        await server.start()
        assert (await post(server, warning))["known"]
        async with asyncio.timeout(PATIENCE):
            while ask(folder, "SELECT state FROM anpi_events") != [("started",)]:
                await asyncio.sleep(0.1)
    finally:
        await server.kill()
    assert ask(folder, "SELECT origin, cause FROM anpi_incidents") == [("automatic", "early_warning")]
    assert ask(folder, "SELECT act FROM anpi_decisions ORDER BY id") == [("wait",), ("start",)]


async def post(server: ServerProcess, body: bytes) -> dict[str, object]:
    now = str(int(time.time()))
    headers = {"X-Renraku-Timestamp": now, "X-Renraku-Signature": signature(SECRET, now, body)}
    async with httpx2.AsyncClient(base_url=f"http://{server.host}", timeout=15) as client:
        answer = await client.post("/api/hazard/inbound", content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ask(folder: Path, statement: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(folder / "renraku.db", timeout=10)
    try:
        with connection:
            return connection.execute(statement).fetchall()
    finally:
        connection.close()
