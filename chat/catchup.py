"""Coming back: what changed in a channel since a ``rev``, or the newest page when that is too much.

The head is read first, then the rows, oldest change first, in one read transaction: the same question for
somebody who was away, for a gap, and for a slow connection that has drained.
"""

from __future__ import annotations

from sqlalchemy import Connection

from chat import queries
from chat.frames import Changes, Member, Message, Page, Reset, Room, RoomRemoved
from chat.model import Channel, require_poster
from chat.rooms import room_for
from server.live.frames import Frame, Heads
from server.module import Missing

MISSED_CHANNELS = 30
MISSED_CHARACTERS = 300_000
"""How much is told unasked at a hello: thousands may come back at once."""
CHANGES_LIMIT = 300
"""More than this and a fresh page is cheaper for both sides than the changes."""


def since(connection: Connection, account: int, channel: int, rev: int, ref: int | None = None) -> Changes | Reset:
    """What a member holding ``rev`` lacks. ``NotFound`` for who is not in the room."""
    require_poster(queries.membership(connection, channel, account))
    return _told(connection, room_for(connection, account, channel), rev, {} if ref is None else {"ref": ref})


def _told(connection: Connection, room: Room, rev: int, extra: dict[str, int]) -> Changes | Reset:
    """The same, for a room that has just been read for him."""
    changed, moved = _rows_since(connection, room.id, rev)
    if rev > room.rev or len(changed) + len(moved) > CHANGES_LIMIT:
        page = queries.before(connection, room.id, room.seq + 1, queries.PAGE)
        first = page[0].seq if page else 1
        return Reset(channel=room.id, rev=room.rev, seq=room.seq, messages=page, before=first > 1, room=room, **extra)
    return Changes(
        channel=room.id,
        since=rev,
        rev=room.rev,
        seq=room.seq,
        messages=changed,
        members=moved,
        room=room,
        **extra,
    )


def _rows_since(connection: Connection, channel: int, rev: int) -> tuple[list[Message], list[Member]]:
    changed = queries.changed_messages(connection, channel, rev, CHANGES_LIMIT + 1)
    return changed, queries.changed_members(connection, channel, rev, CHANGES_LIMIT + 1)


def missed(connection: Connection, have: dict[int, int], rooms: list[Room]) -> list[Frame]:
    """For each channel whose timeline a client holds, what it lacks. ``rooms`` are those he hears, just read.

    When that becomes much, the rest is told by its heads, and the client asks for one after the other.
    """
    frames: list[Frame] = []
    heads = {f"channel:{room.id}": room.rev for room in rooms if room.rev != have.get(room.id, room.rev)}
    characters = 0
    for room in rooms:
        if f"channel:{room.id}" not in heads or len(frames) >= MISSED_CHANNELS or characters > MISSED_CHARACTERS:
            continue
        frame = _told(connection, room, have[room.id], {})
        frames.append(frame)
        characters += sum(len(message.text) for message in frame.messages)
        del heads[f"channel:{room.id}"]
    return [*frames, Heads(revs=heads)] if heads else frames


def page(
    connection: Connection,
    account: int,
    channel: int,
    ref: int,
    limit: int,
    before: int | None = None,
    after: int | None = None,
    around: int | None = None,
) -> Page:
    """A page of a room's messages as of one moment."""
    require_poster(queries.membership(connection, channel, account))
    room = queries.channel(connection, channel)
    assert room is not None
    rows = _page_rows(connection, room, limit, before, after, around)
    first = rows[0].seq if rows else (before or room.seq + 1)
    last = rows[-1].seq if rows else (after or 0)
    return Page(
        ref=ref,
        channel=channel,
        rev=room.rev,
        seq=room.seq,
        messages=rows,
        before=first > 1,
        after=last < room.seq,
    )


def _page_rows(
    connection: Connection,
    room: Channel,
    limit: int,
    before: int | None,
    after: int | None,
    around: int | None,
) -> list[Message]:
    if around is not None:
        half = max(1, limit // 2)
        older = queries.before(connection, room.id, around + 1, half)
        return older + queries.after(connection, room.id, around, limit - half)
    if after is not None:
        return queries.after(connection, room.id, after, limit)
    return queries.before(connection, room.id, room.seq + 1 if before is None else before, limit)


# ---------------------------------------------------------------- for the hub


def heads(connection: Connection, keys: list[str]) -> dict[str, int]:
    """The newest ``rev`` of channels, by topic key."""
    found = queries.heads(connection, [int(key.partition(":")[2]) for key in keys])
    return {f"channel:{channel}": rev for channel, rev in found.items()}


def missing(connection: Connection, key: str, rev: int) -> Missing:
    """What watchers of a channel lack after ``rev``, the same for all of them, and who came and went."""
    id = int(key.partition(":")[2])
    channel = queries.channel(connection, id)
    if channel is None:
        return Missing(rev)
    changed = queries.changed_messages(connection, id, rev, CHANGES_LIMIT + 1)
    # All of them: who is left out here would go on hearing.
    moved = queries.moved_since(connection, id, rev)
    joined = tuple(account for account, hears in moved.items() if hears)
    left = tuple(account for account, hears in moved.items() if not hears)
    frame: Frame = Heads(revs={key: channel.rev})
    # What changes somebody's own view of the room (its name, who is in it) everybody asks for himself.
    if not moved and channel.room_rev <= rev and len(changed) <= CHANGES_LIMIT:
        frame = Changes(channel=id, since=rev, rev=channel.rev, seq=channel.seq, messages=changed, members=[])
    return Missing(channel.rev, (frame,), joined, left, gone(key))


def standing(connection: Connection, accounts: list[int]) -> dict[int, dict[str, int]]:
    """The rooms that each of these may hear, by topic key, with the ``rev`` of his own row."""
    found: dict[int, dict[str, int]] = {}
    for account, channel, rev in queries.heard_rooms(connection, accounts):
        found.setdefault(account, {})[f"channel:{channel}"] = rev
    return found


def gone(key: str) -> Frame:
    """What one is told who is in a room no longer."""
    return RoomRemoved(channel=int(key.partition(":")[2]))
