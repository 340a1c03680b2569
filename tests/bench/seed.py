"""A company for the bench, written straight into the tables before the server starts.

Signing in and creating rooms through the door would take minutes for thousands of people (a password hash
costs 41 ms), and is not what is measured. The rows are those that the server would have written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

from sqlalchemy import Connection, Engine, insert

from chat.tables import channels, members, messages
from server.auth.tables import accounts, sessions
from server.data import engine, migrate
from server.settings import Settings

COOKIE = "__Host-session"
SESSION_DAYS = 30
FIRST_MESSAGE_AT = 1_700_000_000_000
TEXT = "the quick brown fox jumps over the lazy dog and says good morning to everyone"
ROWS_AT_ONCE = 10_000


@dataclass(frozen=True)
class Company:
    """Who there is. Person ``p`` is in room ``p % rooms`` and in the ``rooms_each - 1`` rooms after it."""

    people: int
    rooms: int = 1
    rooms_each: int = 1
    messages: int = 0

    def rooms_of(self, person: int) -> list[int]:
        return sorted({(person + step) % self.rooms + 1 for step in range(self.rooms_each)})

    def people_of(self, room: int) -> list[int]:
        return _people_by_room(self)[room]

    def messages_of(self, room: int) -> int:
        return self.messages // self.rooms + (room <= self.messages % self.rooms)


@cache
def _people_by_room(company: Company) -> dict[int, list[int]]:
    rooms: dict[int, list[int]] = {room: [] for room in range(1, company.rooms + 1)}
    for person in range(company.people):
        for room in company.rooms_of(person):
            rooms[room].append(person)
    return rooms


def seed(settings: Settings, company: Company, who: Path) -> None:
    """Make the database of ``settings`` with this company in it, and the load client's list of its people."""
    database = engine.writing_engine(engine.parse(settings.database))
    try:
        migrate.upgrade(database)
        if settings.embedded:
            _checkpoint_by_itself(database)
        with database.begin() as connection:
            _people(connection, company)
            _rooms(connection, company)
        for at in range(0, company.messages, ROWS_AT_ONCE):
            with database.begin() as connection:
                _messages(connection, company, range(at, min(at + ROWS_AT_ONCE, company.messages)))
        if not settings.embedded:
            _tell_the_planner(database)
    finally:
        # The last connection to close writes the whole WAL back: the server starts with a clean file.
        database.dispose()
    write_who(who, company)


def _checkpoint_by_itself(database: Engine) -> None:
    """Nobody reads yet, so SQLite may write its WAL back as it likes; a million rows would else lie there."""
    connection = database.raw_connection()
    connection.execute("PRAGMA wal_autocheckpoint=1000").close()
    connection.close()


def _tell_the_planner(database: Engine) -> None:
    """PostgreSQL would find out by itself how large its tables are, in a minute or two."""
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def token(person: int) -> str:
    """The session token of a person: the same in every run, and worth nothing outside of it."""
    return hashlib.sha256(f"bench {person}".encode()).hexdigest()


def write_who(path: Path, company: Company, ports: Sequence[int] = ()) -> None:
    """The load client's list. With ``ports``, the first people connect to the first of them, as many to the next."""
    path.write_text("".join(_lines(company, ports)))


def _lines(company: Company, ports: Sequence[int]) -> Iterator[str]:
    for person in range(company.people):
        rooms = ",".join(map(str, company.rooms_of(person)))
        port = f"\t{ports[person * len(ports) // company.people]}" if ports else ""
        yield f"{COOKIE}={token(person)}\t{rooms}{port}\n"


def _people(connection: Connection, company: Company) -> None:
    now = datetime.now(UTC)
    people = range(company.people)
    connection.execute(insert(accounts), [_account(person, now) for person in people])
    connection.execute(insert(sessions), [session(person, now) for person in people])


def _account(person: int, now: datetime) -> dict[str, object]:
    name = f"Bench {person + 1}"
    return {
        "id": person + 1,
        "login_id": f"bench{person + 1}",
        "login_key": f"bench{person + 1}",
        "name": name,
        "search_key": name.lower(),
        # No password hashes to this: nobody signs in as one of these.
        "password_hash": "!",
        "talk": True,
        "created_at": now,
    }


def session(person: int, now: datetime) -> dict[str, object]:
    """The one session of somebody, whom ``token`` lets in."""
    return {
        "token_hash": hashlib.sha256(token(person).encode()).hexdigest(),
        "public_id": f"bench{person + 1}",
        "account_id": person + 1,
        "created_at": now,
        "seen_at": now,
        "ends_at": now + timedelta(days=SESSION_DAYS),
    }


def _rooms(connection: Connection, company: Company) -> None:
    now = datetime.now(UTC)
    rooms = range(1, company.rooms + 1)
    connection.execute(insert(channels), [_room(company, room, now) for room in rooms])
    rows = [
        _member(company, room, person, now) for person in range(company.people) for room in company.rooms_of(person)
    ]
    connection.execute(insert(members), rows)


def _room(company: Company, room: int, now: datetime) -> dict[str, object]:
    stored = company.messages_of(room)
    return {
        "id": room,
        "kind": "closed",
        "name": f"Room {room}",
        "seq": stored,
        # The room's beginning is its first event, each message one more.
        "rev": stored + 1,
        "room_rev": 1,
        "members": len(company.people_of(room)),
        "created_by": 1,
        "created_at": now,
    }


def _member(company: Company, room: int, person: int, now: datetime) -> dict[str, object]:
    return {
        "channel_id": room,
        "account_id": person + 1,
        "owner": company.people_of(room)[0] == person,
        "active": True,
        "rev": 1,
        "read_seq": company.messages_of(room),
        "joined_at": now,
    }


def _messages(connection: Connection, company: Company, numbers: range) -> None:
    """Without entries for the talk log: those of old messages are in its segments."""
    posted = [_posted(company, number) for number in numbers]
    connection.execute(insert(messages), [_message(*post) for post in posted])


def _posted(company: Company, number: int) -> tuple[int, int, int, int]:
    """Number, room, seq and speaker: the rooms are filled in turn, as they would be in life."""
    room, seq = number % company.rooms + 1, number // company.rooms + 1
    people = company.people_of(room)
    return number, room, seq, people[seq % len(people)]


def _message(number: int, room: int, seq: int, person: int) -> dict[str, object]:
    return {
        "channel_id": room,
        "seq": seq,
        "rev": seq + 1,
        "sender_id": person + 1,
        "client_id": _client_id(number),
        "at": FIRST_MESSAGE_AT + number,
        "text": TEXT,
    }


def _client_id(number: int) -> str:
    """A UUIDv7: the time first, so that it falls into the index where a browser's would."""
    time, noise = FIRST_MESSAGE_AT + number, (number * 0x9E3779B97F4A7C15) % 2**62
    return str(UUID(int=time << 80 | 7 << 76 | 2 << 62 | noise))
