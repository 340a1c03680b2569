"""What a process needs, opened once and handed to whoever needs it. There are no globals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from server.auth.company import KnownCompany
from server.auth.passwords import PasswordPool
from server.clock import Clock
from server.data.readers import Readers
from server.data.reserve import Space
from server.data.store.model import Store
from server.data.writer import Writer
from server.descriptors import Descriptors
from server.entrance import Entrance
from server.health import Probe
from server.live.announcer import Announcer
from server.live.bus import Bus
from server.live.frames import Command
from server.live.hub import Hub
from server.live.notices import Notices
from server.live.parsing import Parser
from server.live.presence import Presences
from server.meter import LoopLag, Meter
from server.module import Handler, Module
from server.secrets import Secrets
from server.settings import Settings
from server.work.outbound import Outbound
from server.work.sandbox import Sandbox
from server.work.wakeup import Wakeups


@dataclass
class Services:
    """The open things of one process."""

    settings: Settings
    clock: Clock
    writer: Writer
    readers: Readers
    hub: Hub
    bus: Bus
    announcer: Announcer
    notices: Notices
    space: Space
    store: Store
    passwords: PasswordPool
    secrets: Secrets
    company: KnownCompany
    sandbox: Sandbox
    outbound: Outbound
    modules: tuple[Module, ...] = ()
    ports: Mapping[str, Any] = field(default_factory=dict)
    handlers: Mapping[type[Command], Handler] = field(default_factory=dict)
    parser: Parser = field(default_factory=lambda: Parser(()))
    wakeups: Wakeups = field(default_factory=Wakeups)
    descriptors: Descriptors = field(default_factory=Descriptors)
    entrance: Entrance = field(default_factory=Entrance)
    meter: Meter = field(default_factory=Meter)
    lag: LoopLag = field(default_factory=LoopLag)
    draining: bool = False
    """Nobody new is let in: the process is going."""
    state: dict[str, Any] = field(default_factory=dict)
    """What each module keeps for the life of the process, by the module's name."""

    def __post_init__(self) -> None:
        self.probe: Probe = Probe(self)
        self.presences = Presences(self)
