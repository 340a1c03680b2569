"""Notices in talk: a direct word of the system's to each person, with the number of the disaster and never a token.

The app shows the card and answers by its own session. What is said and that it was said stand in one transaction.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from datetime import tzinfo

from anpi.sending import leasing, words
from anpi.sending.channels import result
from anpi.sending.composing import Composer
from anpi.sending.deliveries import State
from anpi.sending.leasing import Load, Result
from server import ports
from server.clock import zone
from server.data.batch import Steps
from server.data.transaction import Transaction
from server.ports import Notify
from server.services import Services

AT_ONCE = 50
"""People in one transaction: at most ~20 ms."""
UNREACHED = "talk is off"
TEXT_LIMIT = 10_000
"""As many characters as any message in talk may have."""


class Talker:
    """Says what waits in talk."""

    def __init__(self, services: Services, notify: Notify) -> None:
        self._services = services
        self._notify = notify
        self._composer = Composer(services)
        self._zone: tzinfo = zone(services.settings.time_zone)
        self._name = secrets.token_hex(8)

    async def say_waiting(self) -> int:
        """Say all that waits, in bulk steps; to how many."""
        await self._composer.look()
        said: int = await self._services.writer.bulk(self._steps(), first=True)
        return said

    def _steps(self) -> Steps:
        said = 0
        while number := (yield self._say_some):
            said += number
        return said

    def _say_some(self, tx: Transaction) -> int:
        load = leasing.step(tx, self._name, shares={"talk": AT_ONCE})
        if load.taken:
            leasing.step(tx, self._name, self._said(tx, load))
        return len(load.taken) or (1 if load.full else 0)

    def _said(self, tx: Transaction, load: Load) -> list[Result]:
        told: dict[tuple[int, int], dict[int, str]] = defaultdict(dict)
        for each in load.taken:
            occasion = self._composer.occasion(each.round, load.happenings[each.incident])
            text = words.notice(occasion, each.language, self._zone, each.name)
            told[each.incident, each.round][each.account] = text[:TEXT_LIMIT]
        reached = {
            key: self._notify(tx, key[0], f"anpi:{key[0]}:{key[1]}", texts) for key, texts in sorted(told.items())
        }
        return [
            result(each, State.SENT)
            if each.account in reached[each.incident, each.round]
            else result(each, State.FAILED, UNREACHED)
            for each in load.taken
        ]


def talker(services: Services) -> Talker | None:
    """Who says it; None where nobody talks."""
    notify = ports.notify(services.ports)
    return Talker(services, notify) if notify is not None else None
