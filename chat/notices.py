"""What the system says: to each person in a room of his own, of kind "notice", where nobody else is and nobody
answers.

Said in the transaction of whoever says it, to a few hundred at once, in as many statements as to one. It stands in
the talk log like any message: without an actor, with the person it was said to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, insert, select, update

from chat import events, logbook
from chat.frames import Kind, Message, Room, RoomAdded
from chat.model import pair_key
from chat.queries import SYSTEM, SYSTEM_NAME
from chat.tables import channels, log_entries, members, messages
from server.auth.tables import accounts
from server.clock import to_millis
from server.data.sets import key_rows, packed
from server.data.transaction import Transaction

LOCK = "notice rooms"


@dataclass(slots=True)
class _Place:
    """Somebody's notice room, while something is said in it."""

    account: int
    name: str
    channel: int = 0
    seq: int = 0
    rev: int = 0


def tell(tx: Transaction, about: int, key: str, texts: Mapping[int, str]) -> set[int]:
    """The port ``notify``: see ``server/ports.py``."""
    # Two that say something at once must not make somebody two rooms.
    tx.lock(LOCK)
    places = _talkers(tx, texts)
    _find_rooms(tx, places)
    _make_rooms(tx, [place for place in places.values() if not place.channel])
    _lock_rooms(tx, places)
    said = _said(tx, key, places)
    fresh = [place for account, place in sorted(places.items()) if account not in said]
    if fresh:
        _say(tx, about, key, texts, fresh)
    return set(places)


def _talkers(tx: Transaction, ids: Iterable[int]) -> dict[int, _Place]:
    rows = tx.connection.execute(_talkers_wanted(tx.dialect), {"keys": packed(ids)})
    return {row.id: _Place(row.id, row.name) for row in rows}


def _find_rooms(tx: Transaction, places: dict[int, _Place]) -> None:
    """His room is the one of him and of nobody: account 0."""
    by_pair = {pair_key(SYSTEM, account): place for account, place in places.items()}
    for row in tx.connection.execute(_rooms_wanted(tx.dialect), {"keys": packed(by_pair)}):
        by_pair[row.pair].channel = row.id


def _make_rooms(tx: Transaction, new: list[_Place]) -> None:
    """Everything as when somebody makes a room, for many rooms at once."""
    if not new:
        return
    row = {"kind": Kind.NOTICE, "name": SYSTEM_NAME, "rev": 1, "room_rev": 1, "members": 1, "created_at": tx.now}
    by_pair = {pair_key(SYSTEM, place.account): place for place in new}
    made = insert(channels).returning(channels.c.id, channels.c.pair)
    for found in tx.connection.execute(made, [row | {"pair": pair} for pair in by_pair]):
        by_pair[found.pair].channel = found.id
    member = {"owner": False, "active": True, "rev": 1, "read_seq": 0, "joined_at": tx.now}
    rows = [{**member, "channel_id": place.channel, "account_id": place.account} for place in new]
    tx.connection.execute(insert(members), rows)
    people = [{**_told(place), "people": [logbook.named(place.account, place.name)]} for place in new]
    _log(tx, "created", [(place, 1, None, body) for place, body in zip(new, people, strict=True)])
    for place in new:
        shown = _room(tx, place)
        tx.emit(events.room_added(place.account, shown))
        tx.emit(events.opened(place.channel, (place.account,), RoomAdded(room=shown)))


def _lock_rooms(tx: Transaction, places: dict[int, _Place]) -> None:
    by_channel = {place.channel: place for place in places.values()}
    for row in tx.connection.execute(_locked_wanted(tx.dialect), {"keys": packed(by_channel)}):
        place = by_channel[row.id]
        place.seq, place.rev = row.seq, row.rev


