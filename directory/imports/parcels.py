"""What passes between the server and the desk in the sandbox, and how."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Raw, Struct

from directory.imports.current import PersonNow
from directory.imports.model import Plan

LENGTH = struct.Struct(">I")


class Outcome(Struct):
    """A plan, and its rows as the database takes them: JSON lists of ``StagedRow``."""

    plan: Plan
    chunks: list[bytes]


class GivenPassword(Struct):
    """The password of a row, as the file gives it; blank: one is to be made."""

    row: int
    login_id: str
    name: str
    password: str
    must_change: bool


class Photo(Struct):
    """A photo of the ZIP by its folded name, drawn anew; ``fault`` is blank when that could be done."""

    name: str
    fault: str
    media: str = ""
    large: bytes = b""
    small: bytes = b""


class Packed(Struct):
    """Somebody on his way into the sandbox."""

    key: str
    anpi: str
    person: Raw


def pack(value: Any) -> bytes:
    """A frame."""
    body = msgspec.msgpack.encode(value)
    return LENGTH.pack(len(body)) + body


def packed(people: Iterable[PersonNow]) -> bytes:
    """A frame of people."""
    encode = msgspec.msgpack.encode
    return pack([Packed(each.key, each.cells["ANPI_LOGIN_ID"].lower(), Raw(encode(each))) for each in people])


EMPTY = msgspec.msgpack.encode(None)
END = pack(None)
"""What stands between two runs of frames."""
