"""Who may talk, and who may read the log, as talk administrators list them; and what each is told of himself."""

from __future__ import annotations

import msgspec

from server.auth.changing import AccountChanges, change_account
from server.auth.model import Privilege, operator
from server.ports import people_listeners
from tests.tools.company import Someone, hire
from tests.tools.running import Running
from tests.tools.visitor import Visitor


async def change(server: Running, someone: Someone, **changes: object) -> None:
    listeners = people_listeners(server.services.ports)
    asked = AccountChanges(**changes)  # type: ignore[arg-type]
    await server.services.writer.act(change_account, operator(), someone.id, asked, listeners)


async def listed(server: Running, asker: Someone, question: str) -> list[str]:
    async with Visitor.of(server, asker) as browser:
        page = msgspec.json.decode((await browser.get(f"/api/admin/people?{question}")).content)
    assert page["total"] == len(page["people"])
    return sorted(each["name"] for each in page["people"])


async def test_people_are_listed_by_what_they_may_of_the_talk(server: Running):
    ueda = await hire(server.services, "ueda", privileges=frozenset({Privilege.ADMIN_GOTALK}))
    hori = await hire(server.services, "hori")
    await hire(server.services, "oishi", talk=False)
    await change(server, hori, privileges=frozenset({Privilege.ADMIN_GOTALK}), talk_log=True)
    asked = {talk: await listed(server, ueda, f"talk={talk}") for talk in ("", "on", "off", "log")}
    assert asked == {"": ["hori", "oishi", "ueda"], "on": ["hori", "ueda"], "off": ["oishi"], "log": ["hori"]}
    assert await listed(server, ueda, "talk=on&state=never&text=hori") == ["hori"]
    assert await listed(server, ueda, "talk=off&text=hori") == []


async def test_who_sees_nothing_of_the_talk_learns_nothing_by_asking_for_it(server: Running):
    mori = await hire(server.services, "mori", privileges=frozenset({Privilege.ADMIN_ANPI}))
    await hire(server.services, "oishi", talk=False)
    assert await listed(server, mori, "talk=on") == await listed(server, mori, "talk=off") == ["mori", "oishi"]


async def test_a_reader_of_the_log_hears_at_once_that_he_is_one(server: Running):
    hori = await hire(server.services, "hori", privileges=frozenset({Privilege.ADMIN_GOTALK}))
    client = await server.connect(hori.token)
    assert client.welcome["me"]["talk_log"] is False
    await change(server, hori, talk_log=True)
    await client.closed.wait()
    assert (await server.connect(hori.token)).welcome["me"]["talk_log"] is True
    async with Visitor.of(server, hori) as browser:
        assert (await browser.get("/api/me")).json()["talk_log"] is True
