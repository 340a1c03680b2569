"""What a change of people does to rooms: somebody whose account is deleted leaves them all (A1), and is in them again
when the deletion is undone.

The right changes in the transaction itself (a deleted account is out at once); the leaving, with its line in
each room, follows in bulk steps from one job row.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from chat import actions, queries
from chat.files.settings import tell_readers
from chat.log.reading import may_read
from server.auth.model import Account, Actor, State
from server.clock import to_micros
from server.data.batch import Steps
from server.data.sets import chunks
from server.data.transaction import Transaction
from server.services import Services
from server.work import jobs

DEPART = "chat.depart"
RETURN = "chat.return"
PEOPLE_A_JOB = 50


def on_people_changed(tx: Transaction, actor: Actor, before: Account | None, after: Account) -> None:
    """Called by the ground in the transaction of the change."""
    if before is not None and before.state is not State.DELETED and after.state is State.DELETED:
        jobs.add(tx, DEPART, {"account": after.id})
    if may_read(before) != may_read(after):
        tell_readers(tx)


def on_people_moved(
    tx: Transaction, actor: Actor, removed: list[int], returned: list[int], since: datetime | None
) -> None:
    """Called by whoever removes many at once, in the transaction of it."""
    tell_readers(tx)
    # A statement for all: of ten thousand there are two hundred jobs, and everybody waits for this transaction.
    jobs.add_all(tx, DEPART, [{"accounts": list(some)} for some in chunks(removed, PEOPLE_A_JOB)])
    if since is not None:
        at = to_micros(since)
        jobs.add_all(tx, RETURN, [{"accounts": list(some), "since": at} for some in chunks(returned, PEOPLE_A_JOB)])


async def depart_everywhere(services: Services, body: Any) -> None:
    """Leave every room, one a step. Again is harmless: who is out stays out."""
    for account in body.get("accounts") or [body["account"]]:
        rooms = await services.readers.ask(queries.standing_rooms, int(account))
        await services.writer.bulk(_steps(int(account), sorted(rooms)))


async def return_everywhere(services: Services, body: Any) -> None:
    """Be in every room again that the deletion has ended, one a step. Again is harmless: who is in stays in."""
    for account in body["accounts"]:
        rooms = await services.readers.ask(queries.rooms_left, int(account), int(body["since"]))
        await services.writer.bulk(_back(int(account), rooms))


def _steps(account: int, rooms: list[int]) -> Steps:
    for room in rooms:
        yield partial(actions.depart, account=account, channel=room)


def _back(account: int, rooms: list[int]) -> Steps:
    for room in rooms:
        yield partial(actions.come_back, account=account, channel=room)