def _said(tx: Transaction, key: str, places: dict[int, _Place]) -> set[int]:
    """To whom this has been said before."""
    wanted = {_client_id(key, account): account for account in places}
    rows = tx.connection.execute(_said_wanted(tx.dialect), {"keys": packed(wanted)})
    return {wanted[row.client_id] for row in rows}


def _say(tx: Transaction, about: int, key: str, texts: Mapping[int, str], fresh: list[_Place]) -> None:
    at = to_millis(tx.now)
    said = []
    for place in fresh:
        place.seq += 1
        place.rev += 1
        message = Message(
            seq=place.seq,
            rev=place.rev,
            sender=SYSTEM,
            name=SYSTEM_NAME,
            at=at,
            text=texts[place.account],
            client_id=_client_id(key, place.account),
            kind=str(Kind.NOTICE),
            about=about,
        )
        said.append((place, message))
    tx.connection.execute(insert(messages), [_row(place, message) for place, message in said])
    raised = update(channels).where(channels.c.id == bindparam("c"))
    counters = [{"c": place.channel, "s": place.seq, "r": place.rev} for place in fresh]
    tx.connection.execute(raised.values(seq=bindparam("s"), rev=bindparam("r")), counters)
    bodies = [(place, place.rev, place.seq, _told(place) | {"text": m.text, "about": about}) for place, m in said]
    _log(tx, "sent", bodies)
    for place, message in said:
        tx.emit(events.posted(place.channel, message))


def _row(place: _Place, message: Message) -> dict[str, object]:
    return {
        "channel_id": place.channel,
        "seq": message.seq,
        "rev": message.rev,
        "sender_id": SYSTEM,
        "client_id": message.client_id,
        "at": message.at,
        "kind": message.kind,
        "about": str(message.about),
        "text": message.text,
    }


def _told(place: _Place) -> dict[str, Any]:
    """What every entry says: nobody's account has said it, and to whom."""
    to = logbook.named(place.account, place.name)
    return {"name": SYSTEM_NAME, "room": SYSTEM_NAME, "kind": str(Kind.NOTICE), "to": to}


def _log(tx: Transaction, kind: str, entries: Sequence[tuple[_Place, int, int | None, dict[str, Any]]]) -> None:
    rows = [logbook.row(tx, kind, place.channel, rev, None, seq, body) for place, rev, seq, body in entries]
    tx.connection.execute(insert(log_entries).inline(), rows)
    tx.wake(logbook.QUEUE)


def _room(tx: Transaction, place: _Place) -> Room:
    return Room(
        id=place.channel,
        kind=Kind.NOTICE,
        name=SYSTEM_NAME,
        seq=0,
        rev=1,
        members=1,
        read=0,
        created=to_millis(tx.now),
    )


def _client_id(key: str, account: int) -> str:
    return f"{key}:{account}"


@cache
def _talkers_wanted(dialect: str) -> Select[Any]:
    keys, a = key_rows(dialect, int), accounts.c
    joined = keys.join(accounts, a.id == keys.c.k0)
    return select(a.id, a.name).select_from(joined).where(a.state == "enabled", a.talk)


@cache
def _rooms_wanted(dialect: str) -> Select[Any]:
    keys, c = key_rows(dialect, str), channels.c
    return select(c.id, c.pair).select_from(keys.join(channels, c.pair == keys.c.k0))


@cache
def _locked_wanted(dialect: str) -> Select[Any]:
    keys, c = key_rows(dialect, int), channels.c
    wanted = select(c.id, c.seq, c.rev)
    if dialect == "sqlite":
        return wanted.select_from(keys.join(channels, c.id == keys.c.k0))
    return wanted.where(c.id.in_(select(keys.c.k0))).order_by(c.id).with_for_update()


@cache
def _said_wanted(dialect: str) -> Select[Any]:
    keys, m = key_rows(dialect, str), messages.c
    same = and_(m.client_id == keys.c.k0, m.sender_id == SYSTEM)
    return select(m.client_id).select_from(keys.join(messages, same))
