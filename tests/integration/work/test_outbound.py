"""The door out: where it leads, what it refuses, and what a wicked server can do to us through it."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from server import logs
from server.errors import Busy
from server.opening import opened
from server.settings import Settings, WrongSettings, load
from server.work import outbound as outbound_module
from server.work import resolving
from server.work.outbound import Answer, Outbound, OutboundFailed, OutboundRefused
from server.work.resolving import Resolver
from tests.tools.need import need
from tests.tools.process import ROOT
from tests.tools.running import settings_for

LONG = 30.0
"""Seconds that no request here needs."""

Handler = Callable[["Visit"], Awaitable[None]]


class Visit:
    """One request as it arrived."""

    def __init__(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = head.decode().split("\r\n")
        self.request = lines[0]
        self.fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)}
        self.reader = reader
        self.writer = writer

    def answer(self, body: bytes = b"", status: str = "200 OK", *fields: str) -> None:
        head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields])
        self.writer.write(f"{head}\r\n\r\n".encode() + body)


class Other:
    """Another company's server, which does what a test tells it."""

    def __init__(self) -> None:
        self.visits: list[Visit] = []
        self.connections = 0
        self.handler: Handler = self.greet
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://other.test:{self.port}"

    async def greet(self, visit: Visit) -> None:
        visit.answer("こんにちは".encode())

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.closing(writer), contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                visit = Visit(await reader.readuntil(b"\r\n\r\n"), reader, writer)
                self.visits.append(visit)
                await self.handler(visit)


@contextlib.asynccontextmanager
async def served(tls: ssl.SSLContext | None = None) -> AsyncIterator[Other]:
    other, tasks = Other(), set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        await other.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    other.port = server.sockets[0].getsockname()[1]
    try:
        yield other
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def other() -> AsyncIterator[Other]:
    async with served() as other:
        yield other


class Names:
    """A resolver of our own: each name has what was said last, and it is written down who asked."""

    def __init__(self, **known: list[str]) -> None:
        self.known = {name.replace("_", "."): addresses for name, addresses in known.items()}
        self.asked: list[str] = []

    def __call__(self, host: str, _port: int) -> list[str]:
        self.asked.append(host)
        if host not in self.known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return self.known[host]


@contextlib.asynccontextmanager
async def door(names: Names, *listed: str, enabled: bool = True) -> AsyncIterator[Outbound]:
    door = Outbound(enabled, listed, Resolver(listed, names))
    try:
        yield door
    finally:
        await door.close()


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    async with door(Names(other_test=["127.0.0.1"]), "other.test") as open_door:
        yield open_door


async def get(door: Outbound, url: str, **given: Any) -> Answer:
    usual: dict[str, Any] = {"limit_bytes": 100_000, "seconds": LONG, "purpose": "test"}
    return await door.fetch("GET", url, **(usual | given))


def reason(refused: pytest.ExceptionInfo[OutboundFailed] | pytest.ExceptionInfo[OutboundRefused]) -> str:
    return str(refused.value.details["reason"])


# ------------------------------------------------------------------------------------------- the way


async def test_it_brings_back_what_the_other_side_says(other, outbound):
    answer = await get(outbound, f"{other.url}/feed?since=1", headers={"If-None-Match": '"x"', "Host": "else"})

    assert (answer.status, answer.body.decode()) == (200, "こんにちは")
    (visit,) = other.visits
    assert visit.request == "GET /feed?since=1 HTTP/1.1"
    assert visit.fields["host"] == f"other.test:{other.port}" and visit.fields["if-none-match"] == '"x"'
    assert visit.fields["user-agent"] == "Renraku" and "cookie" not in visit.fields


async def test_a_body_goes_out_with_its_length(other, outbound):
    async def read(visit: Visit) -> None:
        visit.answer(await visit.reader.readexactly(int(visit.fields["content-length"])), "201 Created")

    other.handler = read
    answer = await outbound.fetch(
        "POST", f"{other.url}/push", body=b"\x00abc", limit_bytes=100, seconds=LONG, purpose="test"
    )
    assert (answer.status, answer.body) == (201, b"\x00abc")


