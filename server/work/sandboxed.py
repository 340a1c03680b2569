"""The inside of the sandbox: a process that gives up all it can, then does one call after the other.

Started by ``server/work/sandbox_child.py``. It imports the called function's module and nothing else of the house.
"""

from __future__ import annotations

import importlib
import os
import socket
import struct
import sys
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import msgspec

from server.work.confinement import allow_seconds, confine

LENGTH = struct.Struct(">Q")
"""What goes before each message, either way."""


class Call(msgspec.Struct, frozen=True):
    """What is asked: ``function`` as "package.module:name". An open file may come beside it."""

    function: str
    arguments: list[Any]
    seconds: float
    answer_bytes: int


class Answer(msgspec.Struct, frozen=True):
    """What came out: a value, or what was raised and where."""

    value: msgspec.Raw = msgspec.Raw(b"\xc0")
    raised: str = ""
    place: str = ""


def main() -> None:
    descriptor, memory_bytes, packages = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].split(",")
    with socket.socket(fileno=descriptor) as channel:
        _send(channel, msgspec.msgpack.encode(confine(memory_bytes, packages)))
        calls = msgspec.msgpack.Decoder(Call)
        while (received := _receive(channel)) is not None:
            message, files = received
            _send(channel, msgspec.msgpack.encode(_answer(calls.decode(message), files)))


def _answer(call: Call, files: list[int]) -> Answer:
    with ExitStack() as stack:
        opened = {}
        for each in files:
            opened["file"] = stack.enter_context(os.fdopen(each, "rb"))
        try:
            allow_seconds(call.seconds)
            value = msgspec.msgpack.encode(_find(call.function)(*call.arguments, **opened))
        except Exception as problem:
            return Answer(raised=type(problem).__name__, place=_place(problem))
    if len(value) > call.answer_bytes:
        return Answer(raised="AnswerTooLong")
    return Answer(value=msgspec.Raw(value))


def _find(function: str) -> Callable[..., Any]:
    module, _, name = function.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def _place(problem: Exception) -> str:
    """File and line, never the text: that may be the stranger's."""
    frames = traceback.extract_tb(problem.__traceback__)
    return f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""


def _send(channel: socket.socket, message: bytes) -> None:
    channel.sendall(LENGTH.pack(len(message)) + message)


def _receive(channel: socket.socket) -> tuple[bytes, list[int]] | None:
    """One message and the file that came with it; None when the parent has gone."""
    head, files, _, _ = socket.recv_fds(channel, LENGTH.size, 1)
    if len(head) < LENGTH.size:
        return None
    missing = LENGTH.unpack(head)[0]
    parts = []
    while missing:
        part = channel.recv(min(missing, 1024 * 1024))
        if not part:
            return None
        parts.append(part)
        missing -= len(part)
    return b"".join(parts), files


if __name__ == "__main__":
    main()
