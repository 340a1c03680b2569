"""Who may ask what over HTTP: every route against everybody, and a route that stands in no row fails.

"May" means any answer but "sign in", "forbidden" and "change your password first": what there is to be done may be
missing. Numbers in paths are nobody's, so that nothing is changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from sqlalchemy import update

from server.app import make_app
from server.auth import actions
from server.auth.model import Privilege, operator
from server.auth.tables import accounts
from server.contract.documents import contract_of
from server.data.transaction import Transaction
from server.module import load_modules
from server.ports import people_listeners
from server.settings import Settings
from tests.tools.company import Someone, hire, sign_in
from tests.tools.running import Running
from tests.tools.visitor import Visitor

ANYBODY, SIGNED_IN = "anybody", "signed in"
FIRST, LEAVES = "signed in, the password to be changed or not", "is sent to the sign-in page"
PERSON, DIVISION, COMPANY, LOG = (
    frozenset({privilege})
    for privilege in (
        Privilege.ADMIN_USER,
        Privilege.ADMIN_DIVISION,
        Privilege.ADMIN_COMPANY,
        Privilege.ADMIN_ACTION_LOG,
    )
)
GOTALK = frozenset({Privilege.ADMIN_GOTALK})
READER = "talk administrator who may read the log"
LOG_READER = "may read the talk log; to everybody else nothing is there"
ANPI = "administers the safety check; to everybody else nothing is there"
SOME_FIELDS = PERSON | {Privilege.ADMIN_GOTALK, Privilege.ADMIN_ANPI}
"""Who opens 管理＞ユーザ (S4); which fields are whose stands in ``server/auth/rules.py``."""
IMPORTER = DIVISION | PERSON
"""Departments are the one's, people the other's; which of them an import was is not told to the third."""

Who = str | frozenset[Privilege]

SEES: Mapping[Who, str] = {LOG_READER: READER, ANPI: Privilege.ADMIN_ANPI}
"""Who alone sees that there is something."""

TABLE: Mapping[tuple[str, str], Who] = {
    ("GET", "/healthz"): ANYBODY,
    ("GET", "/readyz"): ANYBODY,
    ("GET", "/servez"): ANYBODY,
    ("GET", "/metrics"): ANYBODY,
    ("GET", "/api/asyncapi.json"): ANYBODY,
    ("GET", "/api/openapi.json"): ANYBODY,
    ("GET", "/assets/{name}"): ANYBODY,
    ("GET", "/static"): ANYBODY,
    ("GET", "/sw.js"): ANYBODY,
    ("GET", "/signin"): ANYBODY,
    ("POST", "/signin"): ANYBODY,
    ("POST", "/signout"): LEAVES,
    ("GET", "/setup"): ANYBODY,
    ("POST", "/setup"): ANYBODY,
    ("GET", "/code"): ANYBODY,
    ("POST", "/code"): ANYBODY,
    ("POST", "/welcome"): COMPANY,
    ("GET", "/password"): FIRST,
    ("POST", "/password"): FIRST,
    ("GET", "/agree"): SIGNED_IN,
    ("POST", "/agree"): SIGNED_IN,
    ("GET", "/"): SIGNED_IN,
    ("GET", "/talk"): SIGNED_IN,
    ("GET", "/talk/{channel:int}"): SIGNED_IN,
    ("GET", "/settings"): SIGNED_IN,
    ("GET", "/settings/profile"): SIGNED_IN,
    ("GET", "/directory"): SIGNED_IN,
    ("GET", "/directory/{person:int}"): SIGNED_IN,
    ("GET", "/groups"): SIGNED_IN,
    ("GET", "/groups/{group:int}"): SIGNED_IN,
    ("GET", "/groups/{group:int}/{person:int}"): SIGNED_IN,
    # One page of the app for all; what it shows is asked below.
    ("GET", "/admin"): SIGNED_IN,
    ("GET", "/admin/{path:path}"): SIGNED_IN,
    ("GET", "/talk-log"): SIGNED_IN,
    ("GET", "/api/anpi/contacts"): SIGNED_IN,
    ("GET", "/api/anpi/unreachable"): ANPI,
    ("POST", "/api/anpi/contacts"): SIGNED_IN,
    ("POST", "/api/anpi/contacts/{place:int}/ask"): SIGNED_IN,
    ("DELETE", "/api/anpi/contacts/{place:int}"): SIGNED_IN,
    ("GET", "/a/location.js"): ANYBODY,
    ("GET", "/a/{token}"): ANYBODY,
    ("POST", "/a/{token}"): ANYBODY,
    ("GET", "/c/{token}"): ANYBODY,
    ("POST", "/c/{token}"): ANYBODY,
    ("GET", "/anpi"): SIGNED_IN,
    ("GET", "/anpi/{path:path}"): SIGNED_IN,
    # Whose an upload is, and who may read a file's message, is asked at each: tests/contract/test_files.py.
    ("OPTIONS", "/api/files"): SIGNED_IN,
    ("POST", "/api/files"): SIGNED_IN,
    ("PUT", "/api/files"): SIGNED_IN,
    ("GET", "/api/files/{id}"): SIGNED_IN,
    ("PATCH", "/api/files/{id}"): SIGNED_IN,
    ("DELETE", "/api/files/{id}"): SIGNED_IN,
    ("GET", "/files/{id}/{name}"): SIGNED_IN,
    ("GET", "/files/{id}/thumbnail"): SIGNED_IN,
    ("GET", "/api/me"): SIGNED_IN,
    ("GET", "/api/sessions"): SIGNED_IN,
    ("POST", "/api/sessions/end"): SIGNED_IN,
    ("POST", "/api/sessions/end-others"): SIGNED_IN,
    ("POST", "/api/settings"): SIGNED_IN,
    ("GET", "/pictures/{name}/{size}"): SIGNED_IN,
    ("PUT", "/api/me/photo"): SIGNED_IN,
    ("DELETE", "/api/me/photo"): SIGNED_IN,
    ("GET", "/api/admin/company"): COMPANY,
    ("POST", "/api/admin/company"): COMPANY,
    ("PUT", "/api/admin/company/logo"): COMPANY,
    ("DELETE", "/api/admin/company/logo"): COMPANY,
    ("GET", "/api/admin/actions"): LOG,
    ("GET", "/api/admin/actions.csv"): LOG,
    ("GET", "/api/anpi/rules"): ANPI,
    ("POST", "/api/anpi/rules"): ANPI,
    ("GET", "/api/anpi/readiness"): ANPI,
    ("POST", "/api/anpi/readiness/mail"): ANPI,
    ("GET", "/api/anpi/events"): ANPI,
    ("GET", "/api/anpi/events/{id:int}"): ANPI,
    ("GET", "/api/anpi/incidents/{id:int}/why"): ANPI,
    ("POST", "/api/anpi/simulate"): ANPI,
    # Its right is a signature: tests/integration/anpi/test_inbound.py.
    ("GET", "/api/push"): SIGNED_IN,
    ("POST", "/api/push"): SIGNED_IN,
    ("DELETE", "/api/push"): SIGNED_IN,
    ("POST", "/api/hazard/inbound"): ANYBODY,
    ("GET", "/api/anpi/incidents"): ANPI,
    ("POST", "/api/anpi/incidents"): ANPI,
    ("GET", "/api/anpi/incidents/{id:int}"): ANPI,
    ("PATCH", "/api/anpi/incidents/{id:int}"): ANPI,
    ("POST", "/api/anpi/incidents/{id:int}/count"): ANPI,
    ("POST", "/api/anpi/incidents/{id:int}/send"): ANPI,
    ("POST", "/api/anpi/incidents/{id:int}/resend"): ANPI,
    ("POST", "/api/anpi/incidents/{id:int}/complete"): ANPI,
    ("GET", "/api/anpi/incidents/{id:int}/people"): ANPI,
    ("GET", "/api/anpi/incidents/{id:int}/deliveries/{account:int}"): ANPI,
    ("GET", "/api/anpi/incidents/{id:int}/totals"): ANPI,
    ("GET", "/api/anpi/incidents/{id:int}/answers"): ANPI,
    ("GET", "/api/anpi/incidents/{id:int}/answers.csv"): ANPI,
    ("GET", "/api/anpi/incidents/{id:int}/unreached"): ANPI,
    ("POST", "/api/anpi/incidents/{id:int}/claims"): ANPI,
    ("POST", "/api/anpi/incidents/{id:int}/proxy"): ANPI,
    ("GET", "/api/anpi/incidents/{id:int}/history/{account:int}"): ANPI,
    ("GET", "/api/anpi/templates"): ANPI,
    ("POST", "/api/anpi/templates"): ANPI,
    ("POST", "/api/anpi/templates/{id:int}"): ANPI,
    ("POST", "/api/anpi/templates/{id:int}/remove"): ANPI,
    ("GET", "/api/anpi/settings"): ANPI,
    ("POST", "/api/anpi/settings"): ANPI,
    ("GET", "/api/talk-log"): LOG_READER,
    ("GET", "/api/talk-log/rooms"): LOG_READER,
    ("GET", "/api/talk-log/people"): LOG_READER,
    ("POST", "/api/talk-log/downloads"): LOG_READER,
    ("GET", "/api/talk-log/downloads/{id}"): LOG_READER,
    ("GET", "/api/talk-log/keys/{id}"): LOG_READER,
    ("GET", "/api/talk-log/holds"): LOG_READER,
    ("POST", "/api/talk-log/holds"): LOG_READER,
    ("POST", "/api/talk-log/holds/{id:int}/release"): LOG_READER,
    ("GET", "/api/talk-log/files/{id}"): LOG_READER,
    ("GET", "/api/admin/talk"): GOTALK,
    ("POST", "/api/admin/talk"): GOTALK,
    ("GET", "/api/admin/departments"): DIVISION | SOME_FIELDS,
    ("POST", "/api/admin/departments"): DIVISION,
    ("GET", "/api/admin/departments/{id:int}"): DIVISION,
    ("POST", "/api/admin/departments/{id:int}"): DIVISION,
    ("POST", "/api/admin/departments/{id:int}/move"): DIVISION,
    ("POST", "/api/admin/departments/{id:int}/remove"): DIVISION,
    ("GET", "/api/admin/areas"): SOME_FIELDS,
    ("GET", "/api/admin/people"): SOME_FIELDS,
    ("POST", "/api/admin/people"): PERSON,
    ("GET", "/api/admin/people/{id:int}"): SOME_FIELDS,
    # With the fields of the documents' example; with their own the others may too.
    ("POST", "/api/admin/people/{id:int}"): PERSON,
    ("POST", "/api/admin/people/{id:int}/remove"): PERSON,
    ("POST", "/api/admin/people/{id:int}/password"): PERSON,
    ("POST", "/api/admin/people/{id:int}/code"): PERSON,
    ("POST", "/api/admin/sheets"): PERSON,
    ("PUT", "/api/admin/people/{id:int}/photo"): PERSON,
    ("DELETE", "/api/admin/people/{id:int}/photo"): PERSON,
    ("PUT", "/api/admin/imports/{kind}"): PERSON,
    ("GET", "/api/admin/imports/{kind}/last"): PERSON,
    ("POST", "/api/admin/imports/{kind}/undo-preview"): PERSON,
    ("GET", "/api/admin/exports/{kind}"): PERSON,
    ("GET", "/api/admin/samples/{kind}"): PERSON,
    ("GET", "/api/admin/imports/{id:int}"): IMPORTER,
    ("GET", "/api/admin/imports/{id:int}/rows"): IMPORTER,
    ("GET", "/api/admin/imports/{id:int}/errors.tsv"): IMPORTER,
    ("PUT", "/api/admin/imports/{id:int}/apply"): IMPORTER,
    ("POST", "/api/admin/imports/{id:int}/sheets"): PERSON,
    ("POST", "/api/admin/imports/{id:int}/undo"): IMPORTER,
}
"""Method and path of each route, as the app has them: who may."""

MODULES = load_modules(Settings.model_fields["modules"].default)
CONTRACT = contract_of(MODULES)


def test_every_route_stands_in_the_table_and_nothing_else_does():
    app = make_app(SimpleNamespace(settings=Settings(), modules=MODULES))
    assert {(method, route.path) for route in app.routes for method in methods(route)} == set(TABLE)


def methods(route: Any) -> set[str]:
    return set(getattr(route, "methods", None) or {"GET"}) - {"HEAD"}


@pytest.fixture
async def crowd(server: Running) -> dict[str, Someone | None]:
    """Somebody of each kind: who holds nothing, who holds one privilege, who may not or not yet come in."""
    kinds = {"user": frozenset(), **{each.value: frozenset({each}) for each in Privilege}}
    everything = frozenset(Privilege) - {Privilege.ADMIN_ANPI}
    kinds |= {"must change": everything, "disabled": everything, READER: GOTALK}
    crowd: dict[str, Someone | None] = {"anonymous": None}
    for name, held in kinds.items():
        login = name.lower().translate(str.maketrans("_ ", "--"))
        crowd[name] = await hire(server.services, login, privileges=held)
    numbers = {name: someone.id for name, someone in crowd.items() if someone is not None}
    listeners = people_listeners(server.services.ports)

    def settle(tx: Transaction) -> None:
        actions.disable_account(tx, operator(), numbers["disabled"], listeners)
        reads = update(accounts).where(accounts.c.id.in_([numbers[READER], numbers["must change"]]))
        tx.connection.execute(reads.values(talk_log=True))
        waits = update(accounts).where(accounts.c.id == numbers["must change"]).values(must_change=True)
        assert tx.connection.execute(waits).rowcount == 1

    await server.services.writer.act(settle)
    return crowd


async def test_everybody_is_answered_as_the_table_says(server: Running, crowd: dict[str, Someone | None]):
    wrong = []
    async with Visitor(server) as browser:
        for (method, path), who in TABLE.items():
            for name, someone in crowd.items():
                # In a session of its own: some of the questions end one.
                token = await sign_in(server.services, someone.id) if someone is not None else ""
                browser.cookies = {"__Host-session": token} if token else {}
                headers = {"Sec-Fetch-Site": "same-origin"}
                answer = await browser.ask(method, filled(path), headers, **body_of(method, path))
                found = verdict(answer)
                if who in SEES and name != SEES[who] and answer.status_code == 404:
                    found = "nothing there"
                if found != expected(who, name):
                    wrong.append(f"{method} {path} as {name}: {answer.status_code} {answer.text[:80]!r}")
    assert wrong == []


def expected(who: Who, name: str) -> str:
    """What becomes of a question by this kind of person."""
    if who == ANYBODY:
        return "may"
    if who == LEAVES or name in ("anonymous", "disabled"):
        return "sign in"
    if name == "must change":
        return "may" if who == FIRST else "change first"
    if who in SEES:
        return "may" if name == SEES[who] else "nothing there"
    if isinstance(who, frozenset):
        return "may" if (Privilege.ADMIN_GOTALK if name == READER else name) in who else "forbidden"
    return "may"


def verdict(answer: Any) -> str:
    """How an answer reads: a page sends to another, a program is told a code."""
    where = answer.headers.get("location", "")
    if answer.status_code == 401 or "/signin" in where:
        return "sign in"
    code = answer.json().get("code") if answer.headers.get("content-type", "").startswith("application/json") else ""
    if code == "must_change" or "/password" in where:
        return "change first"
    return "forbidden" if answer.status_code == 403 else "may"


def filled(path: str) -> str:
    """The path with numbers and names that nobody has."""
    path = path.replace("{path:path}", "x").replace("{kind}", "users")
    return re.sub(r"{\w+(:int)?}", lambda part: "999999" if part[1] else "nobody", path)


def body_of(method: str, path: str) -> dict[str, Any]:
    """The documents' own example of what is sent."""
    if method not in ("POST", "PUT", "PATCH"):
        return {}
    plain = re.sub(r":\w+}", "}", path)
    operation = next(each for each in CONTRACT.operations if (each.method, each.path) == (method, plain))
    if operation.form is not None:
        return {"data": msgspec.to_builtins(example(operation.form), str_keys=True)}
    if operation.body is not None:
        return {"json": msgspec.to_builtins(example(operation.body))}
    return {"content": b"no picture"}


def example(kind: type[Any]) -> Any:
    return next(each for each in CONTRACT.examples if type(each) is kind)
