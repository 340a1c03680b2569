"""The browser's types, from the same schemas as the documents.

A command leaves its ``ref`` out, which the line adds (``web/src/lib/socket.ts``); a field that has a default may be
missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from server.answers import Refusal
from server.contract.closing import CLOSINGS
from server.contract.schemas import PLACE, Schema, components, tag_of
from server.contract.terms import Contract
from server.live.frames import Frame

HEAD = """\
/**
 * What goes over the socket and over HTTP, made from the server's own types by `python -m server.contract`.
 *
 * Times are milliseconds since 1970-01-01 UTC. A field that may be missing has its default then. A command names
 * itself in `do`, a frame in `is`; `ref` ties an answer to its command.
 */
"""
NAMES = {"Error": "ErrorFrame"}
"""Names that mean something else in a browser."""
WIDTH = 118


def typescript(contract: Contract) -> str:
    """The whole file; the same contract makes the same text."""
    frames = list(dict.fromkeys([frame for found in contract.answers.values() for frame in found]))
    events = [event for event in contract.events if event not in frames]
    bodies = _bodies(contract)
    schemas = components([*contract.answers, *frames, *events, *bodies])
    named = {kind.__name__ for kind in (*contract.answers, *frames, *events, *bodies)}
    shapes = [name for name in schemas if name not in named]
    parts = [
        HEAD,
        _rule("shapes"),
        *_words(schemas),
        *(_declared(name, schemas[name]) for name in shapes),
        _rule("commands, without their `ref`"),
        *(_declared(kind.__name__, _without_ref(schemas[kind.__name__])) for kind in contract.answers),
        _union("Command", contract.answers),
        _rule("answers"),
        *(_declared(kind.__name__, schemas[kind.__name__]) for kind in frames),
        _rule("events"),
        *(_declared(kind.__name__, schemas[kind.__name__]) for kind in events),
        *_unions(contract, [*frames, *events]),
        _rule("bodies of HTTP"),
        *(_declared(kind.__name__, schemas[kind.__name__]) for kind in bodies),
        _rule("closing"),
        _closings(),
    ]
    return "\n".join(parts)


def _bodies(contract: Contract) -> list[type[Struct]]:
    """What is asked and answered in JSON."""
    asked = [each.body for each in contract.operations if each.body is not None]
    answered = [answer.kind for each in contract.operations for answer in each.answers if answer.kind is not None]
    return list(dict.fromkeys([*asked, *answered, Refusal]))


def _unions(contract: Contract, frames: list[type[Struct]]) -> Iterator[str]:
    numbered = [event for event in contract.events if _is_numbered(event)]
    yield _doc("Events that carry a number of their channel: gaps are found by them.") + _union(
        "ChannelEvent", numbered
    )
    yield _union("Frame", frames)
    yield _doc("The answer that each command hopes for; an `error` instead is a refusal.") + _answers(contract)


def _is_numbered(event: type[Frame]) -> bool:
    """One change of a channel; an answer (which may come unasked too) tells of many."""
    found = event.__struct_fields__
    return "channel" in found and "rev" in found and "messages" not in found


def _answers(contract: Contract) -> str:
    rows = [
        f"  {_key(tag_of(command))}: {' | '.join(_name(frame) for frame in frames)}\n"
        for command, frames in contract.answers.items()
    ]
    return f"export interface Answers {{\n{''.join(rows)}}}\n"


def _closings() -> str:
    rows = [f"{_doc(each.why + '.', '  ')}  {each.name}: {each.code},\n" for each in CLOSINGS]
    return f"export const CloseCode = {{\n{''.join(rows)}}} as const\n"


# ---------------------------------------------------------------- one type


def _declared(name: str, schema: Schema) -> str:
    shown = NAMES.get(name, name)
    said = _doc(schema.get("description", ""))
    if "properties" not in schema:
        return f"{said}export type {shown} = {_choice(schema)}\n"
    required = set(schema.get("required", ()))
    rows = [
        f"  {field}{'' if field in required else '?'}: {_type(inner)}\n"
        for field, inner in schema["properties"].items()
    ]
    return f"{said}export interface {shown} {{\n{''.join(rows)}}}\n"


def _type(schema: Schema) -> str:
    """How TypeScript writes it."""
    if "$ref" in schema:
        name = str(schema["$ref"]).removeprefix(PLACE)
        return NAMES.get(name, name)
    if "anyOf" in schema:
        return " | ".join(_type(choice) for choice in schema["anyOf"])
    if "const" in schema:
        return f"'{schema['const']}'"
    if "enum" in schema:
        return str(schema["title"]) if "title" in schema else _choice(schema)
    return _plain_type(schema)


def _plain_type(schema: Schema) -> str:
    kind = schema.get("type")
    if kind == "array":
        inner = _type(schema["items"])
        return f"({inner})[]" if "|" in inner else f"{inner}[]"
    if kind == "object":
        return f"Record<string, {_type(schema.get('additionalProperties', {}))}>"
    return {"integer": "number", "number": "number", "string": "string", "boolean": "boolean", "null": "null"}.get(
        str(kind), "unknown"
    )


def _choice(schema: Schema) -> str:
    return " | ".join(f"'{word}'" for word in schema["enum"])


def _words(schemas: dict[str, Schema]) -> list[str]:
    """Choices that have a name of their own and no type."""
    fields = [field for schema in schemas.values() for field in schema.get("properties", {}).values()]
    named = {field["title"]: _choice(field) for field in fields if "enum" in field and "title" in field}
    return [f"export type {name} = {choice}\n" for name, choice in sorted(named.items())]


def _without_ref(schema: Schema) -> Schema:
    return {**schema, "properties": {name: field for name, field in schema["properties"].items() if name != "ref"}}


# ---------------------------------------------------------------- how it looks


def _union(name: str, kinds: Iterable[type[Struct]]) -> str:
    rows = "".join(f"  | {_name(kind)}\n" for kind in kinds)
    return f"export type {name} =\n{rows}"


def _rule(title: str) -> str:
    return f"// {'-' * 64} {title}\n"


def _doc(text: str, indent: str = "") -> str:
    """A comment: one line when it fits, else as the text stands."""
    if not text:
        return ""
    line = f"{indent}/** {text} */\n"
    if "\n" not in text and len(line) <= WIDTH:
        return line
    rows = "".join(f"{indent} * {row}".rstrip() + "\n" for row in text.split("\n"))
    return f"{indent}/**\n{rows}{indent} */\n"


def _name(kind: type[Struct]) -> str:
    return NAMES.get(kind.__name__, kind.__name__)


def _key(tag: str) -> str:
    return tag if re.fullmatch(r"\w+", tag) else f"'{tag}'"
