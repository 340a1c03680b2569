"""What features need of each other without importing each other.

A module fills a port by offering a value under its name (``Module.ports``). A port that nobody fills has a
plain answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from server.auth.model import Account, Actor
from server.data.transaction import Transaction

PEOPLE_CHANGED = "people_changed"
MESSAGE_PAGE = "message_page"

SHARED = frozenset({PEOPLE_CHANGED})
"""Ports that several modules may fill: their value is the tuple of all."""


class PeopleChanged(Protocol):
    """Hears of a change of somebody, in its transaction. ``before`` is None for a new account."""

    def __call__(self, tx: Transaction, actor: Actor, before: Account | None, after: Account) -> None: ...


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
