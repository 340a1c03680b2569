"""ログイン通知書 (A7): passwords made for people, told once, to whoever asked, and kept nowhere in plain text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import Struct

from server.auth import actions, queries
from server.auth.model import Account, Actor, Privilege, State
from server.auth.password_rule import Accepted, check_password
from server.clock import to_millis
from server.errors import AppError, Conflict, Invalid, NotFound
from server.readable import readable_password
from server.services import Services

SHEETS_LIMIT = 300


class LoginSheet(Struct, omit_defaults=True):
    """What one person needs for the first sign-in, to be printed: it is told this once.

    The password can be used until ``until``, and must then be changed.
    """

    id: int
    company: str
    name: str
    login_id: str
    password: str
    address: str = ""
    until: int = 0


class LoginSheets(Struct):
    """The sheets that were asked for, in that order."""

    sheets: list[LoginSheet]


@dataclass(frozen=True, slots=True)
class Initial:
    """A password that was made for somebody, and its hash."""

    password: str
    password_hash: str


async def initial_password(services: Services, login_id: str) -> Initial:
    """A readable password (60 bits) that the rules accept."""
    accepted = _made(login_id, services.company.name)
    return Initial(accepted, await services.passwords.hash(accepted))


async def reissue(services: Services, actor: Actor, people: Sequence[int], address: str) -> list[LoginSheet]:
    """New passwords for these people, or for none of them; their sessions end."""
    actor.require(Privilege.ADMIN_USER)
    wanted = list(dict.fromkeys(people))
    if len(wanted) > SHEETS_LIMIT:
        raise Invalid("sheets_limit", limit=SHEETS_LIMIT)
    found: dict[int, Account] = await services.readers.ask(queries.accounts_of, wanted)
    for account_id in wanted:
        actor.require_other(account_id)
        _require_sign_in(found.get(account_id))
    # One after the other: people who sign in meanwhile find room between two of them.
    made = {id: await initial_password(services, found[id].login_id) for id in wanted}
    hashes = {id: initial.password_hash for id, initial in made.items()}
    given: list[Account] = await services.writer.act(actions.set_passwords, actor, hashes)
    return [sheet(services, account, made[account.id].password, address) for account in given]


def sheet(services: Services, account: Account, password: str, address: str) -> LoginSheet:
    """One person's sheet."""
    until = to_millis(account.initial_until) if account.initial_until else 0
    return LoginSheet(
        id=account.id,
        company=services.company.name,
        name=account.name,
        login_id=account.login_id,
        password=password,
        address=address,
        until=until,
    )


def _require_sign_in(account: Account | None) -> None:
    if account is None or account.state is State.DELETED:
        raise NotFound()
    if not account.may_sign_in:
        raise Conflict("no_sign_in")


def _made(login_id: str, company: str) -> Accepted:
    """The first of a few that holds none of the company's words; two in a row that do are rarer than lightning."""
    for _ in range(20):
        try:
            return check_password(readable_password(), login_id, company)
        except AppError:
            continue
    raise AssertionError("twenty random passwords were all refused")
