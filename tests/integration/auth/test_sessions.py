"""A session speaks for somebody until it ends: by him, by an administrator, by age."""

from __future__ import annotations

import pytest

from server.auth import actions, door, revocation, sessions
from server.auth.model import Privilege, SignedIn, operator
from server.live.frames import CloseCode
from tests.tools.client import Client
from tests.tools.running import Running
from tests.tools.visitor import PASSWORD, Visitor

# What a page of ours does with every address that needs somebody to be signed in.
PAGES = ("/", "/talk", "/talk/1", "/settings", "/password")
QUESTIONS = ("/api/me", "/api/sessions")
CHANGES = {
    "/api/sessions/end": {"id": "x"},
    "/api/sessions/end-others": {},
    "/api/settings": {"language": "en"},
}


async def signed_in(server: Running, login: str = "sano") -> Visitor:
    visitor = Visitor(server)
    answer = await visitor.sign_in(f"{login}@hokuto.example", PASSWORD)
    assert answer.status_code == 303, "this test needs somebody who is signed in"
    return visitor


def no_cookie(visitor: Visitor, server: Running, clock) -> None:
    visitor.cookies.clear()


def rubbish(visitor: Visitor, server: Running, clock) -> None:
    visitor.cookies["__Host-session"] = "rubbish"


def unused_for_a_month(visitor: Visitor, server: Running, clock) -> None:
    clock.forward(days=30)


async def signed_out(visitor: Visitor, server: Running, clock) -> None:
    kept = dict(visitor.cookies)
    await visitor.submit("/signout")
    visitor.cookies = kept


async def disabled(visitor: Visitor, server: Running, clock) -> None:
    await server.services.writer.act(actions.disable_account, operator(), 1)


async def deleted(visitor: Visitor, server: Running, clock) -> None:
    await server.services.writer.act(actions.delete_account, operator(), 1)


async def password_given_by_an_administrator(visitor: Visitor, server: Running, clock) -> None:
    await server.services.writer.act(actions.set_password, operator(), 1, "$argon2id$rubbish")


ENDINGS = (
    no_cookie,
    rubbish,
    unused_for_a_month,
    signed_out,
    disabled,
    deleted,
    password_given_by_an_administrator,
)


@pytest.mark.parametrize("ending", ENDINGS)
async def test_a_session_that_has_ended_opens_nothing(server: Running, add, clock, ending):
    await add("sano")
    visitor = await signed_in(server)
    assert (await visitor.get("/api/me")).status_code == 200, "this test needs a session that worked"
    if (result := ending(visitor, server, clock)) is not None:
        await result

    for path in PAGES:
        answer = await visitor.get(path)
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/signin"), path
    for path in QUESTIONS:
        answer = await visitor.get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "signed_out"), path
    for path, body in CHANGES.items():
        assert (await visitor.send(path, body)).status_code == 401, path
    with pytest.raises(Exception, match="401"):
        await Client.connect(server.host, visitor.cookies.get("__Host-session", ""))
    await visitor.__aexit__(None, None, None)


async def test_use_keeps_a_session_alive_but_not_for_ever(server: Running, add, clock):
    await add("sano")
    async with await signed_in(server) as visitor:
        for _ in range(4):
            clock.forward(days=20)
            assert (await visitor.get("/api/me")).status_code == 200
        clock.forward(days=11)
        assert (await visitor.get("/api/me")).status_code == 401


async def test_being_used_is_written_down_once_an_hour(server: Running, add, clock, monkeypatch: pytest.MonkeyPatch):
    await add("sano")
    async with await signed_in(server) as visitor:
        written: list[object] = []
        act = server.services.writer.act

        async def counted(*args: object, **kwargs: object) -> object:
            written.append(args)
            return await act(*args, **kwargs)

        monkeypatch.setattr(server.services.writer, "act", counted)
        for _ in range(3):
            await visitor.get("/api/me")
        assert written == []
        clock.forward(hours=1)
        for _ in range(3):
            await visitor.get("/api/me")
        assert len(written) == 1


async def test_one_sees_ones_own_sessions_and_ends_one(server: Running, add):
    await add("sano")
    await add("mori")
    async with (
        await signed_in(server) as desk,
        await signed_in(server) as phone,
        await signed_in(server, "mori") as other,
    ):
        rows = (await desk.get("/api/sessions")).json()["sessions"]
        (current,) = [row for row in rows if row["current"]]
        (elsewhere,) = [row for row in rows if not row["current"]]
        assert set(current) == {"id", "created", "seen", "agent", "address", "current"}
        assert (await other.send("/api/sessions/end", {"id": elsewhere["id"]})).status_code == 404
        assert (await phone.get("/api/me")).status_code == 200

        assert (await desk.send("/api/sessions/end", {"id": elsewhere["id"]})).json() == {"ended": 1}
        assert (await phone.get("/api/me")).status_code == 401
        assert (await desk.get("/api/me")).status_code == 200
        assert (await other.get("/api/me")).status_code == 200


