"""Signing in: the right password opens, everything else gets one and the same answer, slower and slower."""

from __future__ import annotations

import asyncio

import pytest

from server.auth import actions
from server.auth.model import operator
from server.auth.passwords import PasswordPool, TooManySignIns
from tests.tools.company import hire
from tests.tools.running import Running
from tests.tools.visitor import PASSWORD, Visitor, problem_in

WRONG = "ログインIDまたはパスワードが違います。"


async def test_the_right_password_opens_the_way_to_where_one_wanted_to_go(server: Running, add):
    await add("sano")
    async with Visitor(server) as visitor:
        away = await visitor.get("/talk/3")
        answer = await visitor.sign_in("SANO@hokuto.example", PASSWORD, next="/talk/3")
        me = (await visitor.get("/api/me")).json()

    assert (away.status_code, away.headers["location"]) == (303, "/signin?next=/talk/3")
    assert (answer.status_code, answer.headers["location"]) == (303, "/talk/3")
    assert (me["login_id"], me["company"]) == ("sano@hokuto.example", "Renraku")


async def test_the_cookie_is_one_that_only_we_can_set(server: Running, add):
    await add("sano")
    async with Visitor(server) as visitor:
        answer = await visitor.sign_in("sano@hokuto.example", PASSWORD)

    session, device = answer.headers.get_list("set-cookie")
    assert session.startswith("__Host-session=") and device.startswith("__Host-device=")
    for cookie in (session, device):
        parts = {part.strip().lower() for part in cookie.split(";")}
        assert {"httponly", "secure", "path=/", "samesite=lax"} <= parts
        assert not any(part.startswith("domain=") for part in parts)


@pytest.mark.parametrize("next", ["//evil.example", "https://evil.example", "/\\evil.example", "x"])
async def test_nobody_is_sent_to_another_site(server: Running, add, next: str):
    await add("sano")
    async with Visitor(server) as visitor:
        answer = await visitor.sign_in("sano@hokuto.example", PASSWORD, next=next)
    assert answer.headers["location"] == "/"


async def test_every_failure_looks_the_same(server: Running, add):
    await add("sano")
    disabled = await add("mori")
    await server.services.writer.act(actions.disable_account, operator(), disabled.id)
    tries = [
        ("sano@hokuto.example", "wrong password"),
        ("nobody@hokuto.example", PASSWORD),
        ("mori@hokuto.example", PASSWORD),
        ("", PASSWORD),
        ("sano@hokuto.example", ""),
        ("sano@hokuto.example", "a" * 2000),
        ("x" * 3000, PASSWORD),
    ]
    async with Visitor(server) as visitor:
        answers = [await visitor.sign_in(*attempt) for attempt in tries]

    assert {(answer.status_code, problem_in(answer)) for answer in answers} == {(400, WRONG)}
    assert not visitor.cookies


async def test_what_cannot_be_a_password_is_never_hashed(server: Running, add, monkeypatch: pytest.MonkeyPatch):
    await add("sano")
    hashed: list[str] = []

    async def verify(_: object, password: str) -> bool:
        hashed.append(password)
        return False

    monkeypatch.setattr(server.services.passwords, "verify", verify)
    async with Visitor(server) as visitor:
        for absurd in ("", "a" * 1025, "鍵" * 400, "a\x00b"):
            await visitor.sign_in("sano@hokuto.example", absurd)
        await visitor.sign_in("sano@hokuto.example", "one that could be")
    assert hashed == ["one that could be"]


async def test_guessing_becomes_slow_and_the_sentence_says_how_long(server: Running, add, clock):
    await add("sano")
    async with Visitor(server) as visitor:
        for _ in range(4):
            assert problem_in(await visitor.sign_in("sano@hokuto.example", "guess")) == WRONG
        waiting = await visitor.sign_in("sano@hokuto.example", PASSWORD)
        clock.forward(seconds=1)
        opened = await visitor.sign_in("sano@hokuto.example", PASSWORD)

    assert waiting.status_code == 429
    assert problem_in(waiting) == "ログインに続けて失敗しました。1秒後にもう一度お試しください。"
    assert opened.status_code == 303, "nobody is ever locked out"


