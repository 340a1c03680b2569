"""The one door through which a request or a socket becomes a person."""

from __future__ import annotations

from datetime import timedelta

import structlog
from starlette.requests import HTTPConnection

from server.auth import sessions
from server.auth.cookies import session_token
from server.auth.model import Actor, Session, SignedIn
from server.errors import Busy, Forbidden, SignedOut, Unavailable
from server.services import Services

log = structlog.get_logger()


async def find(services: Services, connection: HTTPConnection) -> SignedIn | None:
    """Whom a request speaks for, by its cookie."""
    signed_in = await _known(services, connection)
    if signed_in is not None:
        await keep_alive(services, signed_in.session)
    return signed_in


async def _known(services: Services, connection: HTTPConnection) -> SignedIn | None:
    token = session_token(connection.scope, services.settings)
    if token is None:
        return None
    now, idle = services.clock(), idle_limit(services)
    signed_in = await services.readers.ask(sessions.find, sessions.hash_of(token), now, idle)
    if signed_in is None:
        return None
    # For the access log, and for refusals in his language.
    state = connection.scope.setdefault("state", {})
    state["account_id"], state["language"] = signed_in.account.id, signed_in.account.language
    return signed_in


async def require(services: Services, connection: HTTPConnection) -> SignedIn:
    """The same, or a refusal; who must change his password first, or accept the 利用目的, gets no further."""
    return await _allowed(services, await find(services, connection))


async def admit(services: Services, connection: HTTPConnection) -> SignedIn:
    """The same for a WebSocket handshake, which waits for no writing: ``Upkeep`` keeps its session alive."""
    return await _allowed(services, await _known(services, connection))


def must_agree(services: Services, signed_in: SignedIn) -> bool:
    """Whether there is a 利用目的 that this person has not accepted yet (A6)."""
    return bool(services.company.purpose) and signed_in.account.agreed_at is None


async def _allowed(services: Services, signed_in: SignedIn | None) -> SignedIn:
    if signed_in is None:
        raise SignedOut()
    if signed_in.account.must_change:
        raise Forbidden("must_change")
    if signed_in.account.agreed_at is None:
        if signed_in.heard:
            # Called back a moment ago: perhaps for a 利用目的 that this process has not heard of yet.
            services.company.forget()
        await services.company.look(services.readers)
        if must_agree(services, signed_in):
            raise Forbidden("must_agree")
    return signed_in


async def keep_alive(services: Services, session: Session) -> None:
    """Remember that the session is in use, at most once an hour. Open sockets must ask for it too."""
    if services.clock() - session.seen_at < sessions.SEEN_EVERY:
        return
    try:
        await services.writer.act(sessions.seen, session.token_hash, spends=False)
    except (Busy, Unavailable) as problem:
        # Reading goes on while nothing can be written; the next request tries again.
        log.warning("session.not_refreshed", reason=problem.code)


def actor_of(signed_in: SignedIn, connection: HTTPConnection) -> Actor:
    """This person at this address in this request, as the audit names him."""
    return signed_in.actor(address_of(connection), request_id_of(connection))


def stranger(connection: HTTPConnection) -> Actor:
    """Somebody who has not shown who he is."""
    return Actor(None, "", address=address_of(connection), request_id=request_id_of(connection))


def address_of(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client else ""


def request_id_of(connection: HTTPConnection) -> str:
    request_id: str = connection.scope.get("state", {}).get("request_id", "")
    return request_id


def idle_limit(services: Services) -> timedelta:
    return timedelta(days=services.settings.session_idle_days)
