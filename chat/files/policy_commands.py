"""Which files may be sent, on the socket."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from chat import queries
from chat.files import settings
from chat.files.frames import FILES_LIMIT, AskPolicy, TalkPolicy
from chat.log.reading import readers
from server.data.space import MEBIBYTE
from server.errors import Forbidden
from server.live.conversation import Conversation
from server.live.frames import Command, Frame
from server.module import Handler


async def ask_policy(talk: Conversation, command: AskPolicy) -> Frame:
    """Watched first and read afterwards: no change is missed between the two."""
    talk.watch(settings.TOPIC, 0, await talk.read(_head, talk.account.id))
    told = await talk.read(_told)
    told.ref, told.max_files = command.ref, FILES_LIMIT
    told.max_bytes = talk.services.settings.upload_mb * MEBIBYTE
    return told


HANDLERS: Mapping[type[Command], Handler] = {AskPolicy: ask_policy}


def _head(connection: Connection, account: int) -> int:
    if not queries.may_talk(connection, account):
        raise Forbidden("talk_disabled")
    return settings.head(connection)


def _told(connection: Connection) -> TalkPolicy:
    return settings.told_policy(settings.head(connection), settings.current_policy(connection), readers(connection))
