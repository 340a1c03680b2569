"""What the board is asked: all of it, read in one transaction, by the rights of that moment."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from anpi import queries
from anpi.board import counting
from anpi.board.forms import Totals
from anpi.board.frames import Board
from server.auth.model import Actor, Privilege, State, UserType
from server.auth.tables import accounts, privileges
from server.data.sets import key_rows, packed
from server.errors import NotFound


def administrators(connection: Connection, people: Iterable[int]) -> set[int]:
    """Which of these administer the safety check at this moment."""
    keys, a, p = key_rows(connection.dialect.name, int), accounts.c, privileges.c
    joined = keys.join(accounts, a.id == keys.c.k0).join(privileges, p.account_id == a.id)
    wanted = (
        select(a.id)
        .select_from(joined)
        .where(
            p.privilege == Privilege.ADMIN_ANPI.value,
            a.state == State.ENABLED.value,
            a.user_type == UserType.REGULAR_USER.value,
        )
    )
    return set(connection.execute(wanted, {"keys": packed(sorted(set(people)))}).scalars())


def require_administrator(connection: Connection, account: int) -> None:
    """To all others nothing is there."""
    if not administrators(connection, [account]):
        raise NotFound()


def board(connection: Connection, incident: int, since: int | None = None) -> Board:
    """The check in numbers; with ``since`` the people too who have changed after that ``rev``."""
    head = counting.head(connection, incident)
    if head is None:
        raise NotFound()
    found = counting.tallies(connection, incident)
    totals = counting.summed(found)
    rows = [] if since is None else counting.changed(connection, incident, since)
    return Board(
        incident=incident,
        from_=head.rev if since is None else since,
        rev=head.rev,
        state=head.state,
        totals=totals,
        departments=counting.by_department(connection, found),
        areas=counting.by_area(found),
        prefectures=counting.by_prefecture(found),
        curve=counting.curve(connection, incident, totals.asked),
        rows=rows[: counting.ROWS_AT_MOST],
        more=len(rows) > counting.ROWS_AT_MOST,
    )


def opened(connection: Connection, account: int, incident: int, ref: int) -> Board:
    """The board for somebody who opens it."""
    require_administrator(connection, account)
    found = board(connection, incident)
    found.sending = counting.sending(connection, incident, found.totals.asked)
    found.ref = ref
    return found


def totals(connection: Connection, actor: Actor, incident: int) -> Totals:
    """集計."""
    queries.require_administrator(connection, actor)
    found, head = board(connection, incident), counting.head(connection, incident)
    assert head is not None and found.curve is not None
    return Totals(
        incident=incident,
        rev=found.rev,
        title=head.title,
        state=head.state,
        drill=head.drill,
        counts=found.totals,
        departments=found.departments,
        areas=found.areas,
        prefectures=found.prefectures,
        curve=found.curve,
        sending=counting.sending(connection, incident, found.totals.asked),
    )
