"""Coming back with a code: it is looked at, then a new password is chosen, and one is signed in."""

from __future__ import annotations

from dataclasses import dataclass

from server.auth import codes, device
from server.auth.model import LOGIN_ID_LIMIT, Account, Actor
from server.auth.password_rule import check_password
from server.auth.signing_in import Welcome, new_session
from server.errors import Invalid
from server.services import Services

CODE_LIMIT = 32


@dataclass(frozen=True, slots=True)
class CodeAttempt:
    """Who somebody says he is, the code that was read out to him, and from where."""

    login_id: str
    code: str
    actor: Actor
    device_mark: str = ""
    agent: str = ""
    old_token: str = ""


async def try_code(services: Services, attempt: CodeAttempt) -> None:
    """Refuse a code that does not work; a wrong one is counted, and the next ones wait."""
    given = attempt.actor, attempt.login_id, _hash(services, attempt)
    await services.writer.act(codes.try_code, *given, _known(services, attempt))


async def use_code(services: Services, attempt: CodeAttempt, new: str, again: str) -> Welcome:
    """The code is used up, the new password set. A password that is not accepted leaves the code as it is."""
    given, known = (attempt.actor, attempt.login_id, _hash(services, attempt)), _known(services, attempt)
    if new != again:
        raise Invalid("password_differs")
    accepted = check_password(new, attempt.login_id, services.company.name)
    # Before the hash, which is dear: who guesses shall not make us work.
    await services.writer.act(codes.try_code, *given, known)
    password_hash = await services.passwords.hash(accepted)
    token, session = new_session(services, attempt.agent, attempt.old_token)
    account: Account = await services.writer.act(codes.use, *given, password_hash, session, known)
    mark = device.written(device.new_device(account.id), services.secrets)
    return Welcome(account, token, mark)


def _known(services: Services, attempt: CodeAttempt) -> device.Device | None:
    return device.read(attempt.device_mark, services.secrets)


def _hash(services: Services, attempt: CodeAttempt) -> str:
    if len(attempt.login_id) > LOGIN_ID_LIMIT or len(attempt.code) > CODE_LIMIT:
        raise codes.wrong_code()
    return codes.hash_of(services.secrets, attempt.login_id, attempt.code)