async def test_connections_are_shared_by_those_who_follow(other, outbound):
    for _ in range(5):
        await get(outbound, other.url)
    assert len(other.visits) == 5 and other.connections == 1


async def test_cookies_are_not_kept(other, outbound):
    async def bake(visit: Visit) -> None:
        visit.answer(b"", "200 OK", "Set-Cookie: a=b", "Set-Cookie: c=d")

    other.handler = bake
    assert (await get(outbound, other.url)).headers["set-cookie"] == "a=b, c=d"
    await get(outbound, other.url)
    assert "cookie" not in other.visits[1].fields


async def test_the_environment_s_proxy_is_not_used(other, outbound, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert (await get(outbound, other.url)).status == 200


# --------------------------------------------------------------------------------------- the refusals

OWN = ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "fe80::1%1"]


@pytest.mark.parametrize("address", OWN)
async def test_a_name_that_leads_into_one_s_own_network_is_refused(other, address):
    async with door(Names(other_test=[address])) as closed:
        with pytest.raises(OutboundRefused) as refused:
            await get(closed, other.url)
    assert reason(refused) == "address" and other.connections == 0


async def test_one_closed_address_among_open_ones_is_enough(other):
    async with door(Names(other_test=["8.8.8.8", "127.0.0.1"])) as closed:
        with pytest.raises(OutboundRefused):
            await get(closed, other.url)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "127.1", "0"])
async def test_an_address_of_one_s_own_is_refused_in_any_spelling_and_nobody_is_asked(host):
    names = Names()
    async with door(names) as closed:
        with pytest.raises(OutboundRefused):
            await get(closed, f"http://{host}/")
    assert names.asked == []


async def test_what_the_operator_lists_is_reached_and_nothing_beside_it(other):
    names = Names(other_test=["127.0.0.1"], else_test=["127.0.0.1"])
    async with door(names, f"other.test:{other.port}") as listed:
        assert (await get(listed, other.url)).status == 200
        for elsewhere in (f"http://other.test:{other.port + 1}/", f"http://else.test:{other.port}/"):
            with pytest.raises(OutboundRefused):
                await get(listed, elsewhere)


async def test_a_closed_door_lets_nothing_out(other):
    names = Names(other_test=["127.0.0.1"])
    async with door(names, "other.test", enabled=False) as closed:
        assert not closed.is_open
        with pytest.raises(OutboundRefused) as refused:
            await get(closed, other.url)
        with pytest.raises(OutboundRefused):
            await closed.connect("other.test", other.port, purpose="test")
    assert reason(refused) == "off" and names.asked == []


async def test_an_answer_that_changes_is_looked_at_each_time(other):
    """DNS rebinding: the second answer leads inside. It is never asked for a connection that was allowed."""
    names = Names(other_test=["127.0.0.1"])
    async with door(names, "other.test") as listed:
        pinned = await listed.resolve("other.test", other.port, purpose="test")
        names.known["other.test"] = ["127.0.0.99"]
        assert [str(address) for address in pinned.addresses] == ["127.0.0.1"]

        names.asked.clear()
        with pytest.raises(OutboundFailed):
            await get(listed, other.url)
        assert names.asked == ["other.test"], "asked once for one connection"

        names.known["other.test"] = ["127.0.0.1"]
        await get(listed, other.url)
        names.known["other.test"] = ["127.0.0.99"]
        await get(listed, other.url)
        assert other.connections == 1, "and not at all for one that is open"


