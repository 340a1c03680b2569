"""The other addresses as an OpenAPI 3.1 document."""

from __future__ import annotations

from typing import Any

from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

from server.answers import Refusal
from server.catalogue import CATALOGUE
from server.contract.rules import HTTP
from server.contract.schemas import components, ref, value_of
from server.contract.terms import JSON, Answer, Contract, Operation

Document = dict[str, Any]

FORM = "application/x-www-form-urlencoded"


def openapi(contract: Contract, version: str) -> Document:
    """The whole document; the same contract makes the same text."""
    return {
        "openapi": "3.1.0",
        "info": _info(version),
        "servers": [{"url": "/", "description": "Where this document came from"}],
        "paths": _paths(contract),
        "components": {
            "schemas": components(_bodies(contract)),
            "responses": {"Refused": _refused(contract)},
            "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": "__Host-session"}},
        },
        "x-error-codes": {
            code: {"status": status, "sentence": CATALOGUE[f"error.{code}"]["en"]}
            for status, codes in contract.told.items()
            for code in codes
        },
    }


def _info(version: str) -> Document:
    return {
        "title": "Renraku: HTTP",
        "version": version,
        "description": HTTP,
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    }


def _paths(contract: Contract) -> dict[str, Document]:
    paths: dict[str, Document] = {}
    for operation in contract.operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, contract)
    return paths


def _bodies(contract: Contract) -> list[type[Struct]]:
    """Every type that goes over HTTP, each once."""
    asked = [kind for each in contract.operations for kind in (each.body, each.form) if kind is not None]
    answered = [answer.kind for each in contract.operations for answer in each.answers if answer.kind is not None]
    return list(dict.fromkeys([*asked, *answered, Refusal]))


def _operation(operation: Operation, contract: Contract) -> Document:
    found: Document = {"operationId": operation.id, "summary": operation.summary}
    if parameters := [*_places(operation), *_query(operation), *_headers(operation)]:
        found["parameters"] = parameters
    if kind := operation.body or operation.form:
        found["requestBody"] = {
            "required": True,
            "content": _content(JSON if operation.body else FORM, kind, contract),
        }
    elif operation.upload is not None:
        found["requestBody"] = {"required": True, "content": {operation.upload: {}}}
    found["responses"] = {str(answer.status): _response(answer, contract) for answer in operation.answers}
    found["responses"]["default"] = {"$ref": "#/components/responses/Refused"}
    if operation.signed_in:
        found["security"] = [{"session": []}]
    return found


def _places(operation: Operation) -> list[Document]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "integer" if isinstance(example, int) else "string"},
            "example": example,
        }
        for name, example in operation.places.items()
    ]


def _query(operation: Operation) -> list[Document]:
    if operation.query is None:
        return []
    (schema,) = components([operation.query]).values()
    return [
        {
            "name": field.encode_name,
            "in": "query",
            "required": field.default is NODEFAULT,
            "schema": schema["properties"][field.encode_name],
        }
        for field in fields(operation.query)
    ]


def _headers(operation: Operation) -> list[Document]:
    """What it has to carry; the origin, where it changes something, browsers send by themselves."""
    asked: list[Document] = [
        {"name": name, "in": "header", "required": True, "schema": {"type": "string"}, "example": example}
        for name, example in operation.headers.items()
    ]
    if not operation.changes:
        return asked
    said = "The server's own origin (scheme, host, port), unless Sec-Fetch-Site says same-origin"
    return [
        *asked,
        {"name": "Origin", "in": "header", "required": False, "description": said, "schema": {"type": "string"}},
    ]


def _content(media: str, kind: type[Struct], contract: Contract) -> Document:
    values = [value_of(each) for each in contract.examples if type(each) is kind]
    examples = {f"{kind.__name__}{number or ''}": {"value": value} for number, value in enumerate(values)}
    return {media: {"schema": ref(kind), "examples": examples}}


def _response(answer: Answer, contract: Contract) -> Document:
    found: Document = {"description": answer.what}
    if answer.headers:
        found["headers"] = {
            name: {"description": what, "schema": {"type": "string"}} for name, what in answer.headers.items()
        }
    if answer.kind is not None:
        found["content"] = _content(JSON, answer.kind, contract)
    elif answer.media is not None:
        found["content"] = {answer.media: {}}
    return found


def _refused(contract: Contract) -> Document:
    return {
        "description": "Refused, with the status of its code (x-error-codes)",
        "headers": {
            "Retry-After": {"description": "Seconds, when asking again makes sense", "schema": {"type": "integer"}}
        },
        "content": _content(JSON, Refusal, contract),
    }
