"""A client for tests: plain ``websockets`` and JSON, nothing of ours, with the words that tests speak."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

PATIENCE = 5.0


class Refused(Exception):
    """The server answered with an error frame."""

    def __init__(self, frame: dict[str, Any]) -> None:
        self.code = frame["code"]
        self.frame = frame
        super().__init__(f"{self.code}: {frame['message']}")


class Client:
    """One socket. Answers are found by ``ref``; events wait in the order in which they came."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.heard: list[dict[str, Any]] = []
        self.welcome: dict[str, Any] = {}
        self.close_code: int | None = None
        self.closed = asyncio.Event()
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._ref = 0
        self._reader = asyncio.create_task(self._read(), name="test client")

    @classmethod
    async def connect(cls, host: str, token: str, origin: str | None = None) -> Client:
        socket = await connect(
            f"ws://{host}/socket",
            origin=origin or f"http://{host}",
            additional_headers={"Cookie": f"__Host-session={token}"},
            compression=None,
            proxy=None,
            ping_interval=None,
            max_size=None,
        )
        return cls(socket)

    async def hello(self, have: dict[str, int] | None = None) -> dict[str, Any]:
        self.welcome = await self.ask("hello", have=have or {})
        return self.welcome

    async def ask(self, do: str, **fields: Any) -> dict[str, Any]:
        """The answer to a command; an error frame is raised as ``Refused``."""
        return await self.answer_to(await self.say(do, **fields))

    async def say(self, do: str, **fields: Any) -> int:
        """Send a command without waiting; returns its ``ref``."""
        self._ref += 1
        self._answers[self._ref] = asyncio.get_running_loop().create_future()
        await self.socket.send(json.dumps({"do": do, "ref": self._ref, **fields}))
        return self._ref

    async def answer_to(self, ref: int) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            frame = await self._answers[ref]
        del self._answers[ref]
        if frame["is"] == "error":
            raise Refused(frame)
        return frame

    async def post(self, channel: int, text: str, client_id: str | None = None) -> dict[str, Any]:
        return await self.ask("post", channel=channel, text=text, client_id=client_id or str(uuid.uuid4()))

    async def expect(self, kind: str, **fields: Any) -> dict[str, Any]:
        """The next event, which must be of this kind and have these fields."""
        async with asyncio.timeout(PATIENCE):
            event = await self.events.get()
        assert event["is"] == kind, event
        for name, value in fields.items():
            assert event.get(name) == value, event
        return event

    async def expect_silence(self) -> None:
        """Nothing else was said to this client: something it must hear is asked for, and comes first."""
        await self.ask("ping")
        assert self.events.empty(), self.events.get_nowait()

    async def expect_close(self, code: int) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.closed.wait()
        assert self.close_code == code, self.close_code

    async def close(self) -> None:
        await self.socket.close()
        await self._reader

    async def _read(self) -> None:
        try:
            async for text in self.socket:
                self._take(json.loads(text))
        except ConnectionClosed:
            pass
        self.close_code = self.socket.close_code
        self.closed.set()
        for waiting in self._answers.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError(f"closed with {self.close_code}"))
                # Whoever has gone does not ask any more.
                waiting.exception()

    def _take(self, frame: dict[str, Any]) -> None:
        waiting = self._answers.get(frame.get("ref", -1))
        if waiting is not None and not waiting.done():
            return waiting.set_result(frame)
        self.heard.append(frame)
        return self.events.put_nowait(frame)
