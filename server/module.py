"""What a feature plugs into the server: one ``Module`` value in its ``module.py``, found by its name.

The server imports no feature; ``Settings.modules`` names those that run.
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct
from sqlalchemy import Connection
from starlette.routing import BaseRoute

from server.auth.model import Actor
from server.contract.terms import Contract
from server.live.frames import Command, Frame, Hello

if TYPE_CHECKING:
    from server.figures import Figure
    from server.live.conversation import Conversation
    from server.services import Services


class UnknownModule(Exception):
    """A name in ``RENRAKU_MODULES`` that is no feature, or a feature whose needs do not run."""


Handler = Callable[["Conversation", Any], Awaitable[Frame | None] | None]
"""Answers a command: at once (None: it answers by itself), or as a coroutine that gives the answer."""


@dataclass(frozen=True)
class Greeting:
    """What a feature says when a connection begins: its part of ``welcome``, and what follows it."""

    section: Struct
    frames: Iterable[Frame] = ()


@dataclass(frozen=True)
class Missing:
    """What a topic's watchers lack: the frames that bring them to ``rev``, and who came in and went out, with what
    is told to those who did."""

    rev: int
    frames: tuple[Frame, ...] = ()
    joined: tuple[int, ...] = ()
    left: tuple[int, ...] = ()
    gone: Frame | None = None


@dataclass(frozen=True)
class TopicKind:
    """Topics whose key begins with ``prefix``.

    ``heads(connection, keys)`` gives the newest ``rev`` of each; ``missing(connection, key, rev)`` gives what
    watchers that are at ``rev`` lack, the same for all of them. ``standing(connection, accounts)`` gives, for each
    account, the topics it may watch with the ``rev`` of the row that gives the right; ``gone(key)`` is what one is
    told who may not any more. Both are left out where everybody who is signed in may watch: each does as he wishes.
    """

    prefix: str
    heads: Callable[[Connection, list[str]], dict[str, int]]
    missing: Callable[[Connection, str, int], Missing]
    standing: Callable[[Connection, list[int]], dict[int, dict[str, int]]] | None = None
    gone: Callable[[str], Frame] | None = None


@dataclass(frozen=True)
class Tick:
    """Something that happens every ``every``. One missed while nothing ran happens once at start if it is
    younger than ``late``, else it is recorded as missed."""

    name: str
    every: timedelta
    run: Callable[[Services], Awaitable[None]]
    late: timedelta | None = None


Ask = Callable[[str, str, dict[str, Any]], list[str]]
"""Has an order of a feature (its name, the order's, what is given) done, and gives the lines that it says."""


@dataclass(frozen=True)
class Order:
    """Something for the operator: ``run(services, actor, given)`` says what came of it, ``given`` of this type.

    What may take longer than two minutes has ``doing``: how far it is, said at the terminal while it goes on.
    """

    given: type[Struct]
    run: Callable[[Services, Actor, Any], Awaitable[list[str]]]
    doing: Callable[[Services], str] | None = None


@dataclass(frozen=True)
class Module:
    """A feature. What it does not offer it leaves out."""

    name: str
    needs: tuple[str, ...] = ()
    opens: Callable[[Services], Any] | None = None
    """What the feature keeps for the life of a process; found again as ``services.state[name]``."""
    closes: Callable[[Services], Awaitable[None]] | None = None
    """Ends what it has begun."""
    routes: Callable[[Services], list[BaseRoute]] | None = None
    open_paths: tuple[str, ...] = ()
    """How addresses begin whose right is a signature in the address or the body, and never a cookie: from which page
    a request comes is not asked there."""
    commands: Mapping[type[Command], Handler] = field(default_factory=dict)
    contract: Contract = field(default_factory=Contract)
    """What it promises to strangers: a test finds a command, a frame or a route that is left out."""
    greet: Callable[[Conversation, Hello], Awaitable[Greeting]] | None = None
    topics: tuple[TopicKind, ...] = ()
    jobs: Mapping[str, Callable[[Services, Any], Awaitable[None]]] = field(default_factory=dict)
    ticks: tuple[Tick, ...] = ()
    loops: Mapping[str, Callable[[Services], Coroutine[Any, Any, None]]] = field(default_factory=dict)
    """What goes on in every process that serves or works, by its name; each ends when the process drains."""
    figures: tuple[Figure, ...] = ()
    """Metrics of its own, and what only the database knows for them (found again as ``Stored.more``)."""
    stored: Callable[[Connection], Mapping[str, float]] | None = None
    ports: Callable[[Services], Mapping[str, Any]] | None = None
    sandbox: Mapping[str, str] = field(default_factory=dict)
    """What may be called in the sandbox: a name for ``services.sandbox.run``, and "package.module:function", which is
    imported there only."""
    cli: Callable[[Ask], tuple[click.Command, ...]] | None = None
    """Commands of its own, which have their work done by ``orders``."""
    orders: Mapping[str, Order] = field(default_factory=dict)
    """What it does for the operator at the command line, through the server that runs."""
    demo: Callable[[Services, Any], Awaitable[None]] | None = None


def load_modules(names: Iterable[str]) -> tuple[Module, ...]:
    """The features called ``names``, in that order. Raises ``UnknownModule``."""
    modules = tuple(_load(name) for name in names)
    running = {module.name for module in modules}
    for module in modules:
        missing = [need for need in module.needs if need not in running]
        if missing:
            raise UnknownModule(f"The module {module.name} needs {', '.join(missing)} in RENRAKU_MODULES.")
    return modules


def _load(name: str) -> Module:
    try:
        found: Module = importlib.import_module(f"{name}.module").module
        return found
    except ModuleNotFoundError as problem:
        if problem.name not in (name, f"{name}.module"):
            raise
        raise UnknownModule(f"There is no module called {name} (RENRAKU_MODULES).") from None
