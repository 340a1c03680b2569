"""Who may read the talk log, and what of it there is: months, segments, rooms and people to choose from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from chat.log import heads
from chat.log.segments import EXPIRED, OPEN, Segment, name
from chat.log.tables import log_segment_rooms, log_segments
from chat.log.wire import LatestLog, LogHead, LogPerson, LogRoom, LogSegment
from chat.tables import channels, members
from server.auth import queries
from server.auth.bulk import admitted
from server.auth.model import Account, Actor, Privilege
from server.auth.tables import accounts, privileges
from server.clock import to_millis
from server.data.sets import key_rows, packed
from server.errors import NotFound
from server.text import folded, like, plain_text

FOUND_LIMIT = 50
DISORDER_MS = 60 * 60 * 1000
"""So far a line may stand behind one that was written later: who comes in between has had to wait for his commit."""


def may_read(account: Account | None) -> bool:
    """トークログダウンロード 有効, which only a talk administrator has (S14)."""
    return (
        account is not None
        and account.may_sign_in
        and account.talk_log
        and Privilege.ADMIN_GOTALK in account.privileges
    )


def require_reader(connection: Connection, actor: Actor) -> None:
    """Asked at each use; to everybody else there is nothing here. The operator owns the machine anyway."""
    if actor.operator:
        return
    if actor.account_id is None or not may_read(queries.account(connection, actor.account_id)):
        raise NotFound()


def readers(connection: Connection) -> int:
    """How many people may read the log (A10)."""
    a, p = accounts.c, privileges.c
    held = and_(p.account_id == a.id, p.privilege == Privilege.ADMIN_GOTALK.value)
    counted = select(func.count()).select_from(accounts.join(privileges, held))
    able = counted.where(a.talk_log, a.state == "enabled", a.user_type == "REGULAR_USER")
    return int(connection.execute(able).scalar_one())


# ---------------------------------------------------------------- months and segments


_S = log_segments.c
_SEGMENT = (
    _S.number,
    _S.day,
    _S.part,
    _S.state,
    _S.first_n,
    _S.last_n,
    _S.first_at,
    _S.last_at,
    _S.bytes,
    _S.prev_hash,
    _S.last_hash,
)


def months(connection: Connection, current: str) -> list[str]:
    """Every month of which there is something, and this one, the newest first."""
    found = connection.execute(select(func.substr(_S.day, 1, 7)).distinct()).scalars()
    return sorted({*found, current}, reverse=True)


def segments_of(connection: Connection, month: str) -> list[LogSegment]:
    """The closed segments of a month, the newest first."""
    told = (*_SEGMENT, _S.closed_at, _S.verified_at, _S.verdict)
    wanted = select(*told).where(_S.day >= f"{month}-01", _S.day <= f"{month}-31", _S.state != OPEN)
    return [_shown(row) for row in connection.execute(wanted.order_by(_S.number.desc()))]


def latest(connection: Connection) -> LatestLog | None:
    """What is not split off yet; None when there is no such line."""
    found = _segments(connection, _S.state == OPEN)
    if not found or found[0].last_n < found[0].first_n:
        return None
    last = found[0]
    return LatestLog(last.first_n, last.last_n, last.lines, last.bytes)


def head(connection: Connection) -> LogHead:
    found = heads.current(connection)
    return LogHead(found.n, found.hash)


def segment(connection: Connection, number: int) -> Segment:
    """One closed segment that is still kept. Raises ``NotFound``."""
    found = _segments(connection, _S.number == number)
    if not found or found[0].state == OPEN:
        raise NotFound()
    if found[0].state == EXPIRED:
        raise NotFound("log_segment_gone")
    return found[0]


def open_segment(connection: Connection) -> Segment | None:
    found = _segments(connection, _S.state == OPEN)
    return found[0] if found else None


def segments_between(connection: Connection, first_n: int, last_n: int) -> list[Segment]:
    """Those that hold lines of these numbers, expired ones too, in their order."""
    return _segments(connection, and_(_S.last_n >= first_n, _S.first_n <= last_n))


def expired_since(connection: Connection, first_n: int, last_n: int, at: int) -> frozenset[int]:
    """The segments with lines of these numbers that have expired at this moment or later."""
    gone = select(_S.number).where(_S.state == EXPIRED, _S.expired_at >= at)
    between = gone.where(_S.last_n >= first_n, _S.first_n <= last_n)
    return frozenset(connection.execute(between).scalars())


def first_of(connection: Connection, since: int) -> int:
    """The first number that may have been written at ``since`` or later."""
    found = connection.execute(select(func.min(_S.first_n)).where(_S.last_at >= since - DISORDER_MS)).scalar()
    return found or 1


def speaking_of(connection: Connection, rooms: Iterable[int]) -> frozenset[int]:
    """The segments in which one of these rooms stands; one that is not closed may hold any."""
    keys = key_rows(connection.dialect.name, int)
    r = log_segment_rooms.c
    wanted = select(r.segment).select_from(keys.join(log_segment_rooms, r.channel_id == keys.c.k0)).distinct()
    found = set(connection.execute(wanted, {"keys": packed(sorted(rooms))}).scalars())
    unsplit = connection.execute(select(_S.number).where(_S.state == OPEN)).scalars()
    return frozenset(found | set(unsplit))


def manifests_of(connection: Connection, numbers: Iterable[int]) -> dict[int, tuple[str, bytes]]:
    """What was signed of these segments, and the signature."""
    keys = key_rows(connection.dialect.name, int)
    wanted = select(_S.number, _S.manifest, _S.signature).select_from(keys.join(log_segments, _S.number == keys.c.k0))
    rows = connection.execute(wanted, {"keys": packed(numbers)})
    return {row.number: (row.manifest, bytes.fromhex(row.signature)) for row in rows if row.manifest}


def _segments(connection: Connection, which: Any) -> list[Segment]:
    rows = connection.execute(select(*_SEGMENT).where(which).order_by(_S.number))
    return [Segment(*row) for row in rows]


def _shown(row: Any) -> LogSegment:
    return LogSegment(
        number=row.number,
        day=row.day,
        part=row.part,
        first_n=row.first_n,
        last_n=row.last_n,
        lines=row.last_n - row.first_n + 1,
        bytes=row.bytes,
        state=row.state,
        name=f"{name(row.day, row.part)}.jsonl",
        closed_at=row.closed_at or 0,
        verified_at=row.verified_at or 0,
        verdict=row.verdict,
    )


def month_of(now: datetime, zone: tzinfo) -> str:
    """当月."""
    return now.astimezone(zone).strftime("%Y-%m")


# ---------------------------------------------------------------- rooms and people


def rooms(connection: Connection, text: str) -> list[LogRoom]:
    """Rooms by part of their name; a direct talk by part of the name of one of the two."""
    c, m, a = channels.c, members.c, accounts.c
    words = folded(plain_text(text)).split()
    direct = select(m.channel_id).join_from(members, accounts, a.id == m.account_id)
    for word in words:
        direct = direct.where(a.search_key.like(like(word), escape="\\"))
    wanted = select(c.id, c.kind, c.name, c.members).order_by(c.name, c.id)
    named = connection.execute(wanted.where(c.kind != "direct")).all()
    # Folded here and not in SQL: LIKE ignores case for ASCII only on SQLite, and not at all on PostgreSQL.
    found = [row for row in named if all(word in folded(row.name) for word in words)][:FOUND_LIMIT]
    pairs = (
        connection.execute(wanted.where(c.kind == "direct", c.id.in_(direct)).limit(FOUND_LIMIT)).all()
        if words
        else []
    )
    names = _pair_names(connection, [row.id for row in pairs])
    shown = [LogRoom(row.id, row.kind, row.name or names.get(row.id, ""), row.members) for row in (*found, *pairs)]
    return shown[:FOUND_LIMIT]


def people(connection: Connection, text: str) -> list[LogPerson]:
    """People by part of name, kana or login ID, those who have left too."""
    a = accounts.c
    wanted = select(a.id, a.name, a.kana, a.login_id, a.state).where(a.user_type == "REGULAR_USER", admitted())
    for word in folded(plain_text(text)).split():
        wanted = wanted.where(
            or_(a.search_key.like(like(word), escape="\\"), a.login_key.like(like(word), escape="\\"))
        )
    rows = connection.execute(wanted.order_by(a.search_key, a.id).limit(FOUND_LIMIT))
    return [_person(row) for row in rows]


def people_called(connection: Connection, ids: Iterable[int]) -> list[LogPerson]:
    """These, in the order of their numbers."""
    keys, a = key_rows(connection.dialect.name, int), accounts.c
    wanted = select(a.id, a.name, a.kana, a.login_id, a.state).select_from(keys.join(accounts, a.id == keys.c.k0))
    rows = connection.execute(wanted.order_by(a.id), {"keys": packed(sorted(set(ids)))})
    return [_person(row) for row in rows]


def rooms_called(connection: Connection, ids: Iterable[int]) -> list[LogRoom]:
    keys, c = key_rows(connection.dialect.name, int), channels.c
    wanted = select(c.id, c.kind, c.name, c.members).select_from(keys.join(channels, c.id == keys.c.k0))
    rows = connection.execute(wanted.order_by(c.id), {"keys": packed(sorted(set(ids)))}).all()
    names = _pair_names(connection, [row.id for row in rows if row.kind == "direct"])
    return [LogRoom(row.id, row.kind, row.name or names.get(row.id, ""), row.members) for row in rows]


def standings(connection: Connection, ids: Iterable[int]) -> list[tuple[int, int, bool, int, int]]:
    """Every room in which these people are or have been: person, room, in it now, since when, ``rev`` of the row."""
    keys, m = key_rows(connection.dialect.name, int), members.c
    wanted = select(m.account_id, m.channel_id, m.active, m.joined_at, m.rev).select_from(
        keys.join(members, m.account_id == keys.c.k0)
    )
    rows = connection.execute(wanted, {"keys": packed(sorted(set(ids)))})
    return [(row.account_id, row.channel_id, bool(row.active), to_millis(row.joined_at), row.rev) for row in rows]


def _pair_names(connection: Connection, direct: list[int]) -> dict[int, str]:
    keys, m, a = key_rows(connection.dialect.name, int), members.c, accounts.c
    joined = keys.join(members, m.channel_id == keys.c.k0).join(accounts, a.id == m.account_id)
    rows = connection.execute(
        select(m.channel_id, a.name).select_from(joined).order_by(m.channel_id, a.id), {"keys": packed(direct)}
    )
    names: dict[int, list[str]] = {}
    for row in rows:
        names.setdefault(row.channel_id, []).append(row.name)
    return {channel: "・".join(both) for channel, both in names.items()}


def _person(row: Any) -> LogPerson:
    return LogPerson(row.id, row.name, row.kana, row.login_id, row.state == "deleted")