async def test_a_rebound_name_is_refused_when_it_is_not_listed(other):
    class Rebinding(Names):
        def __call__(self, host: str, port: int) -> list[str]:
            super().__call__(host, port)
            return ["192.0.1.1"] if len(self.asked) == 1 else ["127.0.0.1"]

    names = Rebinding(other_test=[])
    async with door(names) as closed:
        pinned = await closed.resolve("other.test", other.port, purpose="test")
        assert [str(address) for address in pinned.addresses] == ["192.0.1.1"]
        with pytest.raises(OutboundRefused):
            await get(closed, other.url)
    assert other.connections == 0


async def test_the_next_address_is_tried_when_one_does_not_answer(other):
    async with door(Names(other_test=["127.0.0.99", "127.0.0.1"]), "other.test") as listed:
        assert (await get(listed, other.url)).status == 200
        (await listed.connect("other.test", other.port, purpose="test")).close()


async def test_a_name_that_does_not_exist_is_said(outbound):
    with pytest.raises(OutboundFailed) as failed:
        await get(outbound, "http://nowhere.test/")
    assert reason(failed) == "name"


async def test_nobody_listening_is_said(outbound, other):
    with pytest.raises(OutboundFailed) as failed:
        await get(outbound, "http://other.test:1/")
    assert reason(failed) == "connect"


# ---------------------------------------------------------------------------------------- redirects


async def test_redirects_on_the_same_host_are_followed_three_times(other, outbound):
    async def on(visit: Visit) -> None:
        step = int(visit.request.split()[1].rpartition("/")[2])
        visit.answer(b"", "302 Found", f"Location: /{step - 1}") if step else visit.answer(b"there")

    other.handler = on
    assert (await get(outbound, f"{other.url}/3")).body == b"there"
    with pytest.raises(OutboundFailed) as failed:
        await get(outbound, f"{other.url}/4")
    assert reason(failed) == "redirects"


@pytest.mark.parametrize("location", ["http://else.test:{port}/", "//else.test:{port}/", "http://other.test:1/"])
async def test_a_redirect_to_elsewhere_is_refused_even_if_that_is_listed(other, location):
    async def away(visit: Visit) -> None:
        visit.answer(b"", "302 Found", "Location: " + location.format(port=other.port))

    other.handler = away
    names = Names(other_test=["127.0.0.1"], else_test=["127.0.0.1"])
    async with door(names, "other.test", "else.test") as listed:
        with pytest.raises(OutboundRefused) as refused:
            await get(listed, other.url)
    assert reason(refused) == "redirect" and len(other.visits) == 1


async def test_what_changes_something_is_never_sent_twice(other, outbound):
    async def away(visit: Visit) -> None:
        visit.answer(b"", "307 Temporary Redirect", "Location: /else")

    other.handler = away
    answer = await outbound.fetch("POST", other.url, limit_bytes=100, seconds=LONG, purpose="test")
    assert answer.status == 307 and len(other.visits) == 1


# ------------------------------------------------------------------------------- wicked other servers


async def endless(visit: Visit) -> None:
    visit.writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not visit.writer.is_closing():
        visit.writer.write(b"1000\r\n" + b"x" * 0x1000 + b"\r\n")
        await visit.writer.drain()


async def endless_head(visit: Visit) -> None:
    visit.writer.write(b"HTTP/1.1 200 OK\r\n")
    while not visit.writer.is_closing():
        visit.writer.write(b"X-Filler: " + b"x" * 4096 + b"\r\n")
        await visit.writer.drain()


async def no_http(visit: Visit) -> None:
    visit.writer.write(b"220 mail.example ESMTP\r\n\r\n")


async def gone(visit: Visit) -> None:
    visit.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    visit.writer.close()


async def packed(visit: Visit) -> None:
    visit.answer(b"\x1f\x8b bomb", "200 OK", "Content-Encoding: gzip")


async def lying(visit: Visit) -> None:
    visit.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n")


WICKED = {
    endless: "too_large",
    endless_head: "broken",
    no_http: "broken",
    gone: "broken",
    packed: "encoding",
    lying: "broken",
}


