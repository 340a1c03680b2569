"""From msgspec types to JSON Schema that means the same in every language."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

import msgspec

PLACE = "#/components/schemas/"
"""Where both documents keep their schemas."""

Schema = dict[str, Any]


def components(kinds: Iterable[type[msgspec.Struct]]) -> dict[str, Schema]:
    """The schemas of these types and of all that they hold, by name, in an order that does not change."""
    _, found = msgspec.json.schema_components(list(kinds), ref_template=PLACE + "{name}")
    return {name: _plain(found[name]) for name in sorted(found)}


def ref(kind: type[msgspec.Struct] | str) -> Schema:
    """The place of a type's schema."""
    return {"$ref": PLACE + (kind if isinstance(kind, str) else kind.__name__)}


def tag_of(kind: type[msgspec.Struct]) -> str:
    """How a command or a frame names itself on the wire."""
    tag = kind.__struct_config__.tag
    assert isinstance(tag, str)
    return tag


def value_of(example: msgspec.Struct) -> Any:
    """An example as it is on the wire: defaults left out where the type leaves them out."""
    return msgspec.json.decode(msgspec.json.encode(example))


def words(docstring: str | None) -> str:
    """A docstring as Markdown."""
    return inspect.cleandoc(docstring or "").replace("``", "`")


def _plain(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _plain_value(key, value) for key, value in _typed(schema).items()}


def _plain_value(key: str, value: Any) -> Any:
    if key == "description" and isinstance(value, str):
        return words(value)
    if key == "pattern" and isinstance(value, str):
        # Python's end of the text; in a browser's expressions these are a backslash and a letter.
        return value.replace(r"\Z", "$")
    return _plain(value)


def _typed(schema: Schema) -> Schema:
    """A choice of words, said so; a choice of one word is that word."""
    choices = schema.get("enum")
    if not isinstance(choices, list) or not all(isinstance(choice, str) for choice in choices):
        return schema
    rest = {key: value for key, value in schema.items() if key not in ("enum", "type")}
    return {**rest, "type": "string", **({"enum": choices} if len(choices) > 1 else {"const": choices[0]})}
