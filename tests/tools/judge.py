"""What a database must hold after talkers have been through trouble: the laws, read from its rows."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from chat import queries
from chat.tables import channels, log_entries, messages
from tests.tools.mirror import Mirror
from tests.tools.talkers import Follower, Sender


@dataclass(frozen=True)
class Stored:
    """One channel's rows: what was said, and all its numbers."""

    seq: int
    rev: int
    texts: dict[int, str]


def read(connection: Connection, rooms: list[int]) -> tuple[dict[int, Stored], dict[str, tuple[int, int]]]:
    """The rooms, and where each ``client_id`` stands."""
    found = {}
    for room in rooms:
        head = connection.execute(select(channels.c.seq, channels.c.rev).where(channels.c.id == room)).one()
        rows = queries.after(connection, room, 0, 1_000_000)
        found[room] = Stored(head.seq, head.rev, {row.seq: row.text for row in rows})
    m = messages.c
    places = {row[0]: (row[1], row[2]) for row in connection.execute(select(m.client_id, m.channel_id, m.seq))}
    return found, places


def judge(connection: Connection, senders: list[Sender], rooms: list[int]) -> dict[int, Stored]:
    """Laws 1, 2 and 6: acknowledged is there, nothing twice, no number missing, the log has every message."""
    found, places = read(connection, rooms)
    for sender in senders:
        for client_id, place in sender.acked.items():
            assert places.get(client_id) == place, "an acknowledged message is gone or elsewhere"
    for room, stored in found.items():
        assert sorted(stored.texts) == list(range(1, stored.seq + 1)), f"a gap in the numbers of room {room}"
    texts = [text for stored in found.values() for text in stored.texts.values()]
    assert len(set(texts)) == len(texts), "something was said twice"
    logged = connection.execute(select(log_entries.c.seq).where(log_entries.c.kind == "sent")).all()
    assert len(logged) == len(texts), "the log's entries are the messages"
    return found


def differs(mirror: Mirror, found: dict[int, Stored]) -> str:
    """What a client holds that the database does not, or not yet; empty when there is nothing."""
    for room, stored in found.items():
        held = mirror.timelines[room]
        if held.rev != stored.rev:
            return f"room {room}: holds rev {held.rev} of {stored.rev}"
        # After a reset it begins with a page: from there on nothing may be missing.
        first = min(held.messages, default=stored.seq + 1)
        if sorted(held.messages) != list(range(first, stored.seq + 1)):
            return f"room {room}: a hole in what is held"
        wrong = [seq for seq, message in held.messages.items() if message["text"] != stored.texts[seq]]
        if wrong:
            return f"room {room}: other texts at {wrong[:5]}"
    return ""


def all_agree(followers: list[Follower], found: dict[int, Stored]) -> str:
    return next((f"{each.name}: {what}" for each in followers if (what := differs(each.mirror, found))), "")
