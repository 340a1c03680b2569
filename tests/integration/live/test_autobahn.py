"""The Autobahn|Testsuite against our WebSocket protocol: nowhere worse than uvicorn's own, which it is made of.

The suite runs on Python 2.7 only, so it is a program of its own; without it this is skipped, in CI too.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from server import run
from server.live.frames import CloseCode
from server.live.protocol import EXTENSION, TalkProtocol
from server.live.wire import text_frame

INSTALL = (
    "python2.7 -m pip install --target boot 'virtualenv<20.22' && PYTHONPATH=boot python2.7 -m virtualenv autobahn "
    "&& autobahn/bin/pip install autobahntestsuite==25.10.1 && export WSTEST=$PWD/autobahn/bin/wstest"
)
CASES = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*"]
"""Not 9 (how fast large messages are: ours end at 64 KiB), nor 12 and 13 (compression, which is off)."""
LIMIT_SECONDS = 300

BINARY = {f"1.2.{number}" for number in range(1, 9)}
"""Binary messages. By our rule (docs/protocol.md) they end the line with 1003, which the suite calls a failure."""
BY_CHANCE = {"3.4", "4.1.5", "4.2.5"}
"""A good message, then a broken frame, octet by octet: when both come in one read, uvicorn's protocol (and so ours)
sees the broken one first and does not answer the good one. That is allowed (NON-STRICT), and either may be so."""

RANKS = {
    "OK": 0,
    "INFORMATIONAL": 0,
    "NON-STRICT": 1,
    "UNIMPLEMENTED": 2,
    "WRONG CODE": 2,
    "UNCLEAN": 3,
    "FAILED BY CLIENT": 3,
    "FAILED": 3,
}


# ---------------------------------------------------------------- the two that answer


async def uvicorns_echo(scope, receive, send) -> None:
    """What uvicorn's protocol is asked to do: say everything again."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        said = {"text": message["text"]} if message.get("text") is not None else {"bytes": message["bytes"]}
        await send({"type": "websocket.send", **said})


async def our_echo(scope, receive, send) -> None:
    """The same through a listener that takes the line over, as every conversation does."""
    await receive()
    await send({"type": "websocket.accept"})
    line = scope["extensions"][EXTENSION]
    line.take_over(Echo(line))


class Echo:
    """Says every text again; what is no text ends the line with the code that a conversation would give."""

    def __init__(self, line: TalkProtocol) -> None:
        self.line = line

    def receive(self, data: bytes) -> None:
        try:
            data.decode()
        except UnicodeDecodeError:
            return self.line.hang_up(CloseCode.BAD_UTF8)
        return self.line.send_bytes(text_frame(data))

    def slowed(self) -> None:
        """The suite reads all it is sent."""

    def drained(self) -> None:
        """Nothing was held back."""

    def lost(self) -> None:
        """Nobody waits for it."""


@contextlib.asynccontextmanager
async def answering(app, protocol) -> AsyncIterator[str]:
    """A server with the limits of production; its address."""
    config = uvicorn.Config(
        app,
        ws=protocol,
        ws_max_size=run.MESSAGE_BYTES,
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        lifespan="off",
    )
    listener = run.listen("127.0.0.1", 0)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve([listener]), name="echo")
    try:
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


# ---------------------------------------------------------------- the suite


@dataclass(frozen=True)
class Verdict:
    """What the suite says of one case: how it was answered, and how the line was closed."""

    behavior: str
    close: str
    code: int | None

    def is_worse_than(self, other: Verdict) -> bool:
        return RANKS[self.behavior] > RANKS[other.behavior] or RANKS[self.close] > RANKS[other.close]


ALLOWED = Verdict("NON-STRICT", "OK", None)


async def verdicts(program: str, folder: Path, servers: dict[str, str]) -> dict[str, dict[str, Verdict]]:
    """By server, then by case."""
    spec = {
        "outdir": str(folder / "reports"),
        "servers": [{"agent": agent, "url": url} for agent, url in servers.items()],
        "cases": CASES,
        "exclude-cases": [],
        "exclude-agent-cases": {},
    }
    (folder / "spec.json").write_text(json.dumps(spec))
    with (folder / "log").open("wb") as log:
        suite = await asyncio.create_subprocess_exec(
            program, "-m", "fuzzingclient", "-s", str(folder / "spec.json"), cwd=folder, stdout=log, stderr=log
        )
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            ended = await suite.wait()
    finally:
        if suite.returncode is None:
            suite.kill()
            await suite.wait()
    assert ended == 0, (folder / "log").read_text()[-2000:]
    index = json.loads((folder / "reports" / "index.json").read_text())
    return {agent: {case: _verdict(said) for case, said in cases.items()} for agent, cases in index.items()}


def _verdict(said: dict[str, Any]) -> Verdict:
    return Verdict(said["behavior"], said["behaviorClose"], said["remoteCloseCode"])


@pytest.fixture
def program() -> str:
    found = os.environ.get("WSTEST") or shutil.which("wstest")
    if not found:
        pytest.skip(f"Autobahn's wstest not found: {INSTALL}")
    return found


@pytest.fixture
def quiet(caplog) -> None:
    """uvicorn's protocol writes a traceback for every broken text."""
    caplog.set_level(logging.CRITICAL, "uvicorn.error")


@pytest.mark.long
@pytest.mark.usefixtures("quiet")
async def test_ours_is_as_clean_as_uvicorns_own(program, tmp_path):
    async with (
        answering(uvicorns_echo, "websockets-sansio") as uvicorns,
        answering(our_echo, TalkProtocol) as ours,
    ):
        said = await verdicts(program, tmp_path, {"uvicorn": uvicorns, "renraku": ours})

    for agent, cases in said.items():
        # For docs/reliability.md: ./test --long -rP tests/integration/live/test_autobahn.py
        print(agent, dict(Counter(verdict.behavior for verdict in cases.values())))
    theirs, ours = said["uvicorn"], said["renraku"]
    assert len(ours) > 240 and ours.keys() == theirs.keys(), "this test needs all cases to have been run"
    assert {case: ours[case].code for case in BINARY} == dict.fromkeys(BINARY, CloseCode.NOT_TEXT)
    bars = {case: ALLOWED if case in BY_CHANCE else theirs[case] for case in ours.keys() - BINARY}
    assert {case: ours[case] for case, bar in bars.items() if ours[case].is_worse_than(bar)} == {}
