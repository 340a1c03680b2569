"""The contract: whole, valid, and in the repository as the code makes it."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from starlette.routing import Mount, Route

from server.app import make_app
from server.contract.closing import CLOSINGS
from server.contract.documents import ASYNCAPI, COMMAND, OPENAPI, WIRE, contract_of, written
from server.contract.schemas import tag_of, value_of
from server.live import conversation
from server.live.frames import CloseCode, Command, Frame, Hello, Welcome
from server.module import Module, load_modules
from server.run import MESSAGE_BYTES
from server.settings import Settings
from tests.tools.documents import ROOT, page, table

MODULES = load_modules(Settings.model_fields["modules"].default)
CONTRACT = contract_of(MODULES)
WRITTEN = written()
SOCKET: dict[str, Any] = json.loads(WRITTEN[ASYNCAPI])
HTTP: dict[str, Any] = json.loads(WRITTEN[OPENAPI])
DATA = Path(__file__).parents[2] / "data"


@pytest.mark.parametrize("name", [ASYNCAPI, OPENAPI, WIRE])
def test_what_is_made_of_the_code_is_as_the_code_makes_it(name: str):
    path = ROOT / name
    is_fresh = path.is_file() and path.read_text("utf-8") == WRITTEN[name]
    assert is_fresh, f"{name} is stale: .venv/bin/{COMMAND} writes it anew"


# ---------------------------------------------------------------- valid


def test_the_document_of_the_socket_is_what_asyncapi_calls_one():
    official = json.loads((DATA / "asyncapi-3.0.0.schema.json").read_text())
    assert [problem.message for problem in Draft7Validator(official).iter_errors(SOCKET)] == []
    broken = {**SOCKET, "channels": {"socket": {"addres": "/socket"}}}
    assert not Draft7Validator(official).is_valid(broken)


def test_the_document_of_http_is_what_openapi_calls_one():
    official = json.loads((DATA / "openapi-3.1.schema.json").read_text())
    assert [problem.message for problem in Draft202012Validator(official).iter_errors(HTTP)] == []
    assert not Draft202012Validator(official).is_valid({**HTTP, "paths": {"signin": {}}})


@pytest.mark.parametrize("document", [SOCKET, HTTP], ids=["socket", "http"])
def test_every_reference_leads_somewhere(document: dict[str, Any]):
    found = list(references(document))
    assert len(found) > 10
    for reference in found:
        here: Any = document
        for step in reference.removeprefix("#/").split("/"):
            assert step in here, reference
            here = here[step]


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


@pytest.mark.parametrize("document", [SOCKET, HTTP], ids=["socket", "http"])
def test_every_type_says_what_it_is_in_words_and_patterns_of_no_one_language(document: dict[str, Any]):
    schemas = document["components"]["schemas"]
    assert [name for name, schema in schemas.items() if not schema.get("description")] == []
    assert [name for name in schemas if not re.fullmatch(r"[A-Z]\w+", name)] == [], "two types share a name"
    said = [schema["description"] for schema in schemas.values()]
    assert not [text for text in said if "``" in text or "\n  " in text]
    assert r"\\Z" not in json.dumps(document)


# ---------------------------------------------------------------- whole


def commands() -> set[type[Command]]:
    return set(_below(Command, "server.live.frames")).union(*(module.commands for module in MODULES))


def frames() -> set[type[Frame]]:
    features = [importlib.import_module(module.name) for module in MODULES if module.commands]
    files = [(feature, each) for feature in features for each in pkgutil.iter_modules(feature.__path__)]
    names = [f"{feature.__name__}.{each.name}" for feature, each in files]
    # A room of a feature keeps them in a file of this name.
    inner = [(feature, each) for feature in features for each in Path(feature.__path__[0]).glob("*/frames.py")]
    names += [f"{feature.__name__}.{each.parent.name}.frames" for feature, each in inner]
    return {kind for name in ["server.live.frames", *names] for kind in _below(Frame, name)}


def _below(base: Any, name: str) -> list[Any]:
    kinds = vars(importlib.import_module(name)).values()
    return [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, base) and kind is not base]


def by_name(kinds: Any) -> set[str]:
    return {kind.__name__ for kind in kinds}


def test_every_command_says_which_frames_answer_it():
    assert len(commands()) > 20, "the search found too little to mean anything"
    assert by_name(CONTRACT.answers) == by_name(commands())
    assert all(CONTRACT.answers.values())
    received = {name for name, each in SOCKET["operations"].items() if each["action"] == "receive"}
    assert received == by_name(commands())
    for name in received:
        replies = [each["$ref"].rpartition("/")[2] for each in SOCKET["operations"][name]["reply"]["messages"]]
        assert len(replies) >= 2 and replies[-1] == "Error", name


def test_every_frame_is_an_answer_or_an_event():
    spoken = {frame for found in CONTRACT.answers.values() for frame in found} | set(CONTRACT.events)
    assert len(frames()) > 20, "the search found too little to mean anything"
    assert by_name(spoken) == by_name(frames())
    assert by_name(frames()) < set(SOCKET["components"]["messages"])


def test_a_command_and_a_frame_is_told_from_the_others_by_its_tag_alone():
    for kinds in (CONTRACT.answers, frames()):
        tags = [tag_of(kind) for kind in kinds]
        assert len(tags) == len(set(tags))


def test_every_address_of_the_app_is_described_and_no_other():
    settings = Settings()
    app = make_app(SimpleNamespace(settings=settings, modules=MODULES))
    # Sockets are what the other document is about.
    routes = [route for route in app.routes if isinstance(route, Route | Mount)]
    existing = {(method, shown(route)) for route in routes for method in methods(route)}
    described = {(method.upper(), path) for path, found in HTTP["paths"].items() for method in found}
    assert described == existing
    ids = [operation.id for operation in CONTRACT.operations]
    assert len(ids) == len(set(ids))


def methods(route: Route | Mount) -> set[str]:
    return (route.methods or set()) - {"HEAD"} if isinstance(route, Route) else {"GET"}


def shown(route: Route | Mount) -> str:
    return re.sub(r":\w+}", "}", route.path) + ("/{path}" if isinstance(route, Mount) else "")


def test_a_feature_that_promises_nothing_changes_nothing():
    assert contract_of([Module(name="empty")]).operations == contract_of([]).operations


# ---------------------------------------------------------------- examples


@pytest.mark.parametrize("name", SOCKET["components"]["messages"])
def test_every_command_and_frame_has_an_example_that_its_schema_allows(name: str):
    message = SOCKET["components"]["messages"][name]
    assert message["examples"]
    validator = Draft202012Validator({**SOCKET, "$ref": message["payload"]["$ref"]})
    for example in message["examples"]:
        validator.validate(example["payload"])
    assert not validator.is_valid({**message["examples"][0]["payload"], "do": "fly", "is": "fly"})


@pytest.mark.parametrize("name", HTTP["components"]["schemas"])
def test_every_body_has_an_example_that_its_schema_allows(name: str):
    kinds = [type(example) for example in CONTRACT.examples if type(example).__name__ == name]
    bodies = {content["schema"]["$ref"].rpartition("/")[2] for content in contents(HTTP)}
    assert kinds or name not in bodies, f"{name} has no example"


def test_every_example_of_http_is_allowed_by_its_schema():
    found = [
        (content["schema"], each["value"]) for content in contents(HTTP) for each in content["examples"].values()
    ]
    assert len(found) > 10
    for schema, value in found:
        Draft202012Validator({**HTTP, **schema}).validate(value)


def contents(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        if "schema" in part and "examples" in part:
            yield part
        for inner in part.values():
            yield from contents(inner)


def test_an_example_is_what_the_server_itself_would_read():
    for example in CONTRACT.examples:
        again = msgspec.convert(value_of(example), type(example))
        assert again == example


# ---------------------------------------------------------------- codes and numbers


def test_the_codes_of_refusals_are_those_of_the_pages():
    protocol = {row[0].strip("`") for row in table(page("docs/protocol.md"), "Error codes")}
    assert set(SOCKET["x-error-codes"]) == protocol
    http = {row[0].strip("`"): int(row[1]) for row in table(page("docs/http.md"), "Error codes")}
    assert {code: found["status"] for code, found in HTTP["x-error-codes"].items()} == http


def test_every_close_code_says_whether_to_come_back():
    ours = {code for name, code in vars(CloseCode).items() if name.isupper()}
    assert {each.code for each in CLOSINGS} == ours
    assert {each.code for each in CLOSINGS if each.final} == {each.code for each in CLOSINGS if "No:" in each.back}
    listed = {int(row[0]): row[1:] for row in table(page("docs/protocol.md"), "Close codes")}
    assert set(listed) == {each.code for each in CLOSINGS}


def test_the_numbers_in_the_rules_are_those_of_the_code():
    said = SOCKET["info"]["description"]
    assert f"at most {MESSAGE_BYTES:,} bytes" in said
    assert f"within {conversation.HELLO_SECONDS:.0f} seconds" in said


def test_the_welcome_is_made_of_the_parts_that_are_sent():
    (welcome,) = CONTRACT.answers[Hello]
    sections = [module.contract.welcome for module in MODULES if module.contract.welcome]
    assert sections
    parts = [Welcome, *sections]
    assert set(welcome.__struct_fields__) == {field for part in parts for field in part.__struct_fields__}
