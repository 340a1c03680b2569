"""The talk log where files are kept in a bucket: segments go there, and heads into one of their own."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

from chat import actions
from chat.log import archiving, heads
from chat.log.segments import STORED
from chat.model import Draft
from chat.posting import POSTING
from server.data.store.address import parse_address
from server.data.store.bucket import Bucket
from server.opening import opened
from tests.tools.buckets import buckets
from tests.tools.company import hire
from tests.tools.running import settings_for
from tests.tools.talk_log import Moved, all_segments, at_rest, following, in_state, told


@pytest.fixture(scope="module")
def s3():
    with buckets() as here:
        for name in ("files", "heads"):
            here.make(name)
        yield here


async def test_segments_and_heads_lie_in_their_buckets(tmp_path, sqlite_template, s3):
    url = {name: f"s3://key:secret@{name}?endpoint={s3.endpoint}&region=us-east-1" for name in ("files", "heads")}
    chosen = settings_for(tmp_path / "var", sqlite_template, storage_url=url["files"], log_bucket=url["heads"])
    clock = Moved()
    async with opened(chosen, clock) as services:
        sato = await hire(services, "sato")
        room = await services.writer.act(actions.create, sato.id, "closed", "営業", [])
        drafts = [Draft(account=sato.id, channel=room.id, client_id=f"c{n}", text=f"{n}") for n in range(20)]
        async with following(services):
            await asyncio.gather(*(services.writer.ask(POSTING, draft) for draft in drafts))
            await at_rest(services)
            clock.by += timedelta(days=1)
            await in_state(services, STORED, 1)
        await heads.send_waiting(services)
        (segment,) = await all_segments(services)
        assert await services.store.size(archiving.places_of(segment.day, segment.part).lines) == segment.bytes
        assert sum(line["kind"] == "sent" for line in await told(services)) == 20
        store = Bucket(parse_address(url["heads"]))
        (found,) = [each.name async for each in store.walk("heads")]
        head = json.loads(b"".join([piece async for piece in store.read(found)]))
        assert (head["n"], head["hash"]) == (segment.last_n, segment.last_hash)
