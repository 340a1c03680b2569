"""What takes long at the command line is waited for, and says how far it is; what falls silent is not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import Struct

from server import control, operating
from server.auth.model import operator
from server.control import perform, send
from server.module import Order
from server.operating import Feature, Report, encode

LONG = encode(Feature(feature="directory", what="import"))


class Nothing(Struct):
    """Nothing is given."""


def with_order(work: Callable[..., Any], doing: Callable[[Any], str] | None) -> Any:
    order = Order(Nothing, work, doing)
    return SimpleNamespace(modules=[SimpleNamespace(name="directory", orders={"import": order})])


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "WORK_SECONDS", 0.05)
    monkeypatch.setattr(operating, "TELL_SECONDS", 0.01)


async def test_what_tells_how_far_it_is_may_take_longer_than_others():
    heard, enough = [], asyncio.Event()

    async def work(*given: object) -> list[str]:
        await enough.wait()
        return ["Applied."]

    def tell(far: str) -> None:
        heard.append(far)
        if len(heard) == 20:
            enough.set()

    services = with_order(work, lambda _: "hashing passwords: 3 of 10")
    report = await perform(services, operator(), LONG, tell)
    assert report == Report(said=["Applied."])
    assert set(heard) == {"hashing passwords: 3 of 10"}


async def test_what_says_nothing_has_its_end():
    async def work(*given: object) -> list[str]:
        await asyncio.Event().wait()
        return []

    with pytest.raises(TimeoutError):
        await perform(with_order(work, None), operator(), LONG, lambda far: None)


async def test_the_command_line_hears_how_far_it_is_until_it_is_done(tmp_path: Path):
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        for report in (Report(doing="1 of 2"), Report(doing="2 of 2"), Report(said=["Applied."])):
            writer.write(encode(report) + b"\n")
            await writer.drain()
        writer.close()

    heard: list[str] = []
    async with await asyncio.start_unix_server(answer, tmp_path / "control.sock"):
        report = await send(tmp_path, Feature(feature="directory", what="import"), heard.append)
    assert (report.said, heard) == (["Applied."], ["1 of 2", "2 of 2"])
