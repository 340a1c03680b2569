"""Coming back: what changed in a channel since a ``rev``, or the newest page when that is too much.

The head is read first, then the rows, oldest change first, in one read transaction: the same question for
somebody who was away, for a gap, and for a slow connection that has drained.
"""

from __future__ import annotations

from sqlalchemy import Connection

from chat import queries
from chat.frames import Changes, Member, Message, Page, Reset
from chat.model import Channel, require_poster
from chat.rooms import room_for
from server.errors import NotFound
from server.live.frames import Frame, Heads
from server.module import Missing

CHANGES_LIMIT = 300
"""More than this and a fresh page is cheaper for both sides than the changes."""


def since(connection: Connection, account: int, channel: int, rev: int, ref: int | None = None) -> Changes | Reset:
    """What a member holding ``rev`` lacks. ``NotFound`` for who is not in the room."""
    room = room_for(connection, account, channel)
    changed, moved = _rows_since(connection, channel, rev)
    extra = {} if ref is None else {"ref": ref}
    if rev > room.rev or len(changed) + len(moved) > CHANGES_LIMIT:
        page = queries.before(connection, channel, room.seq + 1, queries.PAGE)
        first = page[0].seq if page else 1
        return Reset(channel=channel, rev=room.rev, seq=room.seq, messages=page, before=first > 1, room=room, **extra)
    return Changes(
        channel=channel,
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


def missed(connection: Connection, account: int, have: dict[int, int]) -> list[Frame]:
    """For each channel whose timeline a client holds, what it lacks. Rooms one is out of are left out."""
    frames: list[Frame] = []
    for channel, rev in have.items():
        try:
            frames.append(since(connection, account, channel, rev))
        except NotFound:
            continue
    return frames


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
    changed, moved = _rows_since(connection, id, rev)
    joined = tuple(member.id for member in moved if not member.left)
    left = tuple(member.id for member in moved if member.left)
    frame: Frame = Heads(revs={key: channel.rev})
    if len(changed) + len(moved) <= CHANGES_LIMIT:
        frame = Changes(channel=id, since=rev, rev=channel.rev, seq=channel.seq, messages=changed, members=moved)
    return Missing(channel.rev, (frame,), joined, left)
