"""A WebSocket through the door out: the same rules, and an end to everything that waits."""

from __future__ import annotations

import base64
import hashlib

import pytest

from server.work import outbound_socket
from server.work.outbound import OutboundFailed, OutboundRefused
from server.work.outbound_socket import line_to
from tests.tools.elsewhere import Names, Visit, door, reason

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


async def accept(visit: Visit) -> None:
    """Take the handshake, and say nothing ever after."""
    key = base64.b64encode(hashlib.sha1(visit.fields["sec-websocket-key"].encode() + MAGIC).digest()).decode()
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {key}",
    ]
    visit.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    await visit.reader.read()


async def test_a_line_that_answers_no_ping_is_not_there(other, outbound, monkeypatch):
    monkeypatch.setattr(outbound_socket, "CLOSE_SECONDS", 0.1)
    other.handler = accept
    with pytest.raises(OutboundFailed) as failed:
        async with line_to(outbound, f"ws://other.test:{other.port}/", limit_bytes=1000, purpose="test") as line:
            await line.ping(0.2)
    assert reason(failed) == "silent"


async def test_the_names_rules_hold_here_too(other, outbound):
    for url, why in (
        (f"ws://127.0.0.1:{other.port}/", "address"),
        (f"http://other.test:{other.port}/", "scheme"),
        ("ws://x@other.test/", "userinfo"),
        ("ws://other.test\\@evil.test/", "spelling"),
    ):
        with pytest.raises(OutboundRefused) as refused:
            async with line_to(outbound, url, limit_bytes=1000, purpose="test"):
                pass
        assert reason(refused) == why
    assert other.visits == []


async def test_a_closed_door_is_closed(other):
    async with door(Names(other_test=["127.0.0.1"]), "other.test", enabled=False) as closed:
        with pytest.raises(OutboundRefused) as refused:
            async with line_to(closed, f"ws://other.test:{other.port}/", limit_bytes=1000, purpose="test"):
                pass
    assert reason(refused) == "off" and other.visits == []


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "302 Found", "101 Switching Protocols"])
async def test_what_is_no_handshake_is_a_refusal_and_leads_nowhere_else(other, outbound, status):
    async def answer(visit: Visit) -> None:
        visit.answer(b"", status, "Location: ws://127.0.0.1:1/")

    other.handler = answer
    with pytest.raises(OutboundFailed) as failed:
        async with line_to(outbound, f"ws://other.test:{other.port}/", limit_bytes=1000, purpose="test"):
            pass
    assert reason(failed) == "handshake" and len(other.visits) == 1


async def test_the_environment_s_proxy_is_not_used(other, outbound, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "ws_proxy", "socks_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    other.handler = accept
    async with line_to(outbound, f"ws://other.test:{other.port}/", limit_bytes=1000, purpose="test"):
        assert "sec-websocket-extensions" not in other.visits[0].fields, "nothing is compressed"