@pytest.mark.parametrize("handler", WICKED, ids=lambda handler: handler.__name__)
async def test_an_answer_that_is_none_is_a_refusal_and_the_next_request_works(other, outbound, handler):
    other.handler = handler
    with pytest.raises(OutboundFailed) as failed:
        await get(outbound, other.url)
    assert reason(failed) == WICKED[handler]

    other.handler = other.greet
    assert (await get(outbound, other.url)).status == 200


async def test_an_answer_of_just_the_limit_is_no_longer_than_it(other, outbound):
    assert (await get(outbound, other.url, limit_bytes=15)).body.decode() == "こんにちは"
    with pytest.raises(OutboundFailed):
        await get(outbound, other.url, limit_bytes=14)


async def drip(visit: Visit) -> None:
    visit.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not visit.writer.is_closing():
        visit.writer.write(b"x")
        await asyncio.sleep(0.01)


async def nothing(visit: Visit) -> None:
    await visit.reader.read(1)


@pytest.mark.parametrize("handler", [drip, nothing])
async def test_the_time_is_for_all_of_it_and_not_for_each_byte(other, outbound, handler):
    other.handler = handler
    with pytest.raises(OutboundFailed) as failed:
        await get(outbound, other.url, seconds=0.3)
    assert reason(failed) == "timeout"

    other.handler = other.greet
    assert (await get(outbound, other.url)).status == 200


class Hanging(Names):
    """Has no answer for names that begin with "slow", until it is let go."""

    def __init__(self, **known: list[str]) -> None:
        super().__init__(**known)
        self.let_go = threading.Event()

    def __call__(self, host: str, port: int) -> list[str]:
        addresses = super().__call__(host, port)
        if host.startswith("slow"):
            self.let_go.wait(LONG)
        return addresses


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    """Many slow names, and a good one."""
    slow = {f"slow{number}_test": ["127.0.0.1"] for number in range(20)}
    names = Hanging(other_test=["127.0.0.1"], **slow)
    yield names
    names.let_go.set()


async def test_a_resolver_that_hangs_is_told_as_a_time_that_is_over(hanging):
    async with door(hanging, "slow0.test") as listed:
        with pytest.raises(OutboundFailed) as failed:
            await get(listed, "http://slow0.test/", seconds=0.1)
        assert reason(failed) == "timeout"


async def test_names_that_hang_hold_up_nobody_else_s(other, hanging):
    async with door(hanging, "other.test", *hanging.known) as listed, asyncio.TaskGroup() as group:
        slow = [
            group.create_task(listed.resolve(name, 80, purpose="test")) for name in hanging.known if "slow" in name
        ]
        while len(hanging.asked) < 20:
            await asyncio.sleep(0.005)
        assert (await get(listed, other.url)).status == 200
        assert not any(task.done() for task in slow)
        hanging.let_go.set()


async def test_one_host_s_name_is_asked_for_twice_at_a_time(other, hanging):
    async with door(hanging, "other.test", "slow0.test") as listed, asyncio.TaskGroup() as group:
        slow = [group.create_task(listed.resolve("slow0.test", 80, purpose="test")) for _ in range(5)]
        while len(hanging.asked) < 2:
            await asyncio.sleep(0.005)
        assert (await get(listed, other.url)).status == 200
        assert hanging.asked == ["slow0.test", "slow0.test", "other.test"]

        slow.pop().cancel()
        hanging.let_go.set()
        assert {(await task).host for task in slow} == {"slow0.test"}


async def test_who_gave_up_has_left_a_question_that_still_counts(other, hanging):
    async with door(hanging, "other.test", "slow0.test") as listed:
        for number in (1, 2):
            gone = asyncio.create_task(listed.resolve("slow0.test", 80, purpose="test"))
            while len(hanging.asked) < number:
                await asyncio.sleep(0.005)
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)

        third = asyncio.create_task(listed.resolve("slow0.test", 80, purpose="test"))
        # The first is asked before the third has begun to wait, the second after it.
        for _ in range(2):
            await listed.resolve("other.test", 80, purpose="test")
        assert hanging.asked.count("slow0.test") == 2
        hanging.let_go.set()
        await third
        assert hanging.asked.count("slow0.test") == 3


