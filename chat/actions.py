"""What a person does with rooms: make, enter, fill, leave, rename. Every step is numbered by the room's ``rev``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from msgspec import structs
from sqlalchemy import bindparam, case, delete, insert, select, update

from chat import events, logbook, queries
from chat.frames import Kind, Member, Room, RoomAdded
from chat.model import (
    MEMBERS_LIMIT,
    Channel,
    Membership,
    group_name,
    pair_key,
    require_owner,
    require_poster,
    require_talkers_room,
    room_name,
)
from chat.rooms import room_for
from chat.tables import channels, departures, members
from server.auth.tables import accounts
from server.data.sets import key_rows, packed
from server.data.transaction import Transaction
from server.errors import Conflict, Forbidden, Invalid, NotFound

REMEMBERED = timedelta(days=8)
"""How long it is known which rooms a deletion has ended: a little longer than it can be undone."""


def create(tx: Transaction, actor: int, kind: str, name: str, people: list[int]) -> Room:
    """A new room with its first members; whoever makes it owns it."""
    others = _talkers(tx, [id for id in people if id != actor])
    if len(others) < len(set(people) - {actor}):
        raise NotFound()
    everybody = _talker(tx, actor) | others
    title = room_name(name) if name.strip() or kind != Kind.GROUP else _named_after(others)
    channel = _found_channel(tx, actor, kind, title, None, everybody)
    return room_for(tx.connection, actor, channel)


def direct(tx: Transaction, actor: int, person: int) -> Room:
    """The one room of these two, made when it does not exist yet."""
    if person == actor:
        raise Invalid("alone")
    me = _talker(tx, actor)
    tx.lock(f"pair:{pair_key(actor, person)}")
    known = queries.channel_of_pair(tx.connection, pair_key(actor, person))
    if known is not None:
        return room_for(tx.connection, actor, known)
    both = me | _talkers(tx, [person])
    if person not in both:
        raise NotFound()
    channel = _found_channel(tx, actor, Kind.DIRECT, "", pair_key(actor, person), both)
    return room_for(tx.connection, actor, channel)


def join(tx: Transaction, actor: int, channel: int) -> Room:
    """Enter an open room. A room of another kind is not there."""
    room = _locked(tx, channel)
    if room.kind != Kind.OPEN:
        raise NotFound()
    me = _talker(tx, actor)
    _enter(tx, (actor, me[actor]), room, me)
    return room_for(tx.connection, actor, channel)


def add(tx: Transaction, actor: int, channel: int, people: list[int]) -> None:
    """Bring people in. Anybody in an open room or a group may; in a closed room its owners."""
    room = _locked(tx, channel)
    standing = _standing(tx, channel, actor)
    if room.kind == Kind.DIRECT:
        require_poster(standing)
        raise Conflict("two_only")
    standing = (require_owner if room.kind == Kind.CLOSED else require_poster)(standing)
    require_talkers_room(room.kind)
    wanted = _talkers(tx, people)
    if len(wanted) < len(set(people)):
        raise NotFound()
    _enter(tx, (actor, standing.name), room, wanted)


def leave(tx: Transaction, actor: int, channel: int) -> None:
    """Go out of a room. A direct talk cannot be left."""
    room = _locked(tx, channel)
    standing = require_poster(_standing(tx, channel, actor))
    require_talkers_room(room.kind)
    if room.kind == Kind.DIRECT:
        raise Conflict("two_only")
    _go(tx, (actor, standing.name), room, actor)


def remove(tx: Transaction, actor: int, channel: int, person: int) -> None:
    """Put somebody out of the room; its owners may."""
    room = _locked(tx, channel)
    standing = require_poster(_standing(tx, channel, actor))
    require_talkers_room(room.kind)
    if room.kind == Kind.DIRECT:
        raise Conflict("two_only")
    require_owner(standing)
    _go(tx, (actor, standing.name), room, person)


def rename(tx: Transaction, actor: int, channel: int, name: str) -> None:
    """Give the room another name; its owners may, in a group everybody."""
    room = _locked(tx, channel)
    standing = require_poster(_standing(tx, channel, actor))
    require_talkers_room(room.kind)
    if room.kind == Kind.DIRECT:
        raise Conflict("two_only")
    if room.kind != Kind.GROUP:
        require_owner(standing)
    title = room_name(name)
    if title == room.name:
        return
    rev = room.rev + 1
    _set(tx, channel, rev=rev, room_rev=rev, name=title)
    told = logbook.told(tx, room, actor) | {"room": title, "before": room.name}
    logbook.write(tx, "renamed", channel, rev, actor, name=standing.name, **told)
    tx.emit(events.renamed(channel, rev, title))


def depart(tx: Transaction, account: int, channel: int) -> None:
    """Somebody whose account is deleted leaves a room (A1): a step of the bulk lane.

    Who is back by now stays: the step may come after the deletion was undone.
    """
    room = _locked(tx, channel)
    deleted = select(accounts.c.id).where(accounts.c.id == account, accounts.c.state == "deleted")
    standing = _standing(tx, channel, account)
    if standing is not None and standing.active and tx.connection.execute(deleted).first():
        _go(tx, None, room, account, because="deleted")
        _remember_departure(tx, account, channel, standing.owner)


def come_back(tx: Transaction, account: int, channel: int) -> None:
    """Somebody whose deletion was undone is in a room again that it had ended, and owns it as he did: a step of the
    bulk lane. Whoever has owned it meanwhile owns it too."""
    room = _locked(tx, channel)
    d, a = departures.c, accounts.c
    there = select(a.name).where(a.id == account, a.state != "deleted")
    name = tx.connection.execute(there).scalar()
    if name is None:
        return
    ended = delete(departures).where(d.account_id == account, d.channel_id == channel).returning(d.owner)
    owned = tx.connection.execute(ended).scalar()
    if owned is not None:
        _enter(tx, None, room, {account: name}, because="restored")
        standing = _standing(tx, channel, account)
        if owned and standing is not None and not standing.owner:
            _own(tx, _locked(tx, channel), account, name)


def _remember_departure(tx: Transaction, account: int, channel: int, owner: bool) -> None:
    """For as long as the deletion can be undone."""
    d = departures.c
    here = (d.account_id == account) & (d.channel_id == channel)
    tx.connection.execute(delete(departures).where(here | (d.at < tx.now - REMEMBERED)))
    tx.connection.execute(insert(departures).values(account_id=account, channel_id=channel, at=tx.now, owner=owner))


# ---------------------------------------------------------------- the common steps

By = tuple[int, str] | None
"""Who does it, and his name; None: it follows from something else."""


def _standing(tx: Transaction, channel: int, account: int) -> Membership | None:
    return queries.membership(tx.connection, channel, account)


def _locked(tx: Transaction, channel: int) -> Channel:
    room = queries.channel(tx.connection, channel, lock=True)
    if room is None:
        raise NotFound()
    return room


def _set(tx: Transaction, channel: int, **values: object) -> None:
    tx.connection.execute(update(channels).where(channels.c.id == channel).values(**values))


def _talker(tx: Transaction, actor: int) -> dict[int, str]:
    """The actor and his name, if he may talk."""
    found = _talkers(tx, [actor])
    if not found:
        raise Forbidden("talk_disabled")
    return found


def _talkers(tx: Transaction, ids: Iterable[int]) -> dict[int, str]:
    """Those of ``ids`` who may talk, with their names, in the order given."""
    keys = key_rows(tx.dialect, int)
    a = accounts.c
    wanted = select(a.id, a.name).select_from(keys.join(accounts, a.id == keys.c.k0))
    wanted = wanted.where(a.state == "enabled", a.talk)
    found = {row.id: row.name for row in tx.connection.execute(wanted, {"keys": packed(ids)})}
    return {id: found[id] for id in ids if id in found}


def _named_after(others: dict[int, str]) -> str:
    if not others:
        raise Invalid("empty_name")
    return group_name(list(others.values()))


def _found_channel(
    tx: Transaction, actor: int, kind: str, name: str, pair: str | None, people: dict[int, str]
) -> int:
    """Write a new room and its members, all under its first ``rev``, and tell each of them."""
    if len(people) > MEMBERS_LIMIT:
        raise Invalid("too_many", limit=MEMBERS_LIMIT)
    row: dict[str, object] = {
        "kind": kind,
        "name": name,
        "pair": pair,
        "rev": 1,
        "room_rev": 1,
        "members": len(people),
    }
    row |= {"created_by": actor, "created_at": tx.now}
    channel = int(tx.connection.execute(insert(channels).returning(channels.c.id), row).scalar_one())
    owner = None if kind == Kind.DIRECT else actor
    rows = [_member_row(tx, channel, id, 1, 0, id == owner) for id in people]
    tx.connection.execute(insert(members), rows)
    told = logbook.told(tx, Channel(channel, kind, name, 0, 1, 1, len(people)), actor)
    listed = [logbook.named(*person) for person in people.items()]
    logbook.write(tx, "created", channel, 1, actor, name=people[actor], **told, people=listed)
    _announce_new(tx, channel, owner, people, room_for(tx.connection, actor, channel))
    return channel


def _announce_new(tx: Transaction, channel: int, owner: int | None, people: dict[int, str], room: Room) -> None:
    for id in people:
        # Of two each sees the other; of more all see the same.
        direct = room.kind == Kind.DIRECT
        seen = room_for(tx.connection, id, channel) if direct else structs.replace(room, owner=id == owner)
        tx.emit(events.room_added(id, seen))
    tx.emit(events.opened(channel, tuple(people), RoomAdded(room=room)))


def _member_row(tx: Transaction, channel: int, account: int, rev: int, seq: int, owner: bool) -> dict[str, object]:
    return {
        "channel_id": channel,
        "account_id": account,
        "owner": owner,
        "active": True,
        "rev": rev,
        "read_seq": seq,
        "joined_at": tx.now,
    }


def _enter(tx: Transaction, by: By, room: Channel, people: dict[int, str], because: str = "") -> None:
    """Bring in those who are not in the room yet; each is a ``rev`` of its own."""
    before = queries.memberships(tx.connection, room.id, people)
    new = [id for id in people if id not in before or not before[id].active]
    if room.members + len(new) > MEMBERS_LIMIT:
        raise Invalid("too_many", limit=MEMBERS_LIMIT)
    if not new:
        return
    # Who comes into an empty room owns it.
    owner = new[0] if room.members == 0 else None
    rows = {id: _member_row(tx, room.id, id, room.rev + n, room.seq, id == owner) for n, id in enumerate(new, 1)}
    _put_members(tx, [rows[id] for id in new if id not in before], [rows[id] for id in new if id in before])
    _set(tx, room.id, rev=room.rev + len(new), members=room.members + len(new))
    shown = room_for(tx.connection, new[0], room.id)
    lines = [
        (room.rev + n, _line(tx, by, replace(room, members=room.members + n), (id, people[id]), because))
        for n, id in enumerate(new, 1)
    ]
    logbook.write_many(tx, "joined", room.id, by[0] if by else None, lines)
    for n, id in enumerate(new, 1):
        tx.emit(events.room_added(id, structs.replace(shown, owner=id == owner)))
        member = Member(id=id, name=people[id], rev=room.rev + n, owner=id == owner)
        tx.emit(events.joined(room.id, member, room.members + n))


def _put_members(tx: Transaction, fresh: list[dict[str, object]], returning: list[dict[str, object]]) -> None:
    if fresh:
        tx.connection.execute(insert(members), fresh)
    if returning:
        place = (members.c.channel_id == bindparam("c"), members.c.account_id == bindparam("a"))
        rows = [{"c": row["channel_id"], "a": row["account_id"], **row} for row in returning]
        tx.connection.execute(update(members).where(*place), rows)


def _go(tx: Transaction, by: By, room: Channel, account: int, because: str = "") -> None:
    """Put somebody out. The last owner hands the room to whoever has been in it longest."""
    standing = _standing(tx, room.id, account)
    if standing is None or not standing.active:
        raise NotFound()
    rev, count = room.rev + 1, room.members - 1
    _set_member(tx, room.id, account, active=False, owner=False, rev=rev)
    _set(tx, room.id, rev=rev, members=count)
    line = _line(tx, by, replace(room, members=count), (account, standing.name), because)
    logbook.write(tx, "left", room.id, rev, by[0] if by else None, **line)
    tx.emit(events.left(room.id, Member(id=account, name=standing.name, rev=rev, left=True), count))
    tx.emit(events.room_removed(account, room.id))
    if standing.owner:
        _hand_over(tx, replace(room, members=count))


def _line(tx: Transaction, by: By, room: Channel, person: tuple[int, str], because: str = "") -> dict[str, object]:
    """What the log tells of somebody who comes or goes: by whom, or why without anybody."""
    name = {"name": by[1]} if by else {}
    reason = {"because": because} if because else {}
    return {**name, "person": logbook.named(*person), **logbook.told(tx, room, by[0] if by else None), **reason}


def _hand_over(tx: Transaction, room: Channel) -> None:
    channel = room.id
    m = members.c
    here = select(m.account_id).where(m.channel_id == channel, m.active)
    if tx.connection.execute(here.where(m.owner).limit(1)).first():
        return
    a = accounts.c
    able = case((a.talk & (a.state == "enabled"), 0), else_=1)
    heirs = here.add_columns(a.name).join(accounts, a.id == m.account_id).order_by(able, m.joined_at, a.id)
    found = tx.connection.execute(heirs.limit(1)).first()
    if found is None:
        return
    _own(tx, room, *found)


def _own(tx: Transaction, room: Channel, account: int, name: str) -> None:
    rev = queries.raise_rev(tx.connection, room.id)
    _set_member(tx, room.id, account, owner=True, rev=rev)
    logbook.write(tx, "owner", room.id, rev, None, **_line(tx, None, room, (account, name)))
    tx.emit(events.member_changed(room.id, Member(id=account, name=name, rev=rev, owner=True)))


def _set_member(tx: Transaction, channel: int, account: int, **values: object) -> None:
    place = (members.c.channel_id == channel, members.c.account_id == account)
    tx.connection.execute(update(members).where(*place).values(**values))
