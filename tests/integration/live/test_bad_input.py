"""Whatever a stranger's client sends: an error with a code and a sentence, or the right close code.

Never a traceback, never a 5xx, and nothing is stored.
"""

from __future__ import annotations

import json
import uuid

import pytest
import structlog
from sqlalchemy import func, select
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.frames import Opcode

from chat.tables import messages
from server.live.conversation import ERROR_LIMIT
from tests.tools.client import Client, Refused

ID = "0192d3a4-0000-7000-8000-000000000001"


@pytest.fixture
async def sato(server, company):
    client = await server.connect(company.sato.token)
    client.room = (await client.ask("room.create", kind="closed", name="営業", people=[]))["room"]["id"]
    await client.expect("room.added")
    return client


@pytest.fixture(autouse=True)
def no_traceback():
    """Whatever happens here, nobody logs a bug."""
    with structlog.testing.capture_logs() as lines:
        yield
    assert [line for line in lines if line["log_level"] == "error"] == []


@pytest.fixture(autouse=True)
async def nothing_stored(server):
    yield
    count = await server.services.readers.ask(
        lambda db: db.execute(select(func.count()).select_from(messages)).scalar()
    )
    assert count == 0


def post(**fields):
    return {"do": "post", "ref": 9, "channel": 1, "client_id": ID, "text": "やあ"} | fields