async def test_when_too_many_names_hang_that_is_said_at_once(hanging, monkeypatch):
    monkeypatch.setattr(resolving, "LOOKUPS", 3)
    async with door(hanging, *hanging.known) as listed, asyncio.TaskGroup() as group:
        for number in range(3):
            group.create_task(listed.resolve(f"slow{number}.test", 80, purpose="test"))
        while len(hanging.asked) < 3:
            await asyncio.sleep(0.005)
        for _ in range(3):
            with pytest.raises(OutboundFailed) as failed:
                await listed.resolve("slow3.test", 80, purpose="test")
            assert reason(failed) == "names"
        hanging.let_go.set()


LEAVING = """
import asyncio, threading
from server.work.outbound import Outbound
from server.work.resolving import Resolver

asked = threading.Event()

def hang(host, port):
    asked.set()
    threading.Event().wait()

async def main():
    door = Outbound(True, (), Resolver((), hang))
    gone = asyncio.create_task(door.resolve("slow.test", 80, purpose="test"))
    while not asked.is_set():
        await asyncio.sleep(0.005)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    await door.close()
    print("gave up", flush=True)

asyncio.run(main())
"""


async def test_a_name_that_hangs_does_not_delay_the_end_of_the_process():
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", LEAVING),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(LONG / 2):
            out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0 and b"gave up" in out


async def test_a_host_that_is_slow_has_few_connections_and_holds_up_no_other(other):
    async def on(visit: Visit) -> None:
        await (nothing(visit) if visit.fields["host"].startswith("slow") else other.greet(visit))

    other.handler = on
    async with door(Names(other_test=["127.0.0.1"], slow_test=["127.0.0.1"]), "other.test", "slow.test") as listed:
        slow = [asyncio.create_task(get(listed, f"http://slow.test:{other.port}/")) for _ in range(30)]
        while len(other.visits) < 4:
            await asyncio.sleep(0.005)
        assert (await get(listed, other.url)).status == 200
        assert len(other.visits) == 5 and other.connections == 5

        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        other.handler = other.greet
        assert (await get(listed, f"http://slow.test:{other.port}/")).status == 200
        assert listed._pool._lanes.names == ()


async def test_one_host_gets_no_more_than_its_share_of_what_is_under_way(other, monkeypatch):
    monkeypatch.setattr(outbound_module, "MAX_UNDER_WAY_A_HOST", 1)
    other.handler = nothing
    async with door(Names(other_test=["127.0.0.1"], else_test=["127.0.0.1"]), "other.test", "else.test") as listed:
        first = asyncio.create_task(get(listed, other.url))
        while not other.visits:
            await asyncio.sleep(0.005)
        other.handler = other.greet
        with pytest.raises(Busy):
            await get(listed, other.url)
        assert (await get(listed, f"http://else.test:{other.port}/")).status == 200
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert (await get(listed, other.url)).status == 200
        assert not listed._under_way


async def test_more_than_so_many_at_a_time_are_told_to_come_back(other, outbound, monkeypatch):
    monkeypatch.setattr(outbound_module, "MAX_UNDER_WAY", 1)
    other.handler = nothing
    first = asyncio.create_task(get(outbound, other.url))
    while not other.visits:
        await asyncio.sleep(0.005)
    with pytest.raises(Busy):
        await get(outbound, other.url)

    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    other.handler = other.greet
    assert (await get(outbound, other.url)).status == 200


