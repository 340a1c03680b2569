"""What an account may be, and who may make it so: rules over plain values, for one person and for a whole file.

A rule that is broken is an ``AppError`` with its ``field``: the action raises the first, the import lists them all.
``Counts`` are the company's numbers; they can be added up over the rows of a file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, fields, replace

from server.auth.model import Account, Actor, NewAccount, Privilege, State, UserType, anpi_key, login_key
from server.errors import AppError, Conflict, Forbidden, Invalid

ANPI_ADMINISTRATORS = 30
"""How many ADMIN_ANPI a company has at most (S18)."""


@dataclass(frozen=True, slots=True)
class AccountState:
    """What of an account is subject to rules."""

    login_id: str
    user_type: UserType = UserType.REGULAR_USER
    enabled: bool = True
    privileges: frozenset[Privilege] = field(default_factory=frozenset)
    talk: bool = False
    talk_log: bool = False
    anpi_login_id: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """Seats taken (S2), anpi administrators (S18), and people who administer users and may sign in (A1)."""

    basic: int = 0
    talk: int = 0
    anpi: int = 0
    anpi_administrators: int = 0
    administrators: int = 0

    @property
    def seats(self) -> tuple[int, int, int]:
        return self.basic, self.talk, self.anpi

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Counts)))

    def __sub__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, each.name) - getattr(other, each.name) for each in fields(Counts)))


@dataclass(frozen=True, slots=True)
class Licences:
    """基本ユーザライセンス数, トークライセンス数, 安否確認機能数 (S2), each in ID."""

    basic: int = 100
    talk: int = 100
    anpi: int = 100


FIELD_OF_SEAT = {"basic": "user_type", "talk": "talk", "anpi": "anpi_login_id"}
"""The field of a person that takes a seat of each counter."""


def state_of(account: Account | NewAccount) -> AccountState:
    """An account as the rules see it."""
    enabled = account.enabled if isinstance(account, NewAccount) else account.state is State.ENABLED
    return AccountState(
        login_id=account.login_id,
        user_type=account.user_type,
        enabled=enabled,
        privileges=account.privileges,
        talk=account.talk,
        talk_log=account.talk_log,
        anpi_login_id=account.anpi_login_id,
    )


def counted(state: AccountState | None) -> Counts:
    """What this person counts for; a deleted one, or one who is not there yet (None), for nothing."""
    if state is None:
        return Counts()
    regular = state.user_type is UserType.REGULAR_USER
    return Counts(
        basic=int(regular),
        talk=int(state.talk),
        anpi=int(state.anpi_login_id != ""),
        anpi_administrators=int(Privilege.ADMIN_ANPI in state.privileges),
        administrators=int(regular and state.enabled and Privilege.ADMIN_USER in state.privileges),
    )


def taken_away(state: AccountState) -> Counts:
    """What the company counts less when this person goes."""
    return Counts() - counted(state)


def total(states: Iterable[AccountState | None]) -> Counts:
    return sum((counted(state) for state in states), Counts())


def settled(after: AccountState, given: Collection[str]) -> AccountState:
    """``after`` without what goes by itself, unless it is in ``given``, the fields that were asked for.

    Who ceases to be a talk administrator loses the talk log (S14); who signs in no more loses talk and privileges,
    and a FACILITY its anpi ID.
    """
    if after.user_type is not UserType.REGULAR_USER:
        lost: dict[str, object] = {"privileges": frozenset(), "talk": False, "talk_log": False}
        if after.user_type is UserType.FACILITY:
            lost["anpi_login_id"] = ""
        after = replace(after, **{name: value for name, value in lost.items() if name not in given})  # type: ignore[arg-type]
    if Privilege.ADMIN_GOTALK not in after.privileges and "talk_log" not in given:
        after = replace(after, talk_log=False)
    return after


def problems(
    after: AccountState, before: AccountState | None = None, domains: Collection[str] = ()
) -> list[AppError]:
    """What is wrong with a person who is to be ``after``; ``before`` is None for a new one.

    ``domains`` are those that a login ID may have (none: any); an old login ID may stay as it is.
    """
    found: list[AppError] = []
    renamed = before is None or login_key(before.login_id) != login_key(after.login_id)
    if renamed and not _in_domains(after.login_id, domains):
        found.append(Invalid("login_domain", field="login_id"))
    found += _problems_of_type(after)
    if after.talk_log and Privilege.ADMIN_GOTALK not in after.privileges:
        found.append(Invalid("talk_log_needs_right", field="talk_log"))
    if Privilege.ADMIN_ANPI in after.privileges and not after.anpi_login_id:
        was_one = before is not None and Privilege.ADMIN_ANPI in before.privileges and before.anpi_login_id != ""
        found.append(
            Conflict("anpi_id_kept", field="anpi_login_id")
            if was_one
            else Conflict("anpi_id_first", field="privileges")
        )
    return found


def company_problems(before: Counts, after: Counts, limits: Licences) -> list[AppError]:
    """What is wrong with the company when its numbers go from ``before`` to ``after``.

    A counter that is over its limit already may stay there, or sink.
    """
    found: list[AppError] = []
    for counter, named in FIELD_OF_SEAT.items():
        limit, wanted = getattr(limits, counter), getattr(after, counter)
        if wanted > limit and wanted > getattr(before, counter):
            found.append(Conflict("seats", field=named, licence=counter, limit=limit))
    if after.anpi_administrators > max(ANPI_ADMINISTRATORS, before.anpi_administrators):
        found.append(Conflict("anpi_admins_full", field="privileges", limit=ANPI_ADMINISTRATORS))
    if after.administrators < 1 <= before.administrators:
        found.append(Conflict("last_administrator", field="privileges"))
    return found


def rights_problems(actor: Actor, before: AccountState | None, after: AccountState, own: bool) -> list[AppError]:
    """What of this change the actor may not do (S4), and what nobody does to himself (A1): ``own``."""
    changed = changed_fields(before, after)
    found: list[AppError] = [Forbidden(field=name) for name in changed if not _may_set(actor, name, before, after)]
    if own and before is not None and _puts_himself_out(before, after):
        found.append(Conflict("not_yourself", field="privileges"))
    return found


def changed_fields(before: AccountState | None, after: AccountState) -> list[str]:
    """The fields that differ; of a new person all."""
    return [
        each.name
        for each in fields(AccountState)
        if before is None or getattr(before, each.name) != getattr(after, each.name)
    ]


def editable(actor: Actor) -> frozenset[str]:
    """The fields of an account that this actor may set (S4). ``privileges`` of an ADMIN_ANPI: only 「安否」."""
    if actor.operator or Privilege.ADMIN_USER in actor.privileges:
        return frozenset(each.name for each in fields(AccountState)) | {"name", "kana", "language"}
    allowed: set[str] = set()
    if Privilege.ADMIN_ANPI in actor.privileges:
        allowed |= {"privileges", "anpi_login_id"}
    if Privilege.ADMIN_GOTALK in actor.privileges:
        allowed |= {"talk"}
    return frozenset(allowed)


def same_login(one: str, other: str) -> bool:
    return login_key(one) == login_key(other)


def same_anpi_id(one: str, other: str) -> bool:
    return anpi_key(one) == anpi_key(other)


def _may_set(actor: Actor, name: str, before: AccountState | None, after: AccountState) -> bool:
    if actor.operator or Privilege.ADMIN_USER in actor.privileges:
        return True
    if name == "privileges":
        was = before.privileges if before else frozenset()
        only_anpi = was ^ after.privileges == {Privilege.ADMIN_ANPI}
        return only_anpi and Privilege.ADMIN_ANPI in actor.privileges
    return name in editable(actor)


def _puts_himself_out(before: AccountState, after: AccountState) -> bool:
    stripped = Privilege.ADMIN_USER in before.privileges - after.privileges
    out = before.enabled and not after.enabled
    return stripped or out or (after.user_type is not before.user_type)


def _problems_of_type(after: AccountState) -> list[AppError]:
    if after.user_type is UserType.REGULAR_USER:
        return []
    excluded = {"privileges": bool(after.privileges), "talk": after.talk}
    if after.user_type is UserType.FACILITY:
        excluded["anpi_login_id"] = after.anpi_login_id != ""
    return [Conflict("user_type_without", field=name) for name, has in excluded.items() if has]


def _in_domains(login_id: str, domains: Collection[str]) -> bool:
    return not domains or login_id.rpartition("@")[2].lower() in {domain.lower() for domain in domains}
