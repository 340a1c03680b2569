"""What a request may carry to a database, the same on both: PostgreSQL fails on a NUL that SQLite takes."""

from __future__ import annotations

import pytest

from tests.tools.company import hire
from tests.tools.running import Running
from tests.tools.visitor import PASSWORD, Visitor

OUR_PAGE = {"Accept-Language": "ja", "Sec-Fetch-Site": "same-origin"}


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/signin", {"login_id": "a\x00b", "password": PASSWORD}),
        ("/signin", {"login_id": "a", "password": f"{PASSWORD}\x00"}),
        ("/signin", {"login_id": "a", "password": PASSWORD, "next": "/\x00"}),
        ("/signin", {"login_id": "a", "password": PASSWORD, "\x00": ""}),
        ("/password", {"current": "\x00", "new": PASSWORD, "again": PASSWORD}),
    ],
)
async def test_a_form_with_a_nul_is_refused_by_a_sentence(server: Running, path: str, fields: dict[str, str]):
    sato = await hire(server.services, "sato")
    visitor = Visitor(server) if path == "/signin" else Visitor.of(server, sato)
    async with visitor:
        answer = await visitor.ask("POST", path, OUR_PAGE, data=fields)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_text")
    assert answer.json()["message"] == "使えない文字が含まれています。取り除いてください。"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/sessions/end", rb'{"id":"\u0000"}'),
        ("/api/sessions/end", rb'{"id":"\\\u0000"}'),
        ("/api/settings", rb'{"language":"ja\u0000"}'),
    ],
)
async def test_json_with_a_nul_is_refused_by_a_sentence(server: Running, path: str, body: bytes):
    async with Visitor.of(server, await hire(server.services, "sato")) as visitor:
        answer = await visitor.ask("POST", path, {**OUR_PAGE, "Content-Type": "application/json"}, content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_text")


async def test_a_backslash_before_u0000_is_no_nul(server: Running):
    async with Visitor.of(server, await hire(server.services, "sato")) as visitor:
        answer = await visitor.send("/api/sessions/end", {"id": r"\u0000"})
    assert answer.status_code == 404, "read as a name, and nothing has it"
