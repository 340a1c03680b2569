"""What an operator may ask of the server, each thing a type; done the same way from the command line and
through the control socket.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from server import demo
from server.auth import actions, company, queries, seats
from server.auth.company_changing import CompanyChanges, LicenceChanges, change_company
from server.auth.model import Account, Actor, Privilege, login_key, new_account
from server.auth.password_rule import check_password
from server.auth.rules import FIELD_OF_SEAT
from server.errors import Invalid, NotFound
from server.ports import company_listeners, people_listeners
from server.services import Services


class Order(Struct, tag_field="do", forbid_unknown_fields=True, kw_only=True):
    """Something that changes the company."""


class AddUser(Order, tag="user.add"):
    login_id: str
    name: str
    password: str
    kana: str = ""
    language: str = "ja"
    talk: bool = False
    privileges: list[str] = []


class GivePassword(Order, tag="user.password"):
    login_id: str
    password: str


class Disable(Order, tag="user.disable"):
    login_id: str


class Enable(Order, tag="user.enable"):
    login_id: str


class Delete(Order, tag="user.delete"):
    login_id: str


class SetTalk(Order, tag="user.talk"):
    login_id: str
    talk: bool


class LoadDemo(Order, tag="demo"):
    pass


class Licence(Order, tag="licence"):
    """The three numbers, after those that are given here have been set."""

    changes: LicenceChanges = LicenceChanges()


class Feature(Order, tag="feature"):
    """An order that a feature knows (``Module.orders``)."""

    feature: str
    what: str
    given: dict[str, Any] = {}


AnyOrder = AddUser | GivePassword | Disable | Enable | Delete | SetTalk | LoadDemo | Licence | Feature


class Counter(Struct):
    """One licence counter, in ID."""

    used: int
    limit: int


class Report(Struct, omit_defaults=True):
    """What came of it: ``code`` is empty when it was done, else a refusal's, with its sentence.

    With ``doing`` nothing has come of it yet: that is how far it is, and another report follows.
    """

    code: str = ""
    message: str = ""
    done: bool = True
    licences: dict[str, Counter] = {}
    said: list[str] = []
    doing: str = ""


decode_order = msgspec.json.Decoder(AnyOrder).decode
decode_report = msgspec.json.Decoder(Report).decode
encode = msgspec.json.Encoder().encode

TELL_SECONDS = 2.0


async def watched(
    services: Services, order: AnyOrder, work: Awaitable[Report], tell: Callable[[str], None]
) -> Report:
    """Wait for the work, and tell every few seconds how far it is, where the order knows."""
    doing, task = doing_of(services, order), asyncio.ensure_future(work)
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=TELL_SECONDS)
            if doing is not None and not task.done() and (far := doing(services)):
                tell(far)
        return task.result()
    finally:
        task.cancel()


def doing_of(services: Services, order: AnyOrder) -> Callable[[Services], str] | None:
    """Asks how far this order is; None for one that is done at once."""
    if not isinstance(order, Feature):
        return None
    known = next((module.orders for module in services.modules if module.name == order.feature), {})
    return known[order.what].doing if order.what in known else None


async def carry_out(services: Services, actor: Actor, order: AnyOrder) -> Report:
    """Do it, and say whether anything was to be done. A refusal is raised."""
    match order:
        case AddUser():
            await _add(services, actor, order)
        case GivePassword():
            await _give_password(services, actor, order)
        case SetTalk():
            target = await _find(services, order.login_id)
            await services.writer.act(actions.set_talk, actor, target.id, order.talk, _listeners(services))
        case LoadDemo():
            return Report(done=await demo.load(services))
        case Licence():
            return Report(licences=await _licences(services, actor, order.changes))
        case Feature():
            return Report(said=await _by_feature(services, actor, order))
        case Disable() | Enable() | Delete():
            action = _STATE_ACTIONS[type(order)]
            target = await _find(services, order.login_id)
            await services.writer.act(action, actor, target.id, _listeners(services))
    return Report()


_STATE_ACTIONS = {
    Disable: actions.disable_account,
    Enable: actions.enable_account,
    Delete: actions.delete_account,
}


async def _add(services: Services, actor: Actor, order: AddUser) -> None:
    new = new_account(
        order.login_id,
        order.name,
        order.kana,
        language=order.language,
        talk=order.talk,
        privileges=_privileges(order.privileges),
    )
    password = check_password(order.password, new.login_id, services.company.name)
    password_hash = await services.passwords.hash(password)
    await services.writer.act(actions.add_account, actor, new, password_hash, listeners=_listeners(services))
    # Who was added first has ended the first run before it could ask for the company's name.
    await services.writer.act(company.ensure, demo.company_name(services.settings))


async def _give_password(services: Services, actor: Actor, order: GivePassword) -> None:
    target = await _find(services, order.login_id)
    password = check_password(order.password, target.login_id, services.company.name)
    password_hash = await services.passwords.hash(password)
    await services.writer.act(actions.set_password, actor, target.id, password_hash)


async def _by_feature(services: Services, actor: Actor, order: Feature) -> list[str]:
    known = next((module.orders for module in services.modules if module.name == order.feature), {})
    if order.what not in known:
        raise Invalid()
    try:
        given = msgspec.convert(order.given, known[order.what].given)
    except msgspec.ValidationError:
        raise Invalid() from None
    return await known[order.what].run(services, actor, given)


async def _licences(services: Services, actor: Actor, changes: LicenceChanges) -> dict[str, Counter]:
    if changes != LicenceChanges():
        wanted, listeners = CompanyChanges(licences=changes), company_listeners(services.ports)
        await services.writer.act(change_company, actor, wanted, listeners)
    counters: dict[str, Counter] = await services.readers.ask(_counters)
    return counters


def _counters(connection: Connection) -> dict[str, Counter]:
    found, used = company.find(connection), seats.used(connection)
    if found is None:
        raise NotFound("no_company")
    limits = found.licences
    return {name: Counter(getattr(used, name), getattr(limits, name)) for name in FIELD_OF_SEAT}


async def _find(services: Services, login_id: str) -> Account:
    found: Account | None = await services.readers.ask(_account, login_key(login_id))
    if found is None:
        raise NotFound("no_such_login", login_id=login_id)
    return found


def _account(connection: Connection, key: str) -> Account | None:
    found = queries.credentials(connection, key)
    return found.account if found else None


def _privileges(names: list[str]) -> frozenset[Privilege]:
    try:
        return frozenset(Privilege(name.upper()) for name in names)
    except ValueError:
        raise Invalid("format", field="privilege") from None


def _listeners(services: Services) -> tuple[object, ...]:
    return people_listeners(services.ports)