BROKEN = {
    "no JSON": "やあ",
    "empty": "",
    "a list": "[]",
    "null": "null",
    "a number": "12",
    "cut off": '{"do":"post","ref":9',
    "no command": '{"ref":9}',
    "unknown command": '{"do":"fly","ref":9}',
    "command of a wrong type": '{"do":7,"ref":9}',
    "unknown field": json.dumps(post(colour="red")),
    "missing field": '{"do":"post","ref":9,"channel":1}',
    "ref of a wrong type": json.dumps(post(ref="9")),
    "ref negative": json.dumps(post(ref=-1)),
    "ref beyond 2^53": json.dumps(post(ref=2**53)),
    "channel a fraction": json.dumps(post(channel=1.5)),
    "channel beyond 2^53": json.dumps(post(channel=2**53)),
    "channel of 400 digits": '{"do":"post","ref":9,"client_id":"' + ID + '","text":"a","channel":' + "9" * 400 + "}",
    "text a number": json.dumps(post(text=5)),
    "client id no uuid": json.dumps(post(client_id="1; DROP TABLE messages")),
    "client id with a newline": json.dumps(post(client_id=ID + "\n")),
    "client id in capitals": json.dumps(post(client_id=ID.upper().replace("0", "A"))),
    "NaN": '{"do":"post","ref":9,"channel":NaN,"client_id":"' + ID + '","text":"a"}',
    "deep known field": '{"do":"post","ref":9,"text":' + "[" * 5000 + "]" * 5000 + "}",
    "deep unknown field": '{"do":"post","ref":9,"x":' + "[" * 20000 + "]" * 20000 + "}",
    "deep object": '{"x":' * 5000 + "1" + "}" * 5000,
    "lone surrogate in a key": '{"do":"post","ref":9,"\\ud800":1}',
    "lone surrogate in a text": json.dumps(post(text="\ud800")),
    "too many people": json.dumps({"do": "room.create", "ref": 9, "kind": "open", "name": "a", "people": [1] * 1001}),
    "kind that is no room's": json.dumps({"do": "room.create", "ref": 9, "kind": "direct", "name": "a"}),
    "history of two places": json.dumps({"do": "history", "ref": 9, "channel": 1, "before": 1, "after": 1}),
    "limit beyond a page": json.dumps({"do": "history", "ref": 9, "channel": 1, "limit": 101}),
    "hello twice": '{"do":"hello","ref":9}',
    "have with a strange key": '{"do":"hello","ref":9,"have":{"; --":1}}',
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_frame_is_answered_and_the_line_lives(sato, name):
    await sato.socket.send(BROKEN[name])

    error = await sato.expect("error")

    assert error["code"] in ("invalid", "hello_twice") and error["message"]
    assert error.get("ref", 9) == 9
    await sato.expect_silence()


REFUSED = {
    "NUL": ({"text": "a\0b"}, "bad_text"),
    "nothing": ({"text": ""}, "empty"),
    "only blanks": ({"text": " \n\t\u3000 "}, "empty"),
    "10,001 characters": ({"text": "あ" * 10_001}, "too_long"),
    "foreign room": ({"channel": 2**53 - 1}, "not_found"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_cannot_be_said_is_refused_by_name(sato, name):
    fields, code = REFUSED[name]
    # Sent as it stands: Python's client would refuse to encode a lone surrogate.
    await sato.socket.send(json.dumps(post(channel=sato.room) | fields))
    error = await sato.expect("error", ref=9, code=code)
    assert error["message"]


async def test_a_frame_of_64_kib_is_read_and_one_byte_more_closes_1009(server, company, sato):
    frame = json.dumps(post(text=""))
    await sato.socket.send(frame + " " * (64 * 1024 - len(frame)))
    await sato.expect("error", code="empty")
    await sato.socket.send(frame + " " * (64 * 1024 - len(frame) + 1))
    await sato.expect_close(1009)


async def test_bytes_close_1003_and_broken_utf8_closes_1007(server, company, sato):
    suzuki = await server.connect(company.suzuki.token)
    await suzuki.socket.send(b"\x00\x01")
    await suzuki.expect_close(1003)
    await raw(sato.socket, Opcode.TEXT, b'{"do":"\xff"}')
    await sato.expect_close(1007)


async def raw(socket, opcode, data):
    """A frame as our own client would never send it."""
    protocol = socket.protocol
    (protocol.send_text if opcode is Opcode.TEXT else protocol.send_binary)(data)
    for chunk in protocol.data_to_send():
        socket.transport.write(chunk)


async def test_empty_continuations_do_not_pile_up(server, company, sato):
    sato.socket.protocol.send_text(b"{", fin=False)
    for _ in range(200):
        sato.socket.protocol.send_continuation(b"", fin=False)
    for chunk in sato.socket.protocol.data_to_send():
        sato.socket.transport.write(chunk)
    await sato.expect_close(1009)


async def test_who_sends_nothing_but_rubbish_is_closed(sato):
    for _ in range(ERROR_LIMIT + 1):
        await sato.socket.send("rubbish")
    await sato.expect_close(4412)


async def test_before_hello_nothing_is_told(server, company):
    client = await server.connect(company.sato.token, hello=False)
    with pytest.raises(Refused, match="hello_first"):
        await client.ask("rooms")


async def test_too_many_posts_at_once_are_told_when_to_come_back(server, company, sato):
    talk = next(iter(server.services.hub.connections())).line.listener
    talk.posts.rate, talk.posts.burst, talk.posts.level = 1, 1, 0
    talk.posts.since = 1e12
    with pytest.raises(Refused) as refused:
        await sato.post(sato.room, "速い")
    assert refused.value.code == "too_fast" and refused.value.frame["retry_ms"] > 0


WRONG_DOORS = {
    "no cookie": (lambda here, token: {"Origin": here}, 401),
    "wrong cookie": (lambda here, token: {"Origin": here, "Cookie": "__Host-session=nobody"}, 401),
    "no origin": (lambda here, token: {"Cookie": f"__Host-session={token}"}, 403),
    "another origin": (
        lambda here, token: {"Origin": "https://evil.example", "Cookie": f"__Host-session={token}"},
        403,
    ),
    "another port": (lambda here, token: {"Origin": "http://127.0.0.1:1", "Cookie": f"__Host-session={token}"}, 403),
    "null origin": (lambda here, token: {"Origin": "null", "Cookie": f"__Host-session={token}"}, 403),
    "two tokens": (lambda here, token: {"Origin": here, "Cookie": "__Host-session=" + "a" * 5000}, 401),
}


@pytest.mark.parametrize("name", WRONG_DOORS)
async def test_the_wrong_door_is_refused_before_it_opens(server, company, name):
    headers, status = WRONG_DOORS[name]
    with pytest.raises(InvalidStatus) as refused:
        await connect(
            f"ws://{server.host}/socket",
            additional_headers=headers(server.address, company.sato.token),
            proxy=None,
        )
    assert refused.value.response.status_code == status
    assert json.loads(refused.value.response.body)["message"]
    assert server.services.hub.count() == 0


async def test_a_forged_client_id_of_another_person_hides_nothing(server, company, sato):
    """The same id from two people are two messages: it is unique for each sender."""
    client_id = str(uuid.uuid4())
    await sato.ask("room.add", channel=sato.room, people=[company.suzuki.id])
    suzuki: Client = await server.connect(company.suzuki.token)
    with pytest.raises(Refused, match="empty"):
        await sato.post(sato.room, "", client_id)
    with pytest.raises(Refused, match="empty"):
        await suzuki.post(sato.room, "", client_id)
