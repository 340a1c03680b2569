"""What each room of the safety check plugs into the server: its ``offer.py`` has an ``Offer``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.routing import BaseRoute

from server.contract.terms import Contract
from server.figures import Figure
from server.live.frames import Command
from server.module import Handler, Order, Tick, TopicKind
from server.services import Services


@dataclass(frozen=True)
class Offer:
    """A room's part of ``Module``; what it does not offer it leaves out."""

    routes: Callable[[Services], list[BaseRoute]] | None = None
    handlers: Mapping[type[Command], Handler] = field(default_factory=dict)
    contract: Contract = field(default_factory=Contract)
    topics: tuple[TopicKind, ...] = ()
    jobs: Mapping[str, Callable[[Services, Any], Awaitable[None]]] = field(default_factory=dict)
    ticks: tuple[Tick, ...] = ()
    loops: Mapping[str, Callable[[Services], Coroutine[Any, Any, None]]] = field(default_factory=dict)
    sandbox: Mapping[str, str] = field(default_factory=dict)
    orders: Mapping[str, Order] = field(default_factory=dict)
    figures: tuple[Figure, ...] = ()


def all_of(offers: tuple[Offer, ...], name: str) -> dict[Any, Any]:
    """The mappings called ``name`` as one."""
    return {key: value for offer in offers for key, value in getattr(offer, name).items()}


def every(offers: tuple[Offer, ...], name: str) -> tuple[Any, ...]:
    """The tuples called ``name`` as one."""
    return tuple(each for offer in offers for each in getattr(offer, name))
