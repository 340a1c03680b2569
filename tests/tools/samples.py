"""The labelled files and names of ``tests/data/uploads``, and facts about files without a server."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import tempfile
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec

from chat.files.copying import write_copy
from chat.files.gathering import SANDBOX, Gathered, gather
from server.work.sandbox import GROUND

UPLOADS = Path(__file__).parents[1] / "data" / "uploads"


@cache
def files() -> list[dict[str, Any]]:
    """Each row: ``file``, the name under which it is sent, and the expected verdicts with their confidence."""
    return json.loads((UPLOADS / "manifest.json").read_text())


@cache
def names() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (UPLOADS / "names.jsonl").read_text().splitlines()]


class Within:
    """Does what the sandbox does, in this process: for the rules' own tests."""

    async def run(self, function: str, *arguments: Any, file: int, answer: Any, **_: Any) -> Any:
        module, _, name = {**GROUND, **SANDBOX}[function].partition(":")
        with os.fdopen(os.dup(file), "rb") as opened:
            opened.seek(0)
            value = getattr(importlib.import_module(module), name)(*arguments, file=opened)
        return msgspec.msgpack.decode(msgspec.msgpack.encode(value), type=answer)


def gathered(data: bytes) -> Gathered:
    """What is gathered about these bytes."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        return asyncio.run(gather(SimpleNamespace(sandbox=Within()), file.fileno(), len(data)))


def kept(data: bytes, found: Gathered) -> bytes:
    """The file that is kept."""
    if found.copy is None:
        return data
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as target:
        source.write(data)
        source.flush()
        size = write_copy(found.copy, source.fileno(), target.fileno())
        return os.pread(target.fileno(), size, 0)


@cache
def sample(name: str) -> bytes:
    return (UPLOADS / f"{name}.sample").read_bytes()


@cache
def gathered_of(file: str) -> Gathered:
    """The same of a sample, asked once."""
    return gathered((UPLOADS / file).read_bytes())
