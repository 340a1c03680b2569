"""What a change of people does to rooms: somebody whose account is deleted leaves them all (A1).

The right changes in the transaction itself (a deleted account is out at once); the leaving, with its line in
each room, follows in bulk steps from one job row.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from chat import actions, queries
from server.auth.model import Account, Actor, State
from server.data.batch import Steps
from server.data.transaction import Transaction
from server.services import Services
from server.work import jobs

DEPART = "chat.depart"


def on_people_changed(tx: Transaction, actor: Actor, before: Account | None, after: Account) -> None:
    """Called by the ground in the transaction of the change."""
    if before is not None and before.state is not State.DELETED and after.state is State.DELETED:
        jobs.add(tx, DEPART, {"account": after.id})


async def depart_everywhere(services: Services, body: Any) -> None:
    """Leave every room, one a step. Again is harmless: who is out stays out."""
    account = int(body["account"])
    rooms = await services.readers.ask(queries.standing_rooms, account)
    await services.writer.bulk(_steps(account, sorted(rooms)))


def _steps(account: int, rooms: list[int]) -> Steps:
    for room in rooms:
        yield partial(actions.depart, account=account, channel=room)
