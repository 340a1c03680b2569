"""Somebody who has read the two documents of the server and nothing else: nothing of ours is imported here.

He is told an address, a login ID and a password. Where the socket is, which cookie it wants, what may be said and
what answers it, he looks up; the rules by which he keeps his timelines are those in the documents' words. He is
strict: a frame or a field that the documents do not name is a ``Gap`` in them.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

import httpx2
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.tools.promises import Gap, HttpDocument, SocketDocument

PATIENCE = 5.0
HASTE = 0.02
"""What a second of waiting takes here: nobody else comes back at the same moment."""

Frame = dict[str, Any]


class Refused(Exception):
    """An answer of ``error``."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.code: str = frame["code"]
        super().__init__(f"{self.code}: {frame['message']}")


# ---------------------------------------------------------------- what he holds


@dataclass
class Timeline:
    """A channel's messages and members, as of ``rev``."""

    rev: int
    messages: dict[int, Frame] = field(default_factory=dict)
    members: dict[int, Frame] = field(default_factory=dict)

    def take(self, messages: list[Frame], members: list[Frame]) -> None:
        for message in messages:
            keep(self.messages, message["seq"], message)
        for member in members:
            keep(self.members, member["id"], member)
            if member.get("left"):
                self.members.pop(member["id"], None)


def keep(rows: dict[int, Frame], key: int, row: Frame) -> None:
    """Never a row with a smaller ``rev`` in place of one with a greater."""
    if key not in rows or rows[key]["rev"] <= row["rev"]:
        rows[key] = row


