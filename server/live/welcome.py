"""The one frame that several rooms make together: the ground's fields, then those of each feature."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo, asdict, fields

from server.live.frames import Frame, Welcome


def encode_welcome(ground: Welcome, sections: Iterable[Struct]) -> bytes:
    """The frame's text: all parts side by side, encoded once."""
    whole: dict[str, Any] = {"is": "welcome", **asdict(ground)}
    for section in sections:
        whole |= asdict(section)
    return msgspec.json.encode(whole)


def welcome_of(sections: Iterable[type[Struct]]) -> type[Frame]:
    """The type of that frame when these features take part: what ``encode_welcome`` makes, as one struct."""
    parts = [_field(field) for section in sections for field in fields(section)]
    whole: Any = msgspec.defstruct(
        "Welcome", parts, bases=(Welcome,), tag="welcome", kw_only=True, namespace={"__doc__": Welcome.__doc__}
    )
    return whole  # type: ignore[no-any-return]


def _field(field: FieldInfo) -> tuple[str, Any]:
    assert field.required, "every part of the greeting is always said"
    return field.encode_name, field.type
