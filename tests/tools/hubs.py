"""A hub without a network: lines that remember what was written, people who watch, events as the talk makes them."""

from __future__ import annotations

import asyncio
import json

from chat.frames import Message, Posted
from server.data.transaction import Event
from server.live.connection import Connection


class Line:
    """A transport that remembers."""

    def __init__(self):
        self.data = b""
        self.code = None

    def send_bytes(self, data):
        self.data += data

    def hang_up(self, code):
        self.code = code

    def call_soon(self, function, *args):
        asyncio.get_running_loop().call_soon(function, *args)

    @property
    def frames(self):
        found, rest = [], self.data
        while rest:
            size, start = (rest[1], 2) if rest[1] < 126 else (int.from_bytes(rest[2:4], "big"), 4)
            found.append(json.loads(rest[start : start + size]))
            rest = rest[start + size :]
        return found


def someone(hub, account, *topics, opened=True):
    line = Line()
    connection = Connection(f"c{account}", account, f"s{account}", line)
    hub.enter(connection)
    for topic in topics:
        hub.watch(connection, topic)
    if opened:
        connection.open(b"")
    return connection, line


def posted(rev, topic="channel:1", **kw):
    message = Message(seq=rev, rev=rev, sender=1, name="佐藤", at=0, text=f"{rev}", client_id="")
    return Event(topic, rev, Posted(channel=1, rev=rev, message=message), **kw)


def revs(line):
    return [frame["rev"] for frame in line.frames if frame["is"] == "message.posted"]


async def never(key, rev):
    raise AssertionError("nothing was missing")