class Stranger:
    """One device of one person."""

    def __init__(self, address: str, socket: SocketDocument, http: HttpDocument, client: httpx2.AsyncClient) -> None:
        self.address, self.socket, self.http = address, socket, http
        self.rooms: dict[int, Frame] = {}
        self.timelines: dict[int, Timeline] = {}
        self.heard: list[Frame] = []
        self.unacked: dict[str, Frame] = {}
        self.problems: list[Gap] = []
        self.me = 0
        self._client = client
        self._cookie = ""
        self._line: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._refs = 0
        self._asked: dict[int, tuple[Frame, asyncio.Future[Frame]]] = {}
        self._retry: float | None = None
        self._moved = asyncio.Event()

    @classmethod
    async def arrive(cls, address: str) -> Stranger:
        """Read the documents."""
        client = httpx2.AsyncClient(base_url=address, timeout=PATIENCE)
        socket = (await client.get("/api/asyncapi.json")).json()
        http = (await client.get("/api/openapi.json")).json()
        return cls(address, SocketDocument(socket), HttpDocument(http), client)

    def at(self, address: str) -> Stranger:
        """The same person with what he knows and holds, where a copy of his server answers."""
        client = httpx2.AsyncClient(base_url=address, timeout=PATIENCE)
        twin = Stranger(address, self.socket, self.http, client)
        twin._cookie, twin.me = self._cookie, self.me
        twin.rooms, twin.timelines = copy.deepcopy((self.rooms, self.timelines))
        return twin

    # ------------------------------------------------------------ over HTTP

    async def sign_in(self, login_id: str, password: str) -> None:
        answer = await self.request("signIn", {"login_id": login_id, "password": password})
        assert answer.is_redirect, answer.text
        kept = [morsel for line in answer.headers.get_list("set-cookie") for morsel in SimpleCookie(line).values()]
        (session,) = [morsel for morsel in kept if morsel.key == self.socket.cookie]
        self._cookie = f"{session.key}={session.value}"

    async def ask_http(self, id: str, value: Any = None) -> Any:
        """The JSON that answers an operation."""
        return (await self.request(id, value)).json()

    async def request(self, id: str, value: Any = None, /, **places: Any) -> httpx2.Response:
        """Ask as the document says, with its examples in the path where ``places`` has none, and see that it is
        answered so. Bytes are sent as they are."""
        method, path, operation = self.http.operation(id)
        for each in operation.get("parameters", ()):
            path = path.replace(f"{{{each['name']}}}", str(places.get(each["name"], each.get("example"))))
        sent: dict[str, Any] = {}
        for media, content in operation.get("requestBody", {"content": {}})["content"].items():
            if isinstance(value, bytes):
                sent = {"content": value}
                continue
            self.http.check(content["schema"], value)
            sent = {"json" if media == "application/json" else "data": value}
        parameters = operation.get("parameters", ())
        asked = {each["name"]: each["example"] for each in parameters if each["in"] == "header" and "example" in each}
        names = [each["name"] for each in parameters if each["in"] == "query" and each["name"] in places]
        sent |= {"params": {name: places[name] for name in names}} if names else {}
        headers = {**asked, "Origin": self.address, **({"Cookie": self._cookie} if self._cookie else {})}
        answer = await self._client.request(method, path, headers=headers, **sent)
        self.http.check_answer(operation, answer)
        return answer

    # ------------------------------------------------------------ coming and going

    async def connect(self) -> Frame:
        """Open the line and say hello with what is held; what had no ack is said again."""
        await self.open_line()
        have = {str(channel): held.rev for channel, held in self.timelines.items()}
        welcome = await self.say("hello", have=have)
        for message in list(self.unacked.values()):
            await self.say("post", **message)
        return welcome

    async def open_line(self) -> None:
        headers = {"Cookie": self._cookie, **self.socket.headers(self.address)}
        origin = headers.pop("Origin", None)
        url = self.socket.url(self.address)
        self._line = await connect(
            url, origin=origin, additional_headers=headers, compression=None, proxy=None, max_size=None
        )
        self._reader = asyncio.create_task(self._read(self._line), name="stranger")

    async def cut(self) -> None:
        """Lose the line, as in a tunnel."""
        assert self._line and self._reader
        self._line.transport.abort()
        await self._reader

    async def come_back(self, attempt: int = 0) -> Frame:
        wait = random.uniform(0, min(30.0, 0.5 * 2**attempt)) if self._retry is None else self._retry
        self._retry = None
        await asyncio.sleep(wait * HASTE)
        return await self.connect()

    async def leave(self) -> None:
        """Go, and show what was found missing in the documents."""
        if self._line and self._reader:
            await self._line.close()
            await self._reader
        await self._client.aclose()
        if self.problems:
            raise self.problems[0]

    # ------------------------------------------------------------ asking

    async def say(self, do: str, **fields: Any) -> Frame:
        """The answer to a command; an ``error`` is raised."""
        async with asyncio.timeout(PATIENCE):
            answer = await (await self.send(do, **fields))
        if answer["is"] == "error":
            raise Refused(answer)
        return answer

    async def send(self, do: str, **fields: Any) -> asyncio.Future[Frame]:
        """Say it without waiting for the answer."""
        self._refs += 1
        return await self.send_exactly({"do": do, "ref": self._refs, **fields})

    async def send_exactly(self, command: Frame) -> asyncio.Future[Frame]:
        """A whole command, such as an example of the document."""
        assert self._line
        if command["do"] not in self.socket.commands:
            raise Gap(f"there is no command {command['do']}")
        self.socket.check(self.socket.commands[command["do"]]["payload"], command)
        waiting: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._asked[command["ref"]] = command, waiting
        await self._line.send(json.dumps(command, ensure_ascii=False))
        return waiting

    async def post(self, channel: int, text: str) -> Frame:
        return await self.say("post", **self.write(channel, text))

    def write(self, channel: int, text: str) -> Frame:
        """A message with a name of its own, kept until its ack."""
        message = {"channel": channel, "client_id": str(uuid.uuid4()), "text": text}
        self.unacked[message["client_id"]] = message
        return message

    async def open(self, channel: int) -> Timeline:
        """Begin a timeline: the newest page, all before it, and the members."""
        page = await self.say("history", channel=channel)
        while page["before"]:
            page = await self.say("history", channel=channel, before=page["messages"][0]["seq"])
        await self.say("room.members", channel=channel)
        await self.settle()
        return self.timelines[channel]

    async def until(self, true: Callable[[], bool]) -> None:
        """Until something heard makes it true, or for as long as patience lasts."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while not true():
                    self._moved.clear()
                    await self._moved.wait()

    async def settle(self) -> None:
        """Until nothing that was asked is without an answer."""
        async with asyncio.timeout(PATIENCE):
            await self.say("ping")
            while waiting := [answer for _, answer in self._asked.values()]:
                await asyncio.wait(waiting)

    # ------------------------------------------------------------ hearing

    async def _read(self, line: ClientConnection) -> None:
        try:
            async for text in line:
                frame = json.loads(text)
                try:
                    await self._hear(frame)
                except Gap as problem:
                    self.problems.append(problem)
                    self._fail(frame.get("ref", -1), problem)
        except ConnectionClosed:
            pass
        finally:
            for ref in list(self._asked):
                self._fail(ref, ConnectionError("the line is lost"))

    def _fail(self, ref: int, problem: Exception) -> None:
        """Whoever waits for this answer will not get it."""
        _, waiting = self._asked.pop(ref, (None, None))
        if waiting is not None and not waiting.done():
            waiting.set_exception(problem)
            # Whoever has gone does not ask any more.
            waiting.exception()

    async def _hear(self, frame: Frame) -> None:
        """The document decides whether this frame may come now; the rules, what it changes."""
        asked = self._asked.get(frame.get("ref", -1))
        known = self.socket.answers[asked[0]["do"]] if asked else self.socket.events
        if frame["is"] not in known:
            raise Gap(f"{frame} was not to be expected{f' as an answer to {asked[0]}' if asked else ''}")
        self.socket.check(known[frame["is"]]["payload"], frame)
        await self._apply(frame, asked[0] if asked else {})
        self._moved.set()
        if asked is None:
            return self.heard.append(frame)
        del self._asked[frame["ref"]]
        if not asked[1].done():
            asked[1].set_result(frame)
        return None

    async def _apply(self, frame: Frame, command: Frame) -> None:
        match frame["is"]:
            case "welcome":
                self.me = frame["me"]["id"]
                self.rooms = {room["id"]: room for room in frame["rooms"]}
                self.timelines = {key: held for key, held in self.timelines.items() if key in self.rooms}
            case "rooms":
                held, self.rooms = self.rooms, {room["id"]: room for room in frame["rooms"]}
                for key, room in held.items():
                    if key in self.rooms:
                        keep(self.rooms, key, room)
            case "room" | "room.added":
                keep(self.rooms, frame["room"]["id"], frame["room"])
            case "room.removed":
                self.rooms.pop(frame["channel"], None)
                self.timelines.pop(frame["channel"], None)
            case "marked":
                self._has_read(frame["channel"], frame["seq"])
            case "ack":
                self.unacked.pop(command["client_id"], None)
                self._has_read(frame["channel"], frame["seq"])
            case "page" | "members":
                await self._turn(frame)
            case "changes" | "reset":
                await self._catch_up(frame)
            case "heads":
                await self._compare(frame["revs"])
            case "bye":
                self._retry = frame["retry_ms"] / 1000 if "retry_ms" in frame else None
            case _ if "channel" in frame and "rev" in frame:
                await self._event(frame)

    async def _turn(self, frame: Frame) -> None:
        """A page, or the members: as of a moment that may lie before or after what is held."""
        channel = frame["channel"]
        held = self.timelines.setdefault(channel, Timeline(frame["rev"]))
        held.take(frame.get("messages", []), frame.get("members", []))
        if frame["rev"] < held.rev:
            held.rev = frame["rev"]
            await self.send("since", channel=channel, rev=held.rev)

    async def _catch_up(self, frame: Frame) -> None:
        channel = frame["channel"]
        if "room" in frame:
            self.rooms[channel] = frame["room"]
        held = self.timelines.get(channel)
        if held is None:
            return
        if frame["is"] == "reset":
            held = self.timelines[channel] = Timeline(frame["rev"])
            await self.send("room.members", channel=channel)
        elif frame["since"] > held.rev:
            await self.send("since", channel=channel, rev=held.rev)
            return
        held.take(frame["messages"], frame.get("members", []))
        held.rev = max(held.rev, frame["rev"])

    async def _compare(self, revs: dict[str, int]) -> None:
        for topic, rev in revs.items():
            channel = int(topic.removeprefix("channel:"))
            held = self.timelines.get(channel)
            if held is not None and held.rev < rev:
                await self.send("since", channel=channel, rev=held.rev)
            elif held is None and channel in self.rooms and self.rooms[channel]["rev"] < rev:
                await self.send("rooms")

    async def _event(self, frame: Frame) -> None:
        channel, rev = frame["channel"], frame["rev"]
        self._change_room(frame)
        held = self.timelines.get(channel)
        if held is None or rev <= held.rev:
            return
        if rev > held.rev + 1:
            await self.send("since", channel=channel, rev=held.rev)
            return
        held.take(*([frame[name]] if name in frame else [] for name in ("message", "member")))
        held.rev = rev

    def _change_room(self, frame: Frame) -> None:
        room = self.rooms.get(frame["channel"])
        if room is None or frame["rev"] <= room["rev"]:
            return
        room["rev"] = frame["rev"]
        room.update({name: frame[name] for name in ("members", "name") if name in frame})
        message, member = frame.get("message"), frame.get("member")
        if message and message["seq"] >= room["seq"]:
            room["seq"], room["last"] = message["seq"], message
        if message and frame["is"] == "message.posted" and message["sender"] == self.me:
            self._has_read(room["id"], message["seq"])
        if member and frame["is"] == "member.changed" and member["id"] == self.me:
            room["owner"] = member.get("owner", False)

    def _has_read(self, channel: int, seq: int) -> None:
        if room := self.rooms.get(channel):
            room["read"] = max(room["read"], seq)
