"""The socket as an AsyncAPI 3.0 document: what it says of a command is what the server does with it.

Words are from the server's side, as AsyncAPI wants them: it *receives* commands and *sends* events.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from server.catalogue import CATALOGUE
from server.contract.closing import CLOSINGS
from server.contract.rules import SOCKET
from server.contract.schemas import components, ref, tag_of, value_of, words
from server.contract.terms import Contract
from server.live.frames import Error

Document = dict[str, Any]

CHANNEL = "#/channels/socket"


def asyncapi(contract: Contract, version: str) -> Document:
    """The whole document; the same contract makes the same text."""
    kinds = _spoken(contract)
    return {
        "asyncapi": "3.0.0",
        "info": _info(version),
        "defaultContentType": "application/json",
        "servers": {scheme: _server(scheme) for scheme in ("ws", "wss")},
        "channels": {"socket": _channel(kinds)},
        "operations": {**_received(contract), **_sent(contract)},
        "components": {
            "messages": {kind.__name__: _message(kind, contract) for kind in kinds},
            "schemas": components(kinds),
            "securitySchemes": {"session": _session()},
        },
        "x-close-codes": {
            str(each.code): {"why": each.why, "back": each.back, "final": each.final} for each in CLOSINGS
        },
        "x-error-codes": {code: CATALOGUE[f"error.{code}"]["en"] for code in contract.said},
    }


def _info(version: str) -> Document:
    return {
        "title": "Renraku: the socket",
        "version": version,
        "description": SOCKET,
        "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
    }


def _server(scheme: str) -> Document:
    which = {"ws": "On this very machine, without TLS", "wss": "From anywhere, with TLS"}
    return {
        "host": "{host}",
        "protocol": scheme,
        "description": which[scheme],
        "variables": {
            "host": {"default": "127.0.0.1:8000", "description": "Where this document came from: name and port"}
        },
        "security": [{"$ref": "#/components/securitySchemes/session"}],
    }


def _session() -> Document:
    return {
        "type": "httpApiKey",
        "in": "cookie",
        "name": "__Host-session",
        "description": "Set by signing in (openapi.json, signIn)",
    }


def _channel(kinds: list[type[Struct]]) -> Document:
    origin = {"type": "string", "description": "The server's own origin: scheme, host, port. Browsers send it"}
    return {
        "address": "/socket",
        "title": "The one socket of a device",
        "messages": {kind.__name__: {"$ref": f"#/components/messages/{kind.__name__}"} for kind in kinds},
        "bindings": {
            "ws": {
                "method": "GET",
                "headers": {"type": "object", "properties": {"Origin": origin}, "required": ["Origin"]},
                "bindingVersion": "0.1.0",
            }
        },
    }


def _spoken(contract: Contract) -> list[type[Struct]]:
    """Every command, then every frame, each once."""
    answers = (frame for frames in contract.answers.values() for frame in frames)
    kinds: list[type[Struct]] = [*contract.answers, *answers, *contract.events]
    return list(dict.fromkeys(kinds))


def _message(kind: type[Struct], contract: Contract) -> Document:
    found: Document = {
        "name": tag_of(kind),
        "title": kind.__name__,
        "summary": words(kind.__doc__),
        "payload": ref(kind),
        "examples": [{"payload": value_of(each)} for each in contract.examples if type(each) is kind],
    }
    if "ref" in kind.__struct_fields__:
        found["correlationId"] = {"location": "$message.payload#/ref"}
    return found


def _received(contract: Contract) -> dict[str, Document]:
    """One operation a command, with the frames that may answer it."""
    return {
        command.__name__: {
            "action": "receive",
            "channel": {"$ref": CHANNEL},
            "title": tag_of(command),
            "messages": [_in_channel(command)],
            "reply": {
                "channel": {"$ref": CHANNEL},
                "messages": [*map(_in_channel, frames), _in_channel(Error)],
            },
        }
        for command, frames in contract.answers.items()
    }


def _sent(contract: Contract) -> dict[str, Document]:
    """One operation a frame that comes unasked."""
    return {
        frame.__name__: {
            "action": "send",
            "channel": {"$ref": CHANNEL},
            "title": tag_of(frame),
            "messages": [_in_channel(frame)],
        }
        for frame in contract.events
    }


def _in_channel(kind: type[Struct]) -> Document:
    return {"$ref": f"{CHANNEL}/messages/{kind.__name__}"}
