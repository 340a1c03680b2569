"""What the talk plugs into the server."""

from __future__ import annotations

from chat import catchup, commands
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
from chat.marks import MarkBuffer
from server.module import Module, TopicKind
from server.services import Services


def _open(services: Services) -> MarkBuffer:
    return MarkBuffer(services.writer)


def _ports(services: Services) -> dict[str, object]:
    return {"people_changed": on_people_changed, "people_moved": on_people_moved}


module = Module(
    name="chat",
    opens=_open,
    commands=commands.HANDLERS,
    contract=CONTRACT,
    greet=commands.greet,
    topics=(TopicKind("channel:", catchup.heads, catchup.missing, catchup.standing, catchup.gone),),
    jobs={DEPART: depart_everywhere, RETURN: return_everywhere},
    ports=_ports,
    demo=furnish,
)
