"""A browser is woken for whoever is signed in there, with a link of his own, and for nobody afterwards."""

from __future__ import annotations

import asyncio
import json
import os
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import delete

from anpi.answers import tokens
from anpi.sending import pushing, reaching, subscribing
from anpi.sending.channels import Sender
from anpi.sending.deliveries import State, Wanted
from anpi.sending.pushing import Pusher
from server.auth.tables import sessions
from server.errors import Busy
from server.work.outbound import Answer, OutboundFailed
from server.work.push import CURVE, encoded, point
from tests.tools.anpi_mailing import by_state, incident, kept, put
from tests.tools.visitor import Visitor

ENDPOINT = "https://fcm.googleapis.com/fcm/send/abc"
OTHER = "https://updates.push.services.mozilla.com/wpush/v2/abc"
PATIENCE_SECONDS = 20.0
SAME = {"Sec-Fetch-Site": "same-origin"}


class Browser:
    """One that reads what it is woken with."""

    def __init__(self, endpoint: str = ENDPOINT) -> None:
        self.endpoint = endpoint
        self._private = ec.generate_private_key(CURVE)
        self._auth = os.urandom(16)
        self.public = point(self._private.public_key())

    @property
    def subscription(self) -> dict[str, object]:
        keys = {"p256dh": encoded(self.public), "auth": encoded(self._auth)}
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": keys}

    def read(self, body: bytes) -> dict[str, str]:
        salt, size, rest = body[:16], body[20], body[21:]
        sender, coded = rest[:size], rest[size:]
        shared = self._private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, sender))
        material = hkdf(self._auth, b"WebPush: info\0" + self.public + sender, 32, shared)
        key, nonce = (
            hkdf(salt, f"Content-Encoding: {name}\0".encode(), size, material)
            for name, size in (("aes128gcm", 16), ("nonce", 12))
        )
        plain = AESGCM(key).decrypt(nonce, coded, None)
        assert plain.endswith(b"\x02")
        return json.loads(plain[:-1])


def hkdf(salt: bytes, info: bytes, length: int, material: bytes) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(material)