def no_room(passwords: PasswordPool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue fills up between the count and the look at the password."""

    async def refuse(*_: object) -> bool:
        raise TooManySignIns(retry_ms=5000)

    monkeypatch.setattr(passwords, "verify", refuse)


async def test_a_try_that_nobody_looked_at_is_no_failure(server: Running, add, monkeypatch: pytest.MonkeyPatch):
    await add("sano")
    async with Visitor(server) as visitor:
        for _ in range(3):
            await visitor.sign_in("sano@hokuto.example", "guess")
        with monkeypatch.context() as earthquake:
            no_room(server.services.passwords, earthquake)
            answers = [await visitor.sign_in("sano@hokuto.example", PASSWORD) for _ in range(6)]
        assert {answer.status_code for answer in answers} == {503}

        assert problem_in(await visitor.sign_in("sano@hokuto.example", "guess")) == WRONG
        assert (await visitor.sign_in("sano@hokuto.example", "guess")).status_code == 429, "guesses still count"


async def test_without_room_for_a_newer_hash_one_is_let_in_with_the_old(
    server: Running, add, monkeypatch: pytest.MonkeyPatch
):
    await add("sano")

    async def refuse(*_: object) -> str:
        raise TooManySignIns(retry_ms=5000)

    monkeypatch.setattr(server.services.passwords, "needs_rehash", lambda _: True)
    monkeypatch.setattr(server.services.passwords, "hash", refuse)
    async with Visitor(server) as visitor:
        assert (await visitor.sign_in("sano@hokuto.example", PASSWORD)).status_code == 303


async def test_an_unknown_login_id_becomes_as_slow_as_a_known_one(server: Running, add):
    await add("sano")
    async with Visitor(server) as visitor:

        async def seen(login_id: str) -> list[tuple[int, str]]:
            answers = [await visitor.sign_in(login_id, "guess") for _ in range(6)]
            return [(answer.status_code, problem_in(answer)) for answer in answers]

        assert await seen("sano@hokuto.example") == await seen("nobody@hokuto.example")


async def test_a_hundred_guesses_at_once_are_no_more_than_four(server: Running, add):
    await add("sano")
    async with Visitor(server) as visitor:
        guesses = [visitor.sign_in("sano@hokuto.example", f"guess {number}") for number in range(40)]
        answers = await asyncio.gather(*guesses)
    assert sorted(answer.status_code for answer in answers) == [400] * 4 + [429] * 36


async def test_a_stranger_cannot_slow_down_the_owners_own_browser(server: Running, add):
    await add("sano")
    async with Visitor(server) as owner, Visitor(server) as stranger:
        await owner.sign_in("sano@hokuto.example", PASSWORD)
        await owner.submit("/signout")
        for _ in range(6):
            await stranger.sign_in("sano@hokuto.example", "guess")
        assert (await stranger.sign_in("sano@hokuto.example", PASSWORD)).status_code == 429

        assert "__Host-device" in owner.cookies, "signing out must leave the browser known"
        assert (await owner.sign_in("sano@hokuto.example", PASSWORD)).status_code == 303


async def test_a_known_browser_is_known_to_its_own_account_only(server: Running, add):
    await add("sano")
    await add("mori")
    async with Visitor(server) as visitor, Visitor(server) as stranger:
        await visitor.sign_in("mori@hokuto.example", PASSWORD)
        for _ in range(4):
            await stranger.sign_in("sano@hokuto.example", "guess")
        assert (await visitor.sign_in("sano@hokuto.example", "guess")).status_code == 429


async def test_success_forgets_the_failures(server: Running, add):
    await add("sano")
    async with Visitor(server) as visitor:
        for _ in range(3):
            for _ in range(3):
                await visitor.sign_in("sano@hokuto.example", "guess")
            assert (await visitor.sign_in("sano@hokuto.example", PASSWORD)).status_code == 303
            visitor.cookies.clear()


async def test_signing_in_again_ends_the_session_that_the_browser_had(server: Running, add):
    await add("sano")
    async with Visitor(server) as visitor, Visitor(server) as old:
        await visitor.sign_in("sano@hokuto.example", PASSWORD)
        old.cookies = dict(visitor.cookies)
        await visitor.sign_in("sano@hokuto.example", PASSWORD)
        assert (await old.get("/api/me")).status_code == 401
        assert (await visitor.get("/api/me")).status_code == 200


async def test_an_old_hash_is_renewed_when_its_owner_comes(server: Running, add, monkeypatch: pytest.MonkeyPatch):
    await add("sano")
    stronger = PasswordPool(memory_kib=128, threads=1)
    monkeypatch.setattr(server.services, "passwords", stronger)

    async def kept() -> str:
        return await server.services.readers.ask(
            lambda db: db.exec_driver_sql("SELECT password_hash FROM accounts").scalar_one()
        )

    assert "m=64," in await kept(), "this test needs a hash of another strength"
    async with Visitor(server) as visitor:
        await visitor.sign_in("sano@hokuto.example", PASSWORD)
        assert "m=128," in await kept()
        assert (await visitor.sign_in("sano@hokuto.example", PASSWORD)).status_code == 303
    stronger.close()


async def test_the_page_speaks_the_language_one_asked_for(server: Running):
    await hire(server.services, "sato")
    async with Visitor(server) as visitor:
        english = await visitor.get("/signin?lang=en&next=/talk")
        wrong = await visitor.sign_in("x", "y")
        japanese = await visitor.get("/signin?lang=ja")

    assert '<html lang="en">' in english.text and 'value="/talk"' in english.text
    assert problem_in(wrong) == "The login ID or password is wrong."
    assert '<html lang="ja">' in japanese.text


async def test_what_was_typed_comes_back_escaped(server: Running):
    async with Visitor(server) as visitor:
        page = await visitor.sign_in('"><script>alert(1)</script>', "secret password")
    assert "<script>alert" not in page.text
    assert "secret password" not in page.text


async def test_the_audit_tells_who_came_and_who_failed_and_no_secret(server: Running, add, trail):
    await add("sano")
    async with Visitor(server) as visitor:
        await visitor.sign_in("sano@hokuto.example", "my other password")
        await visitor.sign_in("typed-my-password-here", "x")
        await visitor.sign_in("sano@hokuto.example", PASSWORD)
        token = visitor.cookies["__Host-session"]
        await visitor.submit("/signout")

    assert await trail() == [
        ("signin", "sano@hokuto.example", "refused"),
        ("signin", "", "refused"),
        ("signin", "sano@hokuto.example", "ok"),
        ("signout", "sano@hokuto.example", "ok"),
    ]
    rows = await server.services.readers.ask(lambda db: db.exec_driver_sql("SELECT * FROM audit").all())
    for secret in ("my other password", "typed-my-password-here", PASSWORD, token):
        assert secret not in str(rows)
