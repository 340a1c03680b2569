"""``renraku serve`` as a process of its own, to be killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-c", "from server.cli import main; main()")
START_SECONDS = 20
PORTS = range(20_000, 32_000)


class ServerProcess:
    """A server on one folder and one port, started again and again. ``descriptors``: how many files it may open."""

    def __init__(self, folder: Path, port: int, descriptors: int | None = None, **environment: str) -> None:
        self.folder = folder
        self.port = port
        self._before = () if descriptors is None else ("sh", "-c", f'ulimit -n {descriptors}; exec "$@"', "sh")
        self.host = f"127.0.0.1:{port}"
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "RENRAKU_VAR": str(folder),
            "RENRAKU_ARGON2_MEMORY": "64",
            "RENRAKU_POSTS_PER_SECOND": "100000",
            "RENRAKU_BALLAST_MB": "0",
            # No socket of a test leaves this machine.
            "RENRAKU_OUTBOUND": "false",
            **environment,
        }
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start, and wait until it answers."""
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(*self._before, *COMMAND),
                *("serve", "--no-demo", "--port", str(self.port)),
                cwd=self.folder.parent,
                env=self._environment,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=log,
            )
        async with asyncio.timeout(START_SECONDS):
            while not await self._answers():
                assert self.process.returncode is None, self.log.read_text()[-4000:]
                await asyncio.sleep(0.02)

    @property
    def log(self) -> Path:
        """What the process said on stderr."""
        return self.folder.parent / "server.log"

    async def kill(self) -> None:
        """``kill -9``: no handler runs, nothing is flushed."""
        await self._signal(signal.SIGKILL)

    async def stop(self) -> None:
        """The orderly way."""
        await self._signal(signal.SIGTERM)

    async def failing(self) -> list[str]:
        """What ``/readyz`` says is wrong; without an answer: that there is none."""
        try:
            async with asyncio.timeout(2):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                request = f"GET /readyz HTTP/1.1\r\nHost: {self.host}\r\nConnection: close\r\n\r\n"
                writer.write(request.encode())
                said = await reader.read()
                writer.close()
        except (OSError, TimeoutError):
            return ["no answer"]
        return json.loads(said.partition(b"\r\n\r\n")[2]).get("failing", [])

    async def _signal(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(number)
            await self.process.wait()

    async def _answers(self) -> bool:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(f"GET /healthz HTTP/1.1\r\nHost: {self.host}\r\nConnection: close\r\n\r\n".encode())
            first = await reader.readline()
            writer.close()
            return b" 200 " in first
        except OSError:
            return False


def free_port() -> int:
    """A port to come back to: below those that the system gives to whoever asks for any, other workers among them."""
    while True:
        port = PORTS[secrets.randbelow(len(PORTS))]
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
