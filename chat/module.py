"""What the talk plugs into the server."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from starlette.routing import BaseRoute

from chat import catchup, commands, notices
from chat.contract import CONTRACT
from chat.demo import furnish
from chat.departures import (
    DEPART,
    RETURN,
    depart_everywhere,
    on_people_changed,
    on_people_moved,
    return_everywhere,
)
from chat.files import contract as files_contract
from chat.files import gathering, policy_commands, policy_contract, settings, sweeping
from chat.files.policy_routes import routes as policy_routes
from chat.files.routes import routes as file_routes
from chat.files.transfer import Transfer
from chat.log import alarms, downloads, rights
from chat.log import contract as log_contract
from chat.log import state as log_state
from chat.log.commands import commands as log_commands
from chat.log.figures import FIGURES
from chat.log.follower import follow
from chat.log.orders import ORDERS
from chat.log.routes import routes as log_routes
from chat.log.ticks import TICKS
from chat.marks import MarkBuffer
from server import ports
from server.auth.model import Account, Actor
from server.contract.terms import joined
from server.data.transaction import Transaction
from server.module import Module, TopicKind
from server.services import Services


def _open(services: Services) -> MarkBuffer:
    services.state["chat.files"] = Transfer(services)
    services.state[log_state.NAME] = log_state.open_log(services)
    services.state[downloads.SENDING] = downloads.Sending()
    return MarkBuffer(services.writer)


async def _close(services: Services) -> None:
    await services.state["chat.files"].close()


def _routes(services: Services) -> list[BaseRoute]:
    return [*policy_routes(services), *file_routes(services), *log_routes(services)]


def _ports(services: Services) -> dict[str, object]:
    return {"people_changed": _people_changed, "people_moved": _people_moved, ports.NOTIFY: notices.tell}


def _people_changed(tx: Transaction, actor: Actor, before: Account | None, after: Account) -> None:
    rights.on_people_changed(tx, actor, before, after)
    on_people_changed(tx, actor, before, after)


def _people_moved(
    tx: Transaction, actor: Actor, removed: list[int], returned: list[int], since: datetime | None
) -> None:
    rights.on_people_moved(tx, actor)
    on_people_moved(tx, actor, removed, returned, since)


module = Module(
    name="chat",
    opens=_open,
    closes=_close,
    routes=_routes,
    commands={**commands.HANDLERS, **policy_commands.HANDLERS},
    # Joining leaves the part of the welcome out: there is one.
    contract=replace(
        joined([CONTRACT, policy_contract.CONTRACT, files_contract.CONTRACT, log_contract.CONTRACT]),
        welcome=CONTRACT.welcome,
    ),
    greet=commands.greet,
    topics=(
        TopicKind("channel:", catchup.heads, catchup.missing, catchup.standing, catchup.gone),
        *settings.TOPICS,
    ),
    jobs={DEPART: depart_everywhere, RETURN: return_everywhere, rights.JOB: rights.tell_differences},
    ticks=(sweeping.TICK, *TICKS),
    loops={"talk log": follow, "uploads": sweeping.keep_clear},
    figures=FIGURES,
    stored=alarms.figures,
    ports=_ports,
    sandbox=gathering.SANDBOX,
    cli=log_commands,
    orders=ORDERS,
    demo=furnish,
)
