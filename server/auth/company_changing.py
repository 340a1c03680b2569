"""管理＞企業情報: what an ADMIN_COMPANY decides for everybody."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType
from sqlalchemy import select, update

from server.auth import company, revocation, seats, visibility
from server.auth.audit import record
from server.auth.company import CHANGED, Company, valid_name
from server.auth.model import Actor, Privilege
from server.auth.rules import Licences
from server.auth.tables import accounts, sessions
from server.auth.tables import company as company_table
from server.auth.visibility import Visibility
from server.data.transaction import Transaction
from server.errors import Conflict, Invalid, NotFound
from server.ports import CompanyChanged
from server.text import one_line, plain_text

SCHEME_LIMIT = 100
PURPOSE_LIMIT = 5000
DOMAINS_LIMIT = 100
LICENCES_LIMIT = 1_000_000

Count = Annotated[int, Meta(ge=0, le=LICENCES_LIMIT)]

_SCHEME = re.compile("[A-Za-z][A-Za-z0-9+.-]*:[!-~]*")
# What a browser would run, or read from the disk, instead of dialling (S8).
_NO_SCHEMES = ("javascript:", "data:", "vbscript:", "file:")
_DOMAIN = re.compile("[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:[.][a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")


class LicenceChanges(Struct, forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    """基本ユーザライセンス数, トークライセンス数, 安否確認機能数, each in ID; one that is left out stays."""

    basic: Count | UnsetType = UNSET
    talk: Count | UnsetType = UNSET
    anpi: Count | UnsetType = UNSET


class CompanyChanges(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What shall be different; a field that is left out stays. ``login_domains``: none means any."""

    name: str | UnsetType = UNSET
    phone_scheme: str | UnsetType = UNSET
    licences: LicenceChanges | UnsetType = UNSET
    visibility: dict[str, Visibility] | UnsetType = UNSET
    purpose: str | UnsetType = UNSET
    login_domains: list[str] | UnsetType = UNSET


def change_company(
    tx: Transaction, actor: Actor, changes: CompanyChanges, listeners: Sequence[CompanyChanged] = ()
) -> Company:
    """Make it so, or refuse with the field that is in the way. Licences never sink below what is in use (S2)."""
    actor.require(Privilege.ADMIN_COMPANY)
    tx.lock("company")
    before = company.find(tx.connection)
    if before is None:
        raise NotFound("no_company")
    after = changed(before, changes)
    if after == before:
        return before
    _require_room(tx, before.licences, after.licences)
    tx.connection.execute(update(company_table).values(_row(after)))
    tx.note(CHANGED)
    if after.purpose and not before.purpose:
        _ask_everybody(tx)
    record(tx, actor, "company.change", after.name, changed=_told(before, after))
    for listener in listeners:
        listener(tx, actor, before, after)
    return after


def _ask_everybody(tx: Transaction) -> None:
    """Whose socket is open comes back, and accepts the 利用目的 first. Only who has a session has a socket."""
    here = select(sessions.c.account_id).join(accounts, accounts.c.id == sessions.c.account_id).distinct()
    asked = tx.connection.execute(here.where(accounts.c.agreed_at.is_(None))).scalars()
    revocation.revoke_all(tx, list(asked), final=False)


def changed(before: Company, changes: CompanyChanges) -> Company:
    """The company after these changes, each in the form in which it is kept."""
    values: dict[str, Any] = {}
    if changes.name is not UNSET:
        values["name"] = valid_name(changes.name)
    if changes.phone_scheme is not UNSET:
        values["phone_scheme"] = valid_scheme(changes.phone_scheme)
    if changes.licences is not UNSET:
        values["licences"] = _licences(before.licences, changes.licences)
    if changes.visibility is not UNSET:
        values["visibility"] = visibility.changed(before.visibility, changes.visibility)
    if changes.purpose is not UNSET:
        values["purpose"] = valid_purpose(changes.purpose)
    if changes.login_domains is not UNSET:
        values["login_domains"] = valid_domains(changes.login_domains)
    return replace(before, **values)


def valid_scheme(scheme: str) -> str:
    """電話番号URLスキーム as it is kept: it begins as an address does, and opens nothing but a way to call (S8)."""
    scheme = one_line(scheme)
    if not scheme:
        raise Invalid("required", field="phone_scheme")
    if len(scheme) > SCHEME_LIMIT:
        raise Invalid("field_too_long", field="phone_scheme", limit=SCHEME_LIMIT)
    if not _SCHEME.fullmatch(scheme) or scheme.lower().startswith(_NO_SCHEMES):
        raise Invalid("format", field="phone_scheme")
    return scheme


def valid_purpose(purpose: str) -> str:
    purpose = plain_text(purpose).strip()
    if len(purpose) > PURPOSE_LIMIT:
        raise Invalid("field_too_long", field="purpose", limit=PURPOSE_LIMIT)
    return purpose


def valid_domains(domains: Sequence[str]) -> tuple[str, ...]:
    """Each once, in lower case, without an @ before it."""
    plain = [domain.strip().removeprefix("@").lower() for domain in domains]
    wanted = tuple(dict.fromkeys(domain for domain in plain if domain))
    if len(wanted) > DOMAINS_LIMIT:
        raise Invalid("too_many_values", field="login_domains", limit=DOMAINS_LIMIT)
    if not all(len(domain) <= 253 and _DOMAIN.fullmatch(domain) for domain in wanted):
        raise Invalid("format", field="login_domains")
    return wanted


def _licences(before: Licences, changes: LicenceChanges) -> Licences:
    asked: Mapping[str, Any] = {name: getattr(changes, name) for name in changes.__struct_fields__}
    return replace(before, **{name: value for name, value in asked.items() if value is not UNSET})


def _require_room(tx: Transaction, before: Licences, after: Licences) -> None:
    if after == before:
        return
    used = seats.used(tx.connection)
    for counter in ("basic", "talk", "anpi"):
        limit, taken = getattr(after, counter), getattr(used, counter)
        if limit < getattr(before, counter) and limit < taken:
            raise Conflict("licence_in_use", field="licences", licence=counter, used=taken)


def _row(after: Company) -> dict[str, Any]:
    return {
        "name": after.name,
        "phone_scheme": after.phone_scheme,
        "licence_basic": after.licences.basic,
        "licence_talk": after.licences.talk,
        "licence_anpi": after.licences.anpi,
        "visibility": visibility.written(after.visibility),
        "purpose": after.purpose,
        "login_domains": "\n".join(after.login_domains),
    }


def _told(before: Company, after: Company) -> dict[str, Any]:
    """What has changed, for the audit; the purpose is long, and told as changed."""
    told: dict[str, Any] = {}
    for name in ("name", "phone_scheme", "login_domains"):
        if getattr(before, name) != getattr(after, name):
            told[name] = [getattr(before, name), getattr(after, name)]
    for counter in ("basic", "talk", "anpi"):
        was, now = getattr(before.licences, counter), getattr(after.licences, counter)
        if was != now:
            told[f"licence_{counter}"] = [was, now]
    for field, value in after.visibility.items():
        if before.visibility[field] is not value:
            told[f"visibility {field}"] = [before.visibility[field].value, value.value]
    if before.purpose != after.purpose:
        told["purpose"] = True
    return told
