"""PostgreSQL's line breaks: nothing is done twice, nothing that was done is denied, and the writer comes back."""

from __future__ import annotations

import psycopg
import pytest

from server.data import engine
from tests.tools.client import Refused
from tests.tools.company import hire
from tests.tools.databases import postgres_database
from tests.tools.running import running, settings_for


@pytest.fixture
async def server(tmp_path, postgres, postgres_template):
    with postgres_database(postgres, postgres_template) as url:
        async with running(settings_for(tmp_path / "var", database_url=url)) as here:
            yield here


@pytest.fixture
async def sato(server):
    client = await server.connect((await hire(server.services, "sato")).token)
    client.room = (await client.ask("room.create", kind="open", name="部屋", people=[]))["room"]["id"]
    await client.expect("room.added")
    return client


@pytest.fixture
def break_commit(server):
    """The next COMMIT is sent, done or not, and its answer is lost with the line."""
    dialect = server.services.writer._engine.dialect
    real = dialect.do_commit

    def switch(*, done):
        def do_commit(connection):
            dialect.do_commit = real
            if done:
                real(connection)
            connection.driver_connection.close()
            raise psycopg.OperationalError("server closed the connection unexpectedly")

        dialect.do_commit = do_commit

    return switch


async def test_what_was_committed_though_the_answer_was_lost_is_done_once_and_announced(sato, break_commit):
    break_commit(done=True)
    made = await sato.ask("room.create", kind="open", name="二つ目", people=[])
    assert made["room"]["name"] == "二つ目"
    await sato.expect("room.added")
    rooms = (await sato.ask("rooms.open"))["rooms"]
    assert [room["name"] for room in rooms].count("二つ目") == 1

    break_commit(done=True)
    ack = await sato.post(sato.room, "一度")
    assert "dup" not in ack
    await sato.expect("message.posted", rev=ack["rev"])

    break_commit(done=True)
    assert (await sato.ask("room.leave", channel=made["room"]["id"]))["is"] == "done"


async def test_what_was_not_committed_is_done_anew(sato, break_commit):
    break_commit(done=False)
    ack = await sato.post(sato.room, "二度目で")
    assert ack["seq"] == 1 and "dup" not in ack
    await sato.expect("message.posted", seq=None, rev=ack["rev"])


async def test_after_postgresql_was_away_the_writer_writes_again(server, sato, monkeypatch):
    monkeypatch.setattr("server.data.writer.PAUSES", (0.01, 0.01, 0.0))
    writer = server.services.writer
    connect = writer._engine.connect

    def away():
        raise engine_error()

    server.services.writer._committer.discard()
    writer._engine.connect = away
    with pytest.raises(Refused, match="unavailable"):
        await sato.post(sato.room, "届かない")
    writer._engine.connect = connect
    assert (await sato.post(sato.room, "届いた"))["seq"] == 1


def engine_error():
    """What SQLAlchemy says when nobody listens."""
    nobody = engine.throwaway_engine(engine.parse("postgresql://nobody@127.0.0.1:1/nothing"))
    with pytest.raises(Exception) as raised:
        nobody.connect()
    return raised.value