# ---------------------------------------------------------------------------------------- certificates


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for other.test that signs itself, with its key in the same file."""
    if shutil.which("openssl") is None:
        need("openssl", "apt-get install openssl")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=other.test"),
            *("-addext", "subjectAltName=DNS:other.test"),
            *("-keyout", folder / "key", "-out", folder / "certificate"),
        ],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture
def tls(certificate: Path) -> Iterator[ssl.SSLContext]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "certificate", certificate / "key")
    return context


async def test_the_certificate_is_checked_against_the_name_and_not_the_address(tls, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "certificate"))
    names = Names(other_test=["127.0.0.1"], else_test=["127.0.0.1"])
    async with served(tls) as secure, door(names, "other.test", "else.test", "127.0.0.1") as listed:
        assert (await get(listed, f"https://other.test:{secure.port}/")).status == 200
        for host in ("else.test", "127.0.0.1"):
            with pytest.raises(OutboundFailed) as failed:
                await get(listed, f"https://{host}:{secure.port}/")
            assert reason(failed) == "certificate"
        assert len(secure.visits) == 1, "nothing was said to the wrong one"


async def test_a_certificate_of_an_unknown_authority_is_refused(tls):
    async with served(tls) as secure, door(Names(other_test=["127.0.0.1"]), "other.test") as listed:
        with pytest.raises(OutboundFailed) as failed:
            await get(listed, f"https://other.test:{secure.port}/")
        assert reason(failed) == "certificate" and secure.visits == []


# ------------------------------------------------------------------------------- connections, the log


async def test_an_open_connection_follows_the_same_rules(other, outbound):
    opened_socket = await outbound.connect("other.test", other.port, purpose="test")
    with opened_socket:
        assert opened_socket.getpeername() == ("127.0.0.1", other.port)
    async with door(Names(other_test=["10.0.0.1"])) as closed:
        with pytest.raises(OutboundRefused):
            await closed.connect("other.test", other.port, purpose="test")


async def test_the_log_has_the_host_and_never_the_path(other, outbound):
    with capture_logs() as lines:
        await get(outbound, f"{other.url}/secret?token=secret")
        with pytest.raises(OutboundRefused):
            await get(outbound, "http://127.0.0.1/secret?token=secret")
        with pytest.raises(OutboundFailed):
            await get(outbound, "http://nowhere.test/secret?token=secret")

    assert [(line["event"], line["host"]) for line in lines] == [
        ("outbound", "other.test"),
        ("outbound.refused", "127.0.0.1"),
        ("outbound.failed", "nowhere.test"),
    ]
    assert {line["purpose"] for line in lines} == {"test"} and "secret" not in str(lines)


async def test_the_library_s_own_lines_do_not_tell_it_either(other, outbound):
    async def bake(visit: Visit) -> None:
        visit.answer(b"", "200 OK", "Set-Cookie: session=secret")

    other.handler, root = bake, logging.getLogger()
    before, level, said = list(root.handlers), root.level, io.StringIO()
    try:
        logs.configure(Settings(log_level="debug", log_format="json"), said)
        await get(outbound, f"{other.url}/secret?token=secret", headers={"Authorization": "secret"})
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    assert '"outbound"' in said.getvalue() and "secret" not in said.getvalue()


async def test_the_server_has_one_door_as_its_settings_say(tmp_path, sqlite_template, other):
    settings = settings_for(tmp_path / "var", sqlite_template, outbound_hosts=(f"127.0.0.1:{other.port}",))
    async with opened(settings) as services:
        assert (await get(services.outbound, f"http://127.0.0.1:{other.port}/")).status == 200
    async with opened(settings.model_copy(update={"outbound": False})) as services:
        with pytest.raises(OutboundRefused):
            await get(services.outbound, f"http://127.0.0.1:{other.port}/")


@pytest.mark.parametrize("host", ["http://feed.lan", "feed.lan/path", "user@feed.lan", "*.lan", ""])
def test_a_listed_host_that_is_none_is_told_at_start(host):
    with pytest.raises(WrongSettings, match="OUTBOUND_HOSTS"):
        load({}, outbound_hosts=(host,))
