"""Choosing a password: by one's own wish, or because it must be before anything else."""

from __future__ import annotations

import pytest

from server.auth.passwords import TooManySignIns
from server.live.frames import CloseCode
from tests.tools.client import Client
from tests.tools.running import Running
from tests.tools.visitor import PASSWORD, Visitor, problem_in

NEW = "seven bright lamps"


async def change(visitor: Visitor, current: str = PASSWORD, new: str = NEW, again: str | None = None, **more: str):
    return await visitor.submit("/password", current=current, new=new, again=new if again is None else again, **more)


async def test_who_must_change_gets_no_further_until_he_has(server: Running, add):
    await add("sano", must_change=True)
    async with Visitor(server) as visitor:
        answer = await visitor.sign_in("sano@hokuto.example", PASSWORD, next="/talk/3")
        assert answer.headers["location"] == "/password"

        for path in ("/", "/talk/3", "/settings"):
            assert (await visitor.get(path)).headers["location"].startswith("/password")
        for path in ("/api/me", "/api/sessions"):
            refused = await visitor.get(path)
            assert (refused.status_code, refused.json()["code"]) == (403, "must_change")
        assert (await visitor.send("/api/settings", {"language": "en"})).status_code == 403
        with pytest.raises(Exception, match="403"):
            await Client.connect(server.host, visitor.cookies["__Host-session"])
        page = await visitor.get("/password?next=/talk/3")
        assert "はじめに、新しいパスワードを設定してください。" in page.text and 'action="/signout"' in page.text

        changed = await change(visitor, next="/talk/3")
        assert (changed.status_code, changed.headers["location"]) == (303, "/talk/3")
        assert (await visitor.get("/api/me")).status_code == 200


async def test_who_must_change_may_leave(server: Running, add):
    await add("sano", must_change=True)
    async with Visitor(server) as visitor:
        await visitor.sign_in("sano@hokuto.example", PASSWORD)
        assert (await visitor.submit("/signout")).headers["location"] == "/signin"
        assert (await visitor.get("/password")).headers["location"] == "/signin"


async def test_a_new_password_ends_all_other_sessions_and_keeps_this_browser(server: Running, add):
    await add("sano")
    async with Visitor(server) as desk, Visitor(server) as phone:
        await desk.sign_in("sano@hokuto.example", PASSWORD)
        await phone.sign_in("sano@hokuto.example", PASSWORD)
        old_token = desk.cookies["__Host-session"]
        here = await server.connect(old_token)
        there = await server.connect(phone.cookies["__Host-session"])

        assert (await change(desk)).status_code == 303

        await there.expect_close(CloseCode.SIGNED_OUT)
        # This browser's windows come back at once, with the new cookie.
        await here.expect_close(CloseCode.RIGHTS_CHANGED)
        assert desk.cookies["__Host-session"] != old_token
        assert (await desk.get("/api/me")).status_code == 200
        assert (await phone.get("/api/me")).status_code == 401


async def test_only_the_new_password_opens_afterwards(server: Running, add):
    await add("sano")
    async with Visitor(server) as visitor:
        await visitor.sign_in("sano@hokuto.example", PASSWORD)
        await change(visitor)
        await visitor.submit("/signout")
        assert (await visitor.sign_in("sano@hokuto.example", PASSWORD)).status_code == 400
        assert (await visitor.sign_in("sano@hokuto.example", NEW)).status_code == 303


@pytest.mark.parametrize(
    ("fields", "sentence", "field"),
    [
        ({"current": "not this one"}, "いまのパスワードが違います。", "current"),
        ({"current": ""}, "いまのパスワードが違います。", "current"),
        ({"current": "a" * 2000}, "いまのパスワードが違います。", "current"),
        ({"again": "something else"}, "新しいパスワードが2つで違います。同じものを入力してください。", "again"),
        ({"new": "short"}, "パスワードは8文字以上にしてください。", "new"),
        ({"new": ""}, "パスワードは8文字以上にしてください。", "new"),
        ({"new": "password1"}, "よく使われるパスワードです。ほかのパスワードにしてください。", "new"),
        ({"new": "sano-hokuto"}, "ログインIDや会社名のほかに、8文字以上を使ってください。", "new"),
        ({"new": "あ" * 342}, "パスワードは1024バイト以内にしてください（英数字なら1024文字）。", "new"),
        ({"new": PASSWORD}, "いまと違うパスワードにしてください。", "new"),
    ],
)
async def test_a_refused_password_is_told_at_its_field(
    server: Running, add, fields: dict[str, str], sentence: str, field: str
):
    await add("sano")
    async with Visitor(server) as visitor:
        await visitor.sign_in("sano@hokuto.example", PASSWORD)
        token = visitor.cookies["__Host-session"]
        answer = await change(visitor, **fields)

        assert (answer.status_code, problem_in(answer)) == (400, sentence)
        marked = answer.text.split(f'<input id="{field}"')[1].split(">")[0]
        assert 'aria-invalid="true"' in marked and 'aria-describedby="problem' in marked
        assert visitor.cookies["__Host-session"] == token
        assert (await visitor.get("/api/me")).status_code == 200


async def test_guessing_the_current_password_becomes_slow(server: Running, add):
    await add("sano")
    async with Visitor(server) as visitor:
        await visitor.sign_in("sano@hokuto.example", PASSWORD)
        for _ in range(4):
            await change(visitor, current="a guess")
        assert (await change(visitor)).status_code == 429


async def test_a_change_that_nobody_looked_at_is_no_failure(server: Running, add, monkeypatch: pytest.MonkeyPatch):
    await add("sano")

    async def refuse(*_: object) -> str:
        raise TooManySignIns(retry_ms=5000)

    async with Visitor(server) as visitor:
        await visitor.sign_in("sano@hokuto.example", PASSWORD)
        for busy in ("verify", "hash"):
            with monkeypatch.context() as earthquake:
                earthquake.setattr(server.services.passwords, busy, refuse)
                assert [(await change(visitor)).status_code for _ in range(5)] == [503] * 5
        assert (await change(visitor)).status_code == 303


async def test_a_stranger_cannot_slow_down_the_change_of_ones_password(server: Running, add):
    account = await add("sano")
    async with Visitor(server) as owner, Visitor(server) as stranger:
        await owner.sign_in("sano@hokuto.example", PASSWORD)
        for _ in range(5):
            await stranger.sign_in(f"account {account.id}", "a guess")
        assert (await change(owner)).status_code == 303


async def test_the_audit_tells_the_change_and_no_password(server: Running, add, trail):
    await add("sano")
    async with Visitor(server) as visitor:
        await visitor.sign_in("sano@hokuto.example", PASSWORD)
        await change(visitor, current="not this one")
        await change(visitor)

    assert [(action, result) for action, _, result in await trail()] == [
        ("signin", "ok"),
        ("password.change", "refused"),
        ("password.change", "ok"),
    ]
    rows = await server.services.readers.ask(lambda db: db.exec_driver_sql("SELECT * FROM audit").all())
    assert PASSWORD not in str(rows) and NEW not in str(rows) and "argon2" not in str(rows)
