"""Who somebody is and what he may do."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from server.errors import Conflict, Forbidden, Invalid
from server.text import one_line

LOGIN_ID_LIMIT = 254
NAME_LIMIT = 50
LANGUAGES = ("ja", "en")


class Privilege(StrEnum):
    """権限コントロール (S4). No privilege implies another."""

    ADMIN_USER = "ADMIN_USER"
    ADMIN_DIVISION = "ADMIN_DIVISION"
    ADMIN_COMPANY = "ADMIN_COMPANY"
    ADMIN_GOTALK = "ADMIN_GOTALK"
    ADMIN_ANPI = "ADMIN_ANPI"
    ADMIN_ACTION_LOG = "ADMIN_ACTION_LOG"


class State(StrEnum):
    """Disabled: no sign-in, still listed. Deleted: gone, but past messages keep the name (A1)."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in."""

    id: int
    login_id: str
    name: str
    kana: str = ""
    language: str = "ja"
    state: State = State.ENABLED
    talk: bool = False
    must_change: bool = False
    privileges: frozenset[Privilege] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, as the audit names him, and from where.

    ``account_id`` is None for the operator at the command line, who may everything, and for a stranger.
    """

    account_id: int | None
    name: str
    privileges: frozenset[Privilege] = field(default_factory=frozenset)
    operator: bool = False
    address: str = ""
    request_id: str = ""

    def require(self, privilege: Privilege) -> None:
        """Refuse unless this actor holds the privilege."""
        self.require_one_of(privilege)

    def require_one_of(self, *privileges: Privilege) -> None:
        """Refuse unless this actor holds at least one of the privileges."""
        if not self.operator and not self.privileges.intersection(privileges):
            raise Forbidden()

    def require_other(self, account_id: int) -> None:
        """Refuse what nobody may do to himself (A1)."""
        if self.account_id == account_id:
            raise Conflict("not_yourself")


@dataclass(frozen=True, slots=True)
class Session:
    """One browser in which somebody is signed in. ``public_id`` is what people name it by."""

    token_hash: str
    public_id: str
    account_id: int
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    agent: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The proof that a request or a socket speaks for an enabled account.

    ``heard`` are the revocations that were there when it was proved (``revocation.heard``).
    """

    account: Account
    session: Session
    heard: frozenset[int] = frozenset()

    def actor(self, address: str = "", request_id: str = "") -> Actor:
        """This person, as actions and the audit know him."""
        who = self.account
        return Actor(who.id, who.name, who.privileges, address=address, request_id=request_id)


@dataclass(frozen=True, slots=True)
class NewAccount:
    """Somebody to be added, already checked (``new_account``)."""

    login_id: str
    name: str
    kana: str
    language: str
    talk: bool
    privileges: frozenset[Privilege]


def operator(name: str = "operator") -> Actor:
    """The person at the command line of the machine, who owns its files anyway."""
    return Actor(None, name, operator=True)


_LOGIN_ID = re.compile(r"[@a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+")


def new_account(
    login_id: str,
    name: str,
    kana: str = "",
    *,
    language: str = "ja",
    talk: bool = False,
    privileges: frozenset[Privilege] = frozenset(),
) -> NewAccount:
    """What an account may be made of, or a refusal that names the field."""
    if language not in LANGUAGES:
        raise Invalid("format", field="language")
    return NewAccount(
        valid_login_id(login_id),
        short_line(name, "name", required=True),
        short_line(kana, "kana"),
        language,
        talk,
        privileges,
    )


def valid_login_id(login_id: str) -> str:
    """The login ID as it is kept: it looks like an address, and need not be one (S1)."""
    login_id = login_id.strip()
    if not login_id:
        raise Invalid("required", field="login_id")
    if len(login_id) > LOGIN_ID_LIMIT:
        raise Invalid("field_too_long", field="login_id", limit=LOGIN_ID_LIMIT)
    if not _LOGIN_ID.fullmatch(login_id):
        raise Invalid("format", field="login_id")
    return login_id


def login_key(login_id: str) -> str:
    """By what a login ID is found: it is compared without case."""
    return login_id.strip().lower()


def short_line(text: str, field_name: str, limit: int = NAME_LIMIT, *, required: bool = False) -> str:
    """The text on one line, if it is not too long, and there if it must be; else a refusal that names the field."""
    text = one_line(text)
    if required and not text:
        raise Invalid("required", field=field_name)
    if len(text) > limit:
        raise Invalid("field_too_long", field=field_name, limit=limit)
    return text
