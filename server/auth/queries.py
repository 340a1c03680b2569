"""Questions about people and sessions. One function, one question, our own types out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, func, select

from server.auth.model import Account, Privilege, Session, SignedIn, State, UserType
from server.auth.tables import accounts, privileges, sessions, throttles
from server.auth.throttle import Throttle
from server.data.sets import key_rows, packed


@dataclass(frozen=True, slots=True)
class Credentials:
    """Somebody, and the hash of his password (None: he cannot sign in yet)."""

    account: Account
    password_hash: str | None


AnyRow = Row[*tuple[Any, ...]]

_ACCOUNT_COLUMNS = (
    accounts.c.id,
    accounts.c.login_id,
    accounts.c.name,
    accounts.c.kana,
    accounts.c.language,
    accounts.c.state,
    accounts.c.talk,
    accounts.c.must_change,
    accounts.c.password_hash,
    accounts.c.user_type,
    accounts.c.anpi_login_id,
    accounts.c.talk_log,
    accounts.c.initial_until,
    accounts.c.first_seen_at,
    accounts.c.agreed_at,
    privileges.c.privilege,
)
_ENABLED = and_(accounts.c.state == State.ENABLED.value, accounts.c.user_type == UserType.REGULAR_USER.value)
"""Who may sign in."""
_WITH_PRIVILEGES = accounts.outerjoin(privileges, privileges.c.account_id == accounts.c.id)


def account(connection: Connection, account_id: int) -> Account | None:
    """Somebody by number, deleted people too."""
    found = credentials_of(connection, account_id)
    return found.account if found else None


def credentials(connection: Connection, login_key: str) -> Credentials | None:
    """Somebody by login ID; deleted people have none."""
    return _credentials(connection, _people().where(accounts.c.login_key == login_key))


def credentials_of(connection: Connection, account_id: int) -> Credentials | None:
    return _credentials(connection, _by_id(), {"id": account_id})


def anybody(connection: Connection) -> bool:
    """Whether there is any account at all."""
    return connection.execute(select(accounts.c.id).limit(1)).first() is not None


def accounts_of(connection: Connection, ids: Iterable[int]) -> dict[int, Account]:
    """These people by number, deleted ones too; a number that nobody has is left out."""
    keys = key_rows(connection.dialect.name, int)
    wanted = _people().join(keys, keys.c.k0 == accounts.c.id).order_by(accounts.c.id)
    rows = connection.execute(wanted, {"keys": packed(sorted(set(ids)))})
    return {id: _account(list(each)) for id, each in groupby(rows, key=lambda row: row.id)}


def anpi_id_owner(connection: Connection, anpi_key: str) -> int | None:
    """Whose 安否ログインID this is."""
    return connection.execute(select(accounts.c.id).where(accounts.c.anpi_key == anpi_key)).scalar()


def enabled_administrators(connection: Connection) -> int:
    """How many enabled people hold ADMIN_USER."""
    administrator = privileges.c.privilege == Privilege.ADMIN_USER.value
    held = and_(privileges.c.account_id == accounts.c.id, administrator)
    counted = select(func.count()).select_from(accounts.join(privileges, held))
    return connection.execute(counted.where(_ENABLED)).scalar_one()


def first_administrator(connection: Connection) -> str | None:
    """The login ID of whoever has been ADMIN_USER the longest."""
    administrator = privileges.c.privilege == Privilege.ADMIN_USER.value
    held = and_(privileges.c.account_id == accounts.c.id, administrator)
    wanted = select(accounts.c.login_id).select_from(accounts.join(privileges, held)).where(_ENABLED)
    return connection.execute(wanted.order_by(accounts.c.id).limit(1)).scalar()


def signed_in(connection: Connection, token_hash: str, now: datetime, idle: timedelta) -> SignedIn | None:
    """Whom this session speaks for: an enabled account, and not beyond its idle or its absolute end."""
    with_session = _WITH_PRIVILEGES.join(sessions, sessions.c.account_id == accounts.c.id)
    wanted = (
        select(*_ACCOUNT_COLUMNS, *_SESSION_COLUMNS)
        .select_from(with_session)
        .where(sessions.c.token_hash == token_hash, _ENABLED, *_alive(now, idle))
    )
    rows = connection.execute(wanted).all()
    return SignedIn(_account(rows), _session(rows[0])) if rows else None


def sessions_of(connection: Connection, account_id: int, now: datetime, idle: timedelta) -> list[Session]:
    """Where somebody is signed in, the latest used first."""
    wanted = select(*_SESSION_COLUMNS).where(sessions.c.account_id == account_id, *_alive(now, idle))
    return [_session(row) for row in connection.execute(wanted.order_by(sessions.c.seen_at.desc()))]


def standing(connection: Connection, hashes: Iterable[str], now: datetime, idle: timedelta) -> set[str]:
    """Which of these sessions still speak for an enabled account: for sockets that are open for days."""
    keys = key_rows(connection.dialect.name, str)
    joined = sessions.join(keys, keys.c.k0 == sessions.c.token_hash).join(
        accounts, accounts.c.id == sessions.c.account_id
    )
    wanted = select(sessions.c.token_hash).select_from(joined)
    wanted = wanted.where(_ENABLED, *_alive(now, idle))
    return set(connection.execute(wanted, {"keys": packed(hashes)}).scalars())


def throttle(connection: Connection, key: str) -> Throttle | None:
    row = connection.execute(select(throttles).where(throttles.c.key == key)).first()
    return Throttle(row.failures, row.last_at) if row else None


_SESSION_COLUMNS = (
    sessions.c.token_hash,
    sessions.c.public_id,
    sessions.c.account_id,
    sessions.c.created_at,
    sessions.c.seen_at,
    sessions.c.ends_at,
    sessions.c.agent,
    sessions.c.address,
)


def _alive(now: datetime, idle: timedelta) -> tuple[Any, ...]:
    return (sessions.c.seen_at > now - idle, sessions.c.ends_at > now)


def _people() -> Select[Any]:
    return select(*_ACCOUNT_COLUMNS).select_from(_WITH_PRIVILEGES)


# Every question asks who asks: to build this anew takes as long as to run it.
@cache
def _by_id() -> Select[Any]:
    return _people().where(accounts.c.id == bindparam("id"))


def _credentials(
    connection: Connection, wanted: Select[Any], given: Mapping[str, object] | None = None
) -> Credentials | None:
    rows = connection.execute(wanted, given or {}).all()
    return Credentials(_account(rows), rows[0].password_hash) if rows else None


def _account(rows: Sequence[AnyRow]) -> Account:
    """One account from its rows, one for each privilege."""
    first = rows[0]
    return Account(
        id=first.id,
        login_id=first.login_id,
        name=first.name,
        kana=first.kana,
        language=first.language,
        state=State(first.state),
        talk=first.talk,
        must_change=first.must_change,
        privileges=frozenset(Privilege(row.privilege) for row in rows if row.privilege),
        user_type=UserType(first.user_type),
        anpi_login_id=first.anpi_login_id,
        talk_log=first.talk_log,
        initial_until=first.initial_until,
        first_seen_at=first.first_seen_at,
        agreed_at=first.agreed_at,
    )


def _session(row: AnyRow) -> Session:
    return Session(
        token_hash=row.token_hash,
        public_id=row.public_id,
        account_id=row.account_id,
        created_at=row.created_at,
        seen_at=row.seen_at,
        ends_at=row.ends_at,
        agent=row.agent,
        address=row.address,
    )
