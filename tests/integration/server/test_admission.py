"""Who is let in when there is no room, or when the process is going; operators are always answered."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from websockets.exceptions import InvalidStatus

from server.entrance import AT_ONCE, GREETED_AT_ONCE
from server.live.frames import CloseCode
from tests.tools.running import Running
from tests.tools.visitor import Visitor

OPERATORS_ASK = {"/healthz": 200, "/readyz": 503, "/servez": 503, "/metrics": 200}


@pytest.fixture(params=["crowded", "unavailable"])
def why(request: pytest.FixtureRequest, server: Running) -> str:
    """The code with which this server turns people away."""
    if request.param == "crowded":
        server.services.descriptors.look()
        server.services.descriptors.limit = server.services.descriptors.used
        assert server.services.descriptors.crowded
    else:
        server.services.draining = True
    return str(request.param)


async def test_nobody_new_comes_in_and_is_told_when_to_return(server: Running, why: str):
    async with Visitor(server) as visitor:
        program = await visitor.get("/api/me", **{"Accept-Language": "en"})
        person = await visitor.get("/signin", Accept="text/html")
    assert (program.status_code, program.json()["code"], person.status_code) == (503, why, 503)
    assert 1 <= int(program.headers["retry-after"]) <= 30
    assert program.headers["connection"] == "close", "a line that is kept would take the room"


async def test_a_socket_is_refused_the_same_way(server: Running, company, why: str):
    with pytest.raises(InvalidStatus) as refused:
        await server.connect(company.sato.token)
    answer = refused.value.response
    assert answer.status_code == 503 and f'"{why}"'.encode() in answer.body
    assert 1 <= int(answer.headers["retry-after"]) <= 30


@pytest.mark.parametrize("path", OPERATORS_ASK)
async def test_operators_are_answered(server: Running, why: str, path: str):
    async with Visitor(server) as visitor:
        assert (await visitor.get(path)).status_code == OPERATORS_ASK[path]


async def test_not_all_are_told_the_same_moment(server: Running, why: str):
    async with Visitor(server) as visitor:
        waits = {(await visitor.get("/api/me")).json()["retry_ms"] for _ in range(5)}
    assert len(waits) > 1


async def test_who_is_in_stays(server: Running, company):
    sato = await server.connect(company.sato.token)
    server.services.descriptors.look()
    server.services.descriptors.limit = server.services.descriptors.used
    assert server.services.descriptors.crowded
    await sato.ask("ping")


async def test_connections_are_counted_as_they_come(server: Running, company):
    descriptors = server.services.descriptors
    descriptors.look()
    before = descriptors.used
    clients = [await server.connect(company.sato.token) for _ in range(5)]
    assert descriptors.used == before + 5, "without asking the kernel again"
    for client in clients:
        await client.close()


@contextlib.contextmanager
def many_coming_in(server: Running, count: int) -> Iterator[None]:
    """As many as may be before the door, and behind it the rest, each another."""
    entrance = server.services.entrance
    with contextlib.ExitStack() as steps:
        for number in range(count):
            steps.enter_context(entrance.step() if number < AT_ONCE else entrance.greeting(1000 + number))
        yield


async def test_who_comes_when_too_many_come_is_told_when_to_return(server: Running, company):
    with many_coming_in(server, AT_ONCE):
        put_off = await server.connect(company.sato.token, hello=False)
        bye = await put_off.expect("bye", code=CloseCode.OVERLOADED)
        await put_off.expect_close(CloseCode.OVERLOADED)
    assert 0 < bye["retry_ms"] < 5_000
    await server.connect(company.sato.token)


async def test_who_was_let_in_is_greeted_before_anybody_new(server: Running, company):
    let_in = await server.connect(company.sato.token, hello=False)
    with many_coming_in(server, AT_ONCE):
        await let_in.hello()


async def test_even_he_is_put_off_when_far_too_many_are_let_in(server: Running, company):
    let_in = await server.connect(company.sato.token, hello=False)
    with many_coming_in(server, GREETED_AT_ONCE):
        await let_in.say("hello", have={})
        bye = await let_in.expect("bye", code=CloseCode.OVERLOADED)
    assert bye["retry_ms"] > 0
