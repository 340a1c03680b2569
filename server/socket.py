"""The door of the one socket: origin, session and room are asked before it is accepted.

Who may not come in is told so by an HTTP status and never sees an open socket; who comes when too many do gets one
for as long as ``bye`` takes. Afterwards the line is taken over and this function ends: an idle connection holds no
task. The gate has asked the Host.
"""

from __future__ import annotations

import itertools
import secrets

import structlog
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from server.admission import check_room
from server.answers import refused
from server.auth import door
from server.auth.cookies import session_token
from server.auth.model import SignedIn
from server.entrance import TooMany
from server.errors import AppError, Forbidden, SignedOut
from server.live.connection import Connection
from server.live.conversation import Conversation
from server.live.frames import Bye, CloseCode, encode
from server.live.protocol import EXTENSION, TalkProtocol
from server.origin import check_origin
from server.services import Services

log = structlog.get_logger()

_run = secrets.token_hex(3)
_numbers = itertools.count(1)


class Socket:
    """ASGI: ``/socket``."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        try:
            signed_in = await self._admit(websocket)
        except AppError as refusal:
            return await self._refuse(websocket, refusal)
        except TooMany as later:
            return await self._put_off(websocket, later.retry_ms)
        line: TalkProtocol = scope["extensions"][EXTENSION]
        if line.disconnected or line.transport.is_closing():
            # Gone while we looked who it was.
            return None
        account, session = signed_in.account.id, signed_in.session.token_hash
        connection = Connection(_connection_id(), account, session, line, signed_in.heard)
        line.take_over(Conversation(self._services, signed_in.account, connection, line))
        # Entered before it is accepted: whoever revokes from now on finds it.
        self._services.hub.enter(connection)
        await websocket.accept()
        self._services.meter.sockets_opened += 1
        log.info("socket.open", connection=connection.id, account=signed_in.account.id)
        return None

    async def _admit(self, websocket: WebSocket) -> SignedIn:
        settings = self._services.settings
        if not check_origin(websocket.scope, settings):
            raise Forbidden("origin")
        if session_token(websocket.scope, settings) is None:
            # Strangers are told nothing else, and take nobody's time.
            raise SignedOut()
        with self._services.entrance.step():
            signed_in = await door.admit(self._services, HTTPConnection(websocket.scope))
        # Once more: whoever comes in after the good-byes would be told none.
        check_room(websocket.scope, self._services)
        return signed_in

    async def _refuse(self, websocket: WebSocket, refusal: AppError) -> None:
        await websocket.receive()
        await websocket.send_denial_response(refused(websocket.scope, refusal, self._services.settings, None))

    async def _put_off(self, websocket: WebSocket, retry_ms: int) -> None:
        """A browser cannot read the answer to a refused handshake: hence an open socket, and ``bye``."""
        await websocket.accept()
        await websocket.send_text(encode(Bye(code=CloseCode.OVERLOADED, retry_ms=retry_ms)).decode())
        line: TalkProtocol = websocket.scope["extensions"][EXTENSION]
        line.hang_up(CloseCode.OVERLOADED)


def _connection_id() -> str:
    """Short, unlike in every process, for logs and for the client's own eyes."""
    return f"{_run}-{next(_numbers)}"
