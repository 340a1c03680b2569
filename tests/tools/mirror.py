"""What a client holds, kept up by frames alone: a plain reading of docs/protocol.md."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.tools.client import Client

Frame = dict[str, Any]


@dataclass
class Timeline:
    """A channel's messages and members, as far as they are held, up to ``rev``."""

    rev: int
    messages: dict[int, Frame] = field(default_factory=dict)
    members: dict[int, Frame] = field(default_factory=dict)

    def take(self, message: Frame) -> None:
        self.messages[message["seq"]] = message

    def admit(self, member: Frame) -> None:
        if member.get("left"):
            self.members.pop(member["id"], None)
        else:
            self.members[member["id"]] = member


class Mirror:
    """Rooms and timelines after a snapshot and the events since."""

    def __init__(self) -> None:
        self.rooms: dict[int, Frame] = {}
        self.timelines: dict[int, Timeline] = {}
        # Channels in which something is missing: the client has to ask.
        self.gaps: set[int] = set()

    @property
    def have(self) -> dict[str, int]:
        return {str(channel): timeline.rev for channel, timeline in self.timelines.items()}

    def hold(self, channel: int) -> None:
        """From now on keep this channel's timeline, from its beginning."""
        self.timelines[channel] = Timeline(0)

    def apply(self, frame: Frame) -> None:
        kind = frame["is"]
        if kind in ("welcome", "rooms"):
            self.rooms = {room["id"]: room for room in frame["rooms"]}
            self.timelines = {key: held for key, held in self.timelines.items() if key in self.rooms}
        elif kind == "room.added":
            self.rooms[frame["room"]["id"]] = frame["room"]
        elif kind == "room.removed":
            self.rooms.pop(frame["channel"], None)
            self.timelines.pop(frame["channel"], None)
        elif kind == "marked":
            self.rooms[frame["channel"]]["read"] = frame["seq"]
        elif kind in ("changes", "reset"):
            self._catch_up(frame)
        elif kind == "heads":
            self._compare(frame["revs"])
        elif "rev" in frame and "channel" in frame:
            self._event(frame)

    def _compare(self, revs: dict[str, int]) -> None:
        for key, rev in revs.items():
            channel = int(key.removeprefix("channel:"))
            held = self.timelines.get(channel)
            if held is not None and rev > held.rev:
                self.gaps.add(channel)

    def _catch_up(self, frame: Frame) -> None:
        channel = frame["channel"]
        if "room" in frame:
            self.rooms[channel] = frame["room"]
        held = self.timelines.get(channel)
        if held is None:
            return
        if frame["is"] == "changes" and frame["since"] > held.rev:
            self.gaps.add(channel)
            return
        if frame["is"] == "reset":
            held = self.timelines[channel] = Timeline(frame["rev"], {}, {})
        for message in frame["messages"]:
            held.take(message)
        for member in frame.get("members", []):
            held.admit(member)
        held.rev = max(held.rev, frame["rev"])
        self.gaps.discard(channel)

    def _event(self, frame: Frame) -> None:
        channel, rev = frame["channel"], frame["rev"]
        self._change_room(self.rooms.get(channel), frame)
        held = self.timelines.get(channel)
        if held is None or rev <= held.rev:
            return
        if rev > held.rev + 1:
            self.gaps.add(channel)
            return
        held.rev = rev
        if "message" in frame:
            held.take(frame["message"])
        if "member" in frame:
            held.admit(frame["member"])

    def _change_room(self, room: Frame | None, frame: Frame) -> None:
        if room is None or frame["rev"] <= room["rev"]:
            return
        room["rev"] = frame["rev"]
        if "members" in frame:
            room["members"] = frame["members"]
        if "name" in frame and frame["is"] == "room.renamed":
            room["name"] = frame["name"]
        message = frame.get("message")
        if message and message["seq"] >= room["seq"]:
            room["seq"], room["last"] = message["seq"], message


async def everything(client: Client, channel: int) -> Timeline:
    """A channel as the database has it now, read page by page."""
    held, after = Timeline(0), 0
    while True:
        page = await client.ask("history", channel=channel, after=after, limit=100)
        for message in page["messages"]:
            held.take(message)
        if not page["after"]:
            break
        after = page["messages"][-1]["seq"]
    members = await client.ask("room.members", channel=channel)
    held.rev = members["rev"]
    for member in members["members"]:
        held.admit(member)
    return held