class Maker:
    """The server of the browser's maker."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.asked: list[SimpleNamespace] = []
        self.is_open = True

    async def fetch(self, method: str, url: str, **given: object) -> Answer:
        self.asked.append(SimpleNamespace(method=method, url=url, **given))
        status = self.statuses.pop(0) if self.statuses else 201
        if status == 429:
            raise Busy(retry_ms=1000)
        return Answer(status, {}, b"")


class OneHangs(Maker):
    """Two of them, one of which says nothing before the other has been asked."""

    def __init__(self) -> None:
        super().__init__()
        self.other = asyncio.Event()

    async def fetch(self, method: str, url: str, **given: object) -> Answer:
        self.asked.append(SimpleNamespace(method=method, url=url, **given))
        if url == OTHER:
            self.other.set()
            return Answer(201, {}, b"")
        await self.other.wait()
        raise OutboundFailed(reason="timeout")


async def subscribe(server, someone, browser: Browser) -> dict[str, object]:
    """Somebody lets this browser be woken; the answer."""
    async with Visitor.of(server, someone) as visitor:
        return (await visitor.send("/api/push", browser.subscription)).json()


async def unsubscribe(server, someone, endpoint: str) -> dict[str, object]:
    async with Visitor.of(server, someone) as visitor:
        return (await visitor.ask("DELETE", "/api/push", SAME, json={"endpoint": endpoint})).json()


async def woken(server, maker: Maker, *people) -> int:
    """An incident that is told to these by push."""
    about = await incident(server.services, title="災害発生", drill=True)
    await put(server.services, about, [Wanted(someone.id, "push", "push") for someone in people])
    door, server.services.outbound = server.services.outbound, maker
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await Sender(server.services, "push", 10, Pusher(server.services).deal).send_some()
    finally:
        server.services.outbound = door
    return about


async def test_a_browser_says_so_and_is_woken_with_a_link_of_its_own_person(server, company):
    browser, maker = Browser(), Maker()
    async with Visitor.of(server, company.sato) as visitor:
        assert (await visitor.get("/api/push")).json()["on"] is False
    answer = await subscribe(server, company.sato, browser)
    assert answer["on"] is True and len(answer["key"]) == 87
    about = await woken(server, maker, company.sato)
    (asked,) = maker.asked
    assert (asked.method, asked.url, asked.headers["topic"]) == ("POST", ENDPOINT, f"anpi{about}")
    said = browser.read(asked.body)
    ticket = tokens.read(server.services.secrets, said["url"].removeprefix("/a/"))
    assert ticket is not None and (ticket.incident, ticket.account) == (about, company.sato.id)
    assert said["title"] == "災害発生" and said["body"] == "【訓練】\n安否を回答してください。"
    assert by_state(await kept(server.services)) == {State.SENT: 1}


async def test_who_takes_it_back_or_signs_out_is_not_woken(server, company):
    services = server.services
    for someone in (company.sato, company.suzuki):
        await subscribe(server, someone, Browser(f"{ENDPOINT}{someone.id}"))
    both = [company.sato.id, company.suzuki.id]
    assert await services.readers.ask(subscribing.subscribed, both) == set(both)
    ended = await unsubscribe(server, company.sato, f"{ENDPOINT}{company.suzuki.id}")
    assert ended["on"] is True, "one's own is not the other's"
    await unsubscribe(server, company.sato, f"{ENDPOINT}{company.sato.id}")
    assert await services.readers.ask(subscribing.subscribed, both) == {company.suzuki.id}
    await services.writer.act(lambda tx: tx.connection.execute(delete(sessions)))
    assert await services.readers.ask(subscribing.subscribed, both) == set()
    await services.writer.act(subscribing.forget)
    assert await services.readers.ask(subscribing.of_accounts, both) == {}


async def test_a_browser_belongs_to_whoever_signed_in_there_last(server, company):
    browser = Browser()
    for someone in (company.sato, company.suzuki):
        await subscribe(server, someone, browser)
    asked = server.services.readers.ask
    assert await asked(subscribing.subscribed, [company.sato.id, company.suzuki.id]) == {company.suzuki.id}


@pytest.mark.parametrize(
    ("status", "state", "left"),
    [
        (201, "sent", 1),
        (410, "failed", 0),
        (404, "failed", 0),
        (503, "waiting", 1),
        (429, "waiting", 1),
        (403, "failed", 1),
    ],
)
async def test_what_the_makers_server_says_decides(server, company, status, state, left):
    await subscribe(server, company.sato, Browser())
    await woken(server, Maker(status), company.sato)
    assert by_state(await kept(server.services)) == {state: 1}
    found = await server.services.readers.ask(subscribing.of_accounts, [company.sato.id])
    assert len(found.get(company.sato.id, [])) == left


@pytest.mark.parametrize("endpoint", ["https://127.0.0.1/x", "http://fcm.googleapis.com/x", "https://evil.example/x"])
async def test_nobody_makes_the_server_write_elsewhere(server, company, endpoint):
    answer = await subscribe(server, company.sato, Browser(endpoint))
    assert answer["code"] == "push_host"


async def test_one_person_has_twenty_browsers_at_most(server, company):
    async with Visitor.of(server, company.sato) as visitor:
        for n in range(subscribing.EACH_LIMIT + 2):
            await visitor.send("/api/push", Browser(f"{ENDPOINT}{n}").subscription)
    found = await server.services.readers.ask(subscribing.of_accounts, [company.sato.id])
    endpoints = {each.to.endpoint for each in found[company.sato.id]}
    assert len(endpoints) == subscribing.EACH_LIMIT and f"{ENDPOINT}0" not in endpoints


async def test_push_and_talk_stand_beside_the_mail(server, company):
    await subscribe(server, company.sato, Browser())
    services = server.services
    wanted = await services.readers.ask(reaching.wanted, services, "ask", 0, [company.sato.id, company.suzuki.id])
    assert [(each.account_id, each.channel) for each in wanted] == [
        (company.sato.id, "talk"),
        (company.sato.id, "push"),
        (company.suzuki.id, "talk"),
    ]


async def test_whom_time_did_not_suffice_for_is_woken_later(server, company, monkeypatch):
    """Servers that hang must not outlive the lease: the rest is put off, and costs no browser anything."""
    monkeypatch.setattr(pushing, "DEAL_SECONDS", 0.0)
    maker = Maker()
    await subscribe(server, company.sato, Browser())
    await woken(server, maker, company.sato)
    (row,) = await kept(server.services)
    assert (maker.asked, row.state, row.leased_by) == ([], State.WAITING, "")
    assert await server.services.readers.ask(subscribing.subscribed, [company.sato.id]) == {company.sato.id}


async def test_a_service_that_hangs_holds_up_nobody_else(server, company):
    for someone in (company.sato, company.suzuki):
        for n in range(pushing.UNDER_WAY * 2 // 3):
            await subscribe(server, someone, Browser(f"{ENDPOINT}{someone.id}-{n}"))
    await subscribe(server, company.ito, Browser(OTHER))
    maker = OneHangs()
    await woken(server, maker, company.sato, company.suzuki, company.ito)
    assert {row.account_id: row.state for row in await kept(server.services)} == {
        company.sato.id: State.WAITING,
        company.suzuki.id: State.WAITING,
        company.ito.id: State.SENT,
    }
    hung = [asked for asked in maker.asked if asked.url != OTHER]
    assert len(hung) == pushing.A_HOST, "the others are not even tried before it has rested"
