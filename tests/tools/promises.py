"""The two documents as a stranger reads them: what may be said, and whether what came is what was promised."""

from __future__ import annotations

import copy
import json
from typing import Any

import httpx2
from jsonschema import Draft202012Validator, ValidationError

PATIENCE = 5.0
HASTE = 0.02
"""What a second of waiting takes here: nobody else comes back at the same moment."""

Frame = dict[str, Any]


class Gap(AssertionError):
    """The server does what its documents do not say."""


class Document:
    """One document, with its schemas made strict: what it does not name it does not allow."""

    def __init__(self, text: Any) -> None:
        self.text = text
        schemas = copy.deepcopy(text["components"]["schemas"])
        for schema in schemas.values():
            if "properties" in schema:
                schema["additionalProperties"] = False
        self._components = {"components": {"schemas": schemas}}
        self._validators: dict[str, Draft202012Validator] = {}

    def find(self, reference: str) -> Any:
        here = self.text
        for step in reference.removeprefix("#/").split("/"):
            here = here[step]
        return here["$ref"] and self.find(here["$ref"]) if "$ref" in here else here

    def check(self, schema: dict[str, Any], value: Any) -> None:
        """Raise ``Gap`` unless the document allows this value."""
        key = json.dumps(schema)
        if key not in self._validators:
            self._validators[key] = Draft202012Validator({**schema, **self._components})
        try:
            self._validators[key].validate(value)
        except ValidationError as problem:
            raise Gap(f"{value!r}: {problem.message}") from None


class SocketDocument(Document):
    """AsyncAPI: what may be said, what answers it, what comes unasked."""

    def __init__(self, text: Any) -> None:
        super().__init__(text)
        operations = text["operations"].values()
        received = [each for each in operations if each["action"] == "receive"]
        self.commands = {command["name"]: command for each in received for command in self._messages(each)}
        self.answers = {
            command["name"]: {answer["name"]: answer for answer in self._messages(each["reply"])}
            for each in received
            for command in self._messages(each)
        }
        sent = [each for each in operations if each["action"] == "send"]
        self.events = {event["name"]: event for each in sent for event in self._messages(each)}
        (self.channel,) = text["channels"].values()
        (scheme,) = text["components"]["securitySchemes"].values()
        assert scheme["in"] == "cookie"
        self.cookie: str = scheme["name"]

    def _messages(self, part: Any) -> list[Any]:
        return [self.find(each["$ref"]) for each in part["messages"]]

    def url(self, address: str) -> str:
        scheme, host = address.split("://")
        protocol = {"http": "ws", "https": "wss"}[scheme]
        (server,) = [each for each in self.text["servers"].values() if each["protocol"] == protocol]
        return f"{protocol}://{server['host'].replace('{host}', host)}{self.channel['address']}"

    def headers(self, address: str) -> dict[str, str]:
        """What the handshake has to carry: all that is known to him is the server's own origin."""
        known = {"Origin": address}
        return {name: known[name] for name in self.channel["bindings"]["ws"]["headers"]["required"]}


class HttpDocument(Document):
    """OpenAPI: operations by their names."""

    def operation(self, id: str) -> tuple[str, str, Any]:
        for path, methods in self.text["paths"].items():
            for method, found in methods.items():
                if found["operationId"] == id:
                    return method.upper(), path, found
        raise Gap(f"there is no operation {id}")

    def check_answer(self, operation: Any, answer: httpx2.Response) -> None:
        """Status, headers and body as they are promised."""
        said = operation["responses"].get(str(answer.status_code))
        missing = [name for name in (said or {}).get("headers", ()) if name not in answer.headers]
        if missing:
            raise Gap(f"{answer} has no {missing}")
        said = said or self.find(operation["responses"]["default"]["$ref"])
        media = answer.headers.get("content-type", "").partition(";")[0]
        content = said.get("content", {})
        kinds = {media, f"{media.partition('/')[0]}/*", "*/*"}
        if answer.content and kinds.isdisjoint(content):
            raise Gap(f"{answer} is {media}, and not one of {list(content)}")
        if media == "application/json" and media in content and "schema" in content[media]:
            self.check(content[media]["schema"], answer.json())
