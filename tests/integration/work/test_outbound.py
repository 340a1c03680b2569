"""The door out: where it leads, what it refuses, and what a wicked server can do to us through it."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import socket
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from server import logs
from server.opening import opened
from server.settings import Settings, WrongSettings, load
from server.work import outbound as outbound_module
from server.work.outbound import OutboundFailed, OutboundRefused
from tests.tools.elsewhere import LONG, Names, Visit, door, get, nothing, reason
from tests.tools.running import settings_for

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


async def test_an_address_that_says_nothing_leaves_time_for_the_next(other, outbound, monkeypatch):
    monkeypatch.setattr(outbound_module, "PATIENCE_SECONDS", 0.2)
    with silent("127.0.0.2", other.port):
        async with door(Names(other_test=["127.0.0.2", "127.0.0.1"]), "other.test") as listed:
            opened = await listed.connect("other.test", other.port, purpose="test")
            assert opened.getpeername() == ("127.0.0.1", other.port)
            opened.close()


@contextlib.contextmanager
def silent(host: str, port: int) -> Iterator[None]:
    """A machine that takes no connection and refuses none: as many wait there as it lets wait."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server((host, port), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield


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


@pytest.mark.parametrize("handler", [drip, nothing])
async def test_the_time_is_for_all_of_it_and_not_for_each_byte(other, outbound, handler):
    other.handler = handler
    with pytest.raises(OutboundFailed) as failed:
        await get(outbound, other.url, seconds=0.3)
    assert reason(failed) == "timeout"

    other.handler = other.greet
    assert (await get(outbound, other.url)).status == 200


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
