"""A store keeps what was put, whole, under its name: a folder and a bucket alike."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from server.data.store.address import BucketAddress
from server.data.store.bucket import Bucket
from server.data.store.folder import Folder
from server.data.store.model import PIECE_BYTES, Missing, Store, StoreFailed
from tests.tools.buckets import Buckets, buckets


@pytest.fixture(scope="session")
def s3() -> Iterator[Buckets]:
    with buckets() as here:
        yield here


@pytest.fixture(params=["folder", "bucket"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    if request.param == "folder":
        here: Store = Folder(tmp_path / "store")
    else:
        s3 = request.getfixturevalue("s3")
        name = f"b{uuid.uuid4().hex}"
        s3.make(name)
        here = Bucket(BucketAddress(name, "renraku", s3.endpoint, "us-east-1", "key", "secret"))
    yield here
    await here.close()


async def whole(store: Store, name: str, *part: int) -> bytes:
    return b"".join([piece async for piece in store.read(name, *part)])


async def test_what_was_put_is_read_in_small_pieces(store, tmp_path):
    body = bytes(range(256)) * 4096 * 7
    (tmp_path / "source").write_bytes(body)
    assert await store.put("files/ab/cd/abcd", tmp_path / "source") == len(body)

    pieces = [piece async for piece in store.read("files/ab/cd/abcd")]
    assert b"".join(pieces) == body and max(map(len, pieces)) <= PIECE_BYTES
    assert await store.size("files/ab/cd/abcd") == len(body)
    assert (tmp_path / "source").read_bytes() == body, "the source stays"


async def test_a_part_of_it_is_read_alone(store):
    await store.put("part", b"0123456789")
    assert await whole(store, "part", 3) == b"3456789"
    assert await whole(store, "part", 3, 4) == b"3456"
    assert await whole(store, "part", 8, 100) == b"89"
    assert await whole(store, "part", 10) == b""
    await store.put("empty", b"")
    assert await whole(store, "empty") == b"" and await store.size("empty") == 0


async def test_what_is_missing_is_told_as_such(store):
    with pytest.raises(Missing):
        await store.size("nothing")
    with pytest.raises(Missing):
        await whole(store, "nothing")
    await store.remove(["nothing", "files/neither"])


async def test_a_name_that_is_put_again_has_the_new_bytes(store, tmp_path):
    await store.put("twice", b"first")
    await store.put("twice", b"second")
    assert await whole(store, "twice") == b"second"
    given = tmp_path / "given"
    given.write_bytes(b"third")
    for _ in range(2):
        await store.put("twice", given, given=True)
    assert await whole(store, "twice") == b"third" and given.read_bytes() == b"third"


async def test_a_walk_meets_every_object_below_and_no_other(store):
    names = {f"files/{n:02d}/x{n}" for n in range(30)}
    for name in [*names, "filesystem/x", "thumbnails/00/x0"]:
        await store.put(name, b"abc")
    found = [each async for each in store.walk("files")]
    assert {each.name for each in found} == names and {each.size for each in found} == {3}
    assert all(each.modified.tzinfo is not None for each in found)
    await store.remove(sorted(names)[:29])
    assert [each.name async for each in store.walk("files")] == ["files/29/x29"]
    assert [each async for each in store.walk("nowhere")] == []


async def test_a_name_that_leads_elsewhere_is_a_bug(store):
    for name in ("../secrets", "/etc/passwd", "files/../../x", "", "Files/x", ".hidden", "a//b", "a/"):
        with pytest.raises(ValueError):
            await store.put(name, b"x")


async def test_many_are_put_and_read_at_once(store):
    bodies = {f"many/{n}": bytes([n]) * 300_000 for n in range(20)}
    await asyncio.gather(*(store.put(name, body) for name, body in bodies.items()))
    read = await asyncio.gather(*(whole(store, name) for name in bodies))
    assert read == list(bodies.values())


async def test_a_bucket_that_does_not_answer_is_a_refusal_with_a_name(s3):
    store = Bucket(BucketAddress("nobodys-bucket", "", s3.endpoint, "us-east-1", "key", "secret"))
    with pytest.raises((StoreFailed, Missing)):
        await store.put("x", b"x")
