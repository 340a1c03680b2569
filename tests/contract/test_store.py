"""A store keeps what was put, whole, under its name: a folder and a bucket alike."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from server.data.store import bucket, folder
from server.data.store.address import BucketAddress
from server.data.store.bucket import Bucket
from server.data.store.choosing import open_store
from server.data.store.folder import Folder
from server.data.store.model import PIECE_BYTES, Missing, Store, StoreFailed
from server.settings import load
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


async def test_a_bucket_that_is_not_there_takes_nothing_and_says_so(s3, tmp_path):
    store = Bucket(BucketAddress("nobodys-bucket", "", s3.endpoint, "us-east-1", "key", "secret"))
    (tmp_path / "large").write_bytes(bytes(11 * 1024 * 1024))
    for source in (b"x", tmp_path / "large"):
        with pytest.raises(StoreFailed):
            await store.put("x", source)


async def test_a_bucket_that_does_not_answer_is_a_refusal_with_a_name(monkeypatch):
    monkeypatch.setattr(bucket, "RETRIES", 0)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        # Nobody listens there.
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}"
        store = Bucket(BucketAddress("bucket", "", closed, "us-east-1", "key", "secret"))
        with pytest.raises(StoreFailed):
            await store.put("x", b"x")
        with pytest.raises(StoreFailed):
            await store.size("x")


async def test_two_installations_in_one_place_see_nothing_of_each_other(tmp_path):
    chosen = load({}, var=tmp_path)
    ours, theirs = open_store(chosen, "a" * 16), open_store(chosen, "b" * 16)
    await ours.put("files/x", b"ours")
    await theirs.put("files/x", b"theirs")
    assert await whole(ours, "files/x") == b"ours"
    assert len([each async for each in theirs.walk("files")]) == 1
    await theirs.remove(["files/x"])
    assert await whole(ours, "files/x") == b"ours"
    for each in (ours, theirs):
        await each.close()


async def test_two_installations_in_one_bucket_see_nothing_of_each_other(s3, tmp_path):
    s3.make(name := f"b{uuid.uuid4().hex}")
    for prefix in ("", "/renraku"):
        url = f"s3://key:secret@{name}{prefix}?endpoint={s3.endpoint}&region=us-east-1"
        chosen = load({}, var=tmp_path, storage_url=url)
        ours, theirs = open_store(chosen, "a" * 16), open_store(chosen, "b" * 16)
        await ours.put("files/x", b"ours")
        assert [each async for each in theirs.walk("files")] == []
        assert [each.name async for each in ours.walk("files")] == ["files/x"]


async def test_a_reader_who_goes_while_a_file_is_opened_leaves_nothing_open(tmp_path, monkeypatch):
    store, begun, go_on = Folder(tmp_path), threading.Event(), threading.Event()
    await store.put("x", b"x")
    opened: list[int] = []

    def slowly(path, flags, real=os.open):
        begun.set()
        assert go_on.wait(20)
        opened.append(real(path, flags))
        return opened[0]

    with monkeypatch.context() as patch:
        patch.setattr(folder.os, "open", slowly)
        reading = asyncio.create_task(whole(store, "x"))
        await asyncio.to_thread(begun.wait)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        go_on.set()
        # The reading threads are done with it, and the loop has heard.
        await store.close()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    with pytest.raises(OSError):
        os.fstat(opened[0])


async def test_slow_puts_hold_up_no_reading(tmp_path, monkeypatch):
    store, go_on = Folder(tmp_path), threading.Event()
    await store.put("x", b"x")
    real = folder._put

    def slowly(*args):
        assert go_on.wait(20)
        return real(*args)

    monkeypatch.setattr(folder, "_put", slowly)
    puts = [asyncio.create_task(store.put(f"y{n}", b"y")) for n in range(20)]
    await asyncio.sleep(0)
    assert await asyncio.wait_for(whole(store, "x"), 10) == b"x"
    go_on.set()
    await asyncio.gather(*puts)
    await store.close()