async def test_signing_out_everywhere_else_closes_every_other_socket(server: Running, add):
    await add("sano")
    async with await signed_in(server) as desk, await signed_in(server) as phone:
        here = await server.connect(desk.cookies["__Host-session"])
        there = await server.connect(phone.cookies["__Host-session"])

        assert (await desk.send("/api/sessions/end-others", {})).json() == {"ended": 1}

        await there.expect_close(CloseCode.SIGNED_OUT)
        await here.expect_silence()
        assert (await phone.get("/api/me")).status_code == 401
        assert (await desk.get("/api/me")).status_code == 200


async def test_signing_out_closes_the_socket_and_empties_the_browsers_cache(server: Running, add):
    await add("sano")
    async with await signed_in(server) as visitor:
        socket = await server.connect(visitor.cookies["__Host-session"])
        answer = await visitor.submit("/signout")

        assert (answer.status_code, answer.headers["location"]) == (303, "/signin")
        assert answer.headers["clear-site-data"] == '"cache"'
        assert "__Host-session" not in visitor.cookies
        await socket.expect_close(CloseCode.SIGNED_OUT)


async def test_talk_taken_away_sends_the_client_round_once(server: Running, add):
    account = await add("sano")
    async with await signed_in(server) as visitor:
        token = visitor.cookies["__Host-session"]
        socket = await server.connect(token)
        await server.services.writer.act(actions.set_talk, operator(), account.id, False)
        await socket.expect_close(CloseCode.RIGHTS_CHANGED)

        again = await server.connect(token)
        assert again.welcome["me"]["talk"] is False
        # The loop that reads what other processes have revoked comes to the same row a little later.
        for id, revoked in await server.services.readers.ask(revocation.new_revocations, 0, server.services.clock()):
            assert id == revoked.id
            server.services.hub.revoke(revoked)
        await again.expect_silence()


async def test_the_language_is_kept_and_audited(server: Running, add, trail):
    await add("sano")
    async with await signed_in(server) as visitor:
        answer = await visitor.send("/api/settings", {"language": "en"})
        assert answer.json()["language"] == "en"
        assert '<html lang="en">' in (await visitor.get("/password")).text
    assert ("account.language", "sano@hokuto.example", "ok") in await trail()


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/settings", {"language": "fr"}, 400),
        ("/api/settings", {"language": 5}, 400),
        ("/api/settings", {}, 400),
        ("/api/settings", {"language": "en", "admin": True}, 400),
        ("/api/settings", [], 400),
        ("/api/sessions/end", {"id": ""}, 400),
        ("/api/sessions/end", {"id": "x" * 101}, 400),
        ("/api/sessions/end", {"id": "x\x00"}, 400),
        ("/api/sessions/end-others", {"x": 1}, 400),
    ],
)
async def test_a_body_of_the_wrong_shape_is_refused(server: Running, add, path: str, body: object, status: int):
    await add("sano")
    async with await signed_in(server) as visitor:
        assert (await visitor.send(path, body)).status_code == status


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("text/plain", b'{"language":"en"}', 415),
        ("application/x-www-form-urlencoded", b'{"language":"en"}', 415),
        ("", b'{"language":"en"}', 415),
        ("application/json", b'{"language":"\xff"}', 400),
        ("application/json", b'{"x":' + b"[" * 20_000 + b"]" * 20_000 + b"}", 400),
        ("application/json", b"", 400),
        ("application/json; charset=utf-8", b'{"language":"en"}', 200),
    ],
)
async def test_only_sound_json_is_read(server: Running, add, kind: str, body: bytes, status: int):
    await add("sano")
    async with await signed_in(server) as visitor:
        headers = {"Content-Type": kind, "Sec-Fetch-Site": "same-origin"}
        answer = await visitor.ask("POST", "/api/settings", headers, content=body)
    assert answer.status_code == status


async def test_a_script_cannot_pile_up_sessions(server: Running, add, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("server.auth.session_actions.SESSIONS_LIMIT", 3)
    await add("sano")
    first = await signed_in(server)
    others = [await signed_in(server) for _ in range(3)]
    assert (await first.get("/api/me")).status_code == 401
    for visitor in (first, *others):
        await visitor.__aexit__(None, None, None)


async def test_an_open_socket_can_keep_its_session_alive(server: Running, add, clock):
    await add("sano")
    async with await signed_in(server) as visitor:
        token = visitor.cookies["__Host-session"]
        found = (await visitor.get("/api/sessions")).json()["sessions"][0]["seen"]
        clock.forward(hours=2)
        signed = await _signed_in(server, token)
        await door.keep_alive(server.services, signed.session)
        assert (await visitor.get("/api/sessions")).json()["sessions"][0]["seen"] > found


async def _signed_in(server: Running, token: str) -> SignedIn:
    services = server.services
    idle = door.idle_limit(services)
    return await services.readers.ask(sessions.find, sessions.hash_of(token), services.clock(), idle)


async def test_a_privilege_given_now_counts_at_the_next_request(server: Running, add):
    account = await add("sano")
    async with await signed_in(server) as visitor:
        assert (await visitor.get("/api/me")).json()["privileges"] == []
        given = frozenset({Privilege.ADMIN_GOTALK})
        await server.services.writer.act(actions.set_privileges, operator(), account.id, given)
        assert (await visitor.get("/api/me")).json()["privileges"] == ["ADMIN_GOTALK"]
