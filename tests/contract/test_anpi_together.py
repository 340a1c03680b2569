"""Answers of one moment: one group, each its own result, and nobody forgotten."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from anpi.answers import together as together_module
from anpi.answers.answering import ANSWER
from anpi.answers.frames import Said
from anpi.answers.model import Given, NotAsked
from anpi.answers.together import Together
from server.errors import Busy
from tests.tools.anpi_answering import ask, counted, incident
from tests.tools.running import Running


@pytest.fixture
async def about(server: Running, company: SimpleNamespace) -> int:
    number = await incident(server.services)
    await ask(server.services, number, [company.sato.id, company.suzuki.id])
    return number


def given(person: int, about: int, key: str) -> Given:
    return Given(key, person, about, "mail", Said(self="safe"))


async def test_each_of_one_moment_gets_its_own_result(server: Running, company: SimpleNamespace, about: int):
    together = Together(server.services.writer)
    people = (company.sato.id, company.suzuki.id, company.ito.id)
    told = await asyncio.gather(*(together.ask(given(id, about, f"k{id}")) for id in people), return_exceptions=True)
    assert isinstance(told[2], NotAsked), "she was not asked"
    assert told[0].id != told[1].id and not told[0].dup
    assert await counted(server.services, about) == {company.sato.id: "safe", company.suzuki.id: "safe"}


async def test_those_of_one_moment_share_a_group(
    server: Running, company: SimpleNamespace, about: int, monkeypatch: pytest.MonkeyPatch
):
    writer, moments, loop = server.services.writer, [], asyncio.get_running_loop()
    submit, turn, going = writer.submit, 0, True

    def turned() -> None:
        nonlocal turn
        turn += 1
        if going:
            loop.call_soon(turned)

    def noted(waiting):
        if waiting.kind is ANSWER:
            moments.append(turn)
        submit(waiting)

    monkeypatch.setattr(writer, "submit", noted)
    # Long enough for a machine that has something else to do.
    monkeypatch.setattr(together_module, "MOMENT_SECONDS", 0.5)
    turned()
    together = Together(writer)
    first = asyncio.ensure_future(together.ask(given(company.sato.id, about, "first")))
    await asyncio.sleep(0)
    assert len(moments) == 1, "who comes alone does not wait"
    rest = [asyncio.ensure_future(together.ask(given(company.suzuki.id, about, f"k{n}"))) for n in range(5)]
    await asyncio.sleep(0)
    assert len(moments) == 1, "those who follow wait for each other"
    await asyncio.gather(first, *rest)
    assert len(moments) == 6 and len(set(moments[1:])) == 1, "in one turn of the loop"
    going = False


async def test_one_refused_by_a_full_queue_takes_no_other_along(
    server: Running, company: SimpleNamespace, about: int, monkeypatch: pytest.MonkeyPatch
):
    writer = server.services.writer
    submit = writer.submit

    def full(waiting):
        if waiting.work.key == "full":
            raise Busy(retry_ms=2000)
        submit(waiting)

    monkeypatch.setattr(writer, "submit", full)
    together = Together(writer)
    asked = [together.ask(given(company.sato.id, about, key)) for key in ("before", "full", "after")]
    before, refused, after = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(refused, Busy) and before.id and after.id


async def test_at_the_end_nobody_who_waits_is_forgotten(
    server: Running, company: SimpleNamespace, about: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(together_module, "MOMENT_SECONDS", 600.0)
    together = Together(server.services.writer)
    await together.ask(given(company.sato.id, about, "first"))
    waits = asyncio.ensure_future(together.ask(given(company.suzuki.id, about, "second")))
    await asyncio.sleep(0)
    await together.stop()
    async with asyncio.timeout(10):
        assert (await waits).id
