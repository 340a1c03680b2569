"""Who somebody is and what he may do."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from server.errors import Conflict, Forbidden, Invalid
from server.text import one_line

LOGIN_ID_LIMIT = 254
ANPI_ID_LIMIT = 32
NAME_LIMIT = 50
LANGUAGES = ("ja", "en")
INITIAL_PASSWORD_LASTS = timedelta(days=30)
"""How long a password that somebody else has set can be used for the first sign-in (A7)."""


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


class UserType(StrEnum):
    """USER_TYPE. Only a REGULAR_USER signs in; a REGISTRATION_ONLY_USER is listed, and may be asked by anpi; a
    FACILITY is a room or a number."""

    REGULAR_USER = "REGULAR_USER"
    REGISTRATION_ONLY_USER = "REGISTRATION_ONLY_USER"
    FACILITY = "FACILITY"


class SignInState(StrEnum):
    """Whether somebody has come yet (A7)."""

    NEVER = "never"
    """未ログイン"""
    EXPIRED = "expired"
    """期限切れ: the password that he was given may no longer be used."""
    SEEN = "seen"
    NONE = "none"
    """He signs in never: disabled, deleted, or no REGULAR_USER."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody, or something, that is listed; a REGULAR_USER who is enabled may sign in."""

    id: int
    login_id: str
    name: str
    kana: str = ""
    language: str = "ja"
    state: State = State.ENABLED
    talk: bool = False
    must_change: bool = False
    privileges: frozenset[Privilege] = field(default_factory=frozenset)
    user_type: UserType = UserType.REGULAR_USER
    anpi_login_id: str = ""
    talk_log: bool = False
    initial_until: datetime | None = None
    """Until when a password that somebody else has set may be used; None: for ever."""
    first_seen_at: datetime | None = None
    agreed_at: datetime | None = None

    @property
    def may_sign_in(self) -> bool:
        return self.state is State.ENABLED and self.user_type is UserType.REGULAR_USER

    def expired(self, now: datetime) -> bool:
        """Whether the password that somebody else has set can no longer be used (A7)."""
        return self.initial_until is not None and self.initial_until <= now

    def sign_in_state(self, now: datetime) -> SignInState:
        if not self.may_sign_in:
            return SignInState.NONE
        if self.expired(now):
            return SignInState.EXPIRED
        return SignInState.NEVER if self.first_seen_at is None else SignInState.SEEN


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
    user_type: UserType = UserType.REGULAR_USER
    enabled: bool = True
    anpi_login_id: str = ""
    talk_log: bool = False


def operator(name: str = "operator") -> Actor:
    """The person at the command line of the machine, who owns its files anyway."""
    return Actor(None, name, operator=True)


_LOGIN_ID = re.compile(r"[@a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+")
_ANPI_ID = re.compile("[a-zA-Z0-9]+")


def new_account(
    login_id: str,
    name: str,
    kana: str = "",
    *,
    language: str = "ja",
    talk: bool = False,
    privileges: frozenset[Privilege] = frozenset(),
    user_type: UserType = UserType.REGULAR_USER,
    enabled: bool = True,
    anpi_login_id: str = "",
    talk_log: bool = False,
) -> NewAccount:
    """What an account may be made of, or a refusal that names the field."""
    return NewAccount(
        valid_login_id(login_id),
        short_line(name, "name", required=True),
        short_line(kana, "kana"),
        valid_language(language),
        talk,
        privileges,
        user_type,
        enabled,
        valid_anpi_id(anpi_login_id),
        talk_log,
    )


def valid_language(language: str) -> str:
    if language not in LANGUAGES:
        raise Invalid("format", field="language")
    return language


def valid_anpi_id(anpi_login_id: str) -> str:
    """安否ログインID as it is kept: 半角英数字, at most 32 (S17); blank: none."""
    anpi_login_id = anpi_login_id.strip()
    if len(anpi_login_id) > ANPI_ID_LIMIT:
        raise Invalid("field_too_long", field="anpi_login_id", limit=ANPI_ID_LIMIT)
    if anpi_login_id and not _ANPI_ID.fullmatch(anpi_login_id):
        raise Invalid("format", field="anpi_login_id")
    return anpi_login_id


def anpi_key(anpi_login_id: str) -> str | None:
    """By what an anpi ID is unique: compared without case; None for a blank one."""
    return anpi_login_id.strip().lower() or None


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
