"""The frames that a returning client hears, as far as they matter to it."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from tests.bench.timeline import Row


class Posted(Struct):
    channel: int
    rev: int
    message: Row


class Changes(Struct):
    channel: int
    since: int
    rev: int
    messages: list[Row]


class Page(Struct):
    channel: int
    rev: int
    messages: list[Row]
    after: bool = False


class Head(Struct):
    id: int
    rev: int


class Welcome(Struct):
    rooms: list[Head]


class Heads(Struct):
    revs: dict[str, int]


class Bye(Struct):
    retry_ms: int | None = None


class Ack(Struct):
    channel: int
    seq: int


class Refusal(Struct):
    code: str
    retry_ms: int = 1000


class Answered(Struct):
    ref: int | None = None


FRAMES: dict[bytes, msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(shape)
    for kind, shape in {
        b"message.posted": Posted,
        b"changes": Changes,
        b"reset": Page,
        b"page": Page,
        b"welcome": Welcome,
        b"heads": Heads,
        b"bye": Bye,
        b"ack": Ack,
        b"error": Refusal,
    }.items()
}
ref_of = msgspec.json.Decoder(Answered).decode
encode = msgspec.json.Encoder().encode
