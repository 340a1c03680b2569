"""The first run, from what was typed to a company and a session. The code comes first, the hash last."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from server.auth import company, device, first_run
from server.auth.company import Company
from server.auth.first_run import PRIVILEGES, Founded, Founding
from server.auth.model import Actor, new_account
from server.auth.password_rule import check_password
from server.auth.signing_in import Welcome, new_session
from server.errors import AppError, Invalid
from server.ports import people_listeners
from server.services import Services
from server.work.mail import sender_domain


@dataclass(frozen=True, slots=True)
class Wish:
    """What the first administrator typed, and what his browser brought along."""

    code: str
    company: str
    name: str
    kana: str
    login_id: str
    password: str
    again: str
    language: str
    actor: Actor
    agent: str = ""


async def set_up(services: Services, wish: Wish) -> tuple[Company, Welcome]:
    """The company stands, and its first administrator is signed in. A refusal has made nothing."""
    await services.writer.act(first_run.try_code, wish.actor, wish.code)
    founding, token = await _founding(services, wish)
    listeners = people_listeners(services.ports)
    act = services.writer.act
    made: Founded = await act(first_run.set_up, wish.actor, wish.code, founding, listeners)
    services.company.forget()
    # It is done, and nobody can do it again: a database that is busy now must not cost him what he was given.
    with suppress(AppError):
        await services.company.look(services.readers)
    mark = device.written(device.new_device(made.account.id), services.secrets)
    return made.company, Welcome(made.account, token, mark)


async def _founding(services: Services, wish: Wish) -> tuple[Founding, str]:
    name = company.valid_name(wish.company)
    administrator = new_account(
        wish.login_id, wish.name, wish.kana, language=wish.language, talk=True, privileges=PRIVILEGES
    )
    if wish.password != wish.again:
        raise Invalid("password_differs")
    accepted = check_password(wish.password, administrator.login_id, name)
    token, session = new_session(services, wish.agent)
    founding = Founding(
        company=name,
        administrator=administrator,
        password_hash=await services.passwords.hash(accepted),
        session=session,
        url=services.settings.public_url,
        mail_domain=sender_domain(services.settings),
    )
    return founding, token
