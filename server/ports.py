"""What features need of each other without importing each other.

A module fills a port by offering a value under its name (``Module.ports``). A port that nobody fills has a
plain answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection

from server.auth import queries
from server.auth.company import Company
from server.auth.model import Account, Actor
from server.data.transaction import Transaction

PEOPLE_CHANGED = "people_changed"
PEOPLE_MOVED = "people_moved"
COMPANY_CHANGED = "company_changed"
MESSAGE_PAGE = "message_page"
PEOPLE = "people"
NOTIFY = "notify"

SHARED = frozenset({PEOPLE_CHANGED, PEOPLE_MOVED, COMPANY_CHANGED})
"""Ports that several modules may fill: their value is the tuple of all."""


class PeopleChanged(Protocol):
    """Hears of a change of somebody, in its transaction. ``before`` is None for a new account."""

    def __call__(self, tx: Transaction, actor: Actor, before: Account | None, after: Account) -> None: ...


class PeopleMoved(Protocol):
    """Hears of many who go, come back or are changed at once, in the transaction of it; instead of ``PeopleChanged``
    for each. Both lists may be empty: then nobody went or came.

    ``returned`` were deleted at ``since`` or later, and are to have again what they left then.
    """

    def __call__(
        self, tx: Transaction, actor: Actor, removed: list[int], returned: list[int], since: datetime | None
    ) -> None: ...


class CompanyChanged(Protocol):
    """Hears of a change of the company, in its transaction."""

    def __call__(self, tx: Transaction, actor: Actor, before: Company, after: Company) -> None: ...


@dataclass(frozen=True, slots=True)
class PersonName:
    """How somebody is called: name, kana, and the title of his 本務."""

    name: str
    kana: str = ""
    title: str = ""


class People(Protocol):
    """What a room asks about people. Filled by the directory; without it there are accounts, and no departments."""

    def names(self, connection: Connection, ids: Iterable[int]) -> Mapping[int, PersonName]:
        """How these are called, deleted people too."""

    def members(self, connection: Connection, departments: Iterable[int]) -> set[int]:
        """Everybody with a post in one of these departments, or below them."""

    def addresses(self, connection: Connection, ids: Iterable[int]) -> Mapping[int, tuple[str, ...]]:
        """The mail addresses that the company has for these people, in their order; who has none is left out."""


class Nobody:
    """The plain answer where no module fills the port ``people``."""

    def names(self, connection: Connection, ids: Iterable[int]) -> Mapping[int, PersonName]:
        found = queries.accounts_of(connection, ids)
        return {id: PersonName(account.name, account.kana) for id, account in found.items()}

    def members(self, connection: Connection, departments: Iterable[int]) -> set[int]:
        return set()

    def addresses(self, connection: Connection, ids: Iterable[int]) -> Mapping[int, tuple[str, ...]]:
        return {}


NOBODY: People = Nobody()


class Notify(Protocol):
    """Tells people something in talk, in the transaction of the caller: at most a few hundred at once."""

    def __call__(self, tx: Transaction, about: int, key: str, texts: Mapping[int, str]) -> set[int]:
        """Say to each account its text; whom it has reached: those who may talk.

        ``about`` is the number of what it is about, never a token: the talk log shows it. ``key`` names the notice:
        the same once more says nothing twice.
        """


class MessagePage(Protocol):
    """A whole HTML page that says one thing; without it a browser gets JSON, as programs do."""

    def __call__(self, language: str, title: str, text: str) -> str: ...


def joined(offers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """All modules' ports as one. Two that fill the same port, unless it is shared, are a mistake."""
    ports: dict[str, Any] = {}
    for offer in offers:
        for name, value in offer.items():
            if name in SHARED:
                ports[name] = (*ports.get(name, ()), value)
            elif name in ports:
                raise ValueError(f"two modules fill the port {name}")
            else:
                ports[name] = value
    return ports


def people_listeners(ports: Mapping[str, Any]) -> tuple[PeopleChanged, ...]:
    """Who wants to hear of changes of people."""
    listeners: tuple[PeopleChanged, ...] = ports.get(PEOPLE_CHANGED, ())
    return listeners


def move_listeners(ports: Mapping[str, Any]) -> tuple[PeopleMoved, ...]:
    """Who wants to hear of many at once."""
    listeners: tuple[PeopleMoved, ...] = ports.get(PEOPLE_MOVED, ())
    return listeners


def company_listeners(ports: Mapping[str, Any]) -> tuple[CompanyChanged, ...]:
    """Who wants to hear of changes of the company."""
    listeners: tuple[CompanyChanged, ...] = ports.get(COMPANY_CHANGED, ())
    return listeners


def notify(ports: Mapping[str, Any]) -> Notify | None:
    """How people are told something in talk; None where nobody talks."""
    found: Notify | None = ports.get(NOTIFY)
    return found


def people(ports: Mapping[str, Any]) -> People:
    """Whom to ask about people."""
    found: People = ports.get(PEOPLE, NOBODY)
    return found
