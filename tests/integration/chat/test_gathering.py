"""Facts about a file with the real sandbox: what is read where, and what becomes of what breaks it."""

from __future__ import annotations

import asyncio
import io
import os
import tempfile
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from chat.files.copying import write_copy
from chat.files.gathering import Gathered, gather
from chat.policy import Policy, judge
from server.opening import opened
from server.services import Services
from server.work.sandbox import SandboxFailed
from tests.tools import samples
from tests.tools.running import settings_for


@pytest.fixture
async def services(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Services]:
    async with opened(settings_for(tmp_path / "var", sqlite_template)) as services:
        yield services


@pytest.fixture
def called(services: Services, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked of the sandbox."""
    names: list[str] = []
    run = services.sandbox.run

    async def noted(function: str, *arguments: Any, **how: Any) -> Any:
        names.append(function)
        return await run(function, *arguments, **how)

    monkeypatch.setattr(services.sandbox, "run", noted)
    return names


async def gathered(services: Services, data: bytes) -> tuple[Gathered, bytes]:
    """What is known of these bytes, and the file that is kept."""
    with tempfile.NamedTemporaryFile() as written, tempfile.TemporaryFile() as target:
        written.write(data)
        written.flush()
        file = os.open(written.name, os.O_RDONLY)
        try:
            found = await gather(services, file, len(data))
            if found.copy is None:
                return found, data
            return found, os.pread(target.fileno(), write_copy(found.copy, file, target.fileno()), 0)
        finally:
            os.close(file)


def sample(name: str) -> bytes:
    return samples.sample(name)


async def test_every_sample_says_the_same_behind_the_walls(services: Services):
    """Once each; the rules' own tests ask without walls."""
    for name in sorted({row["file"].removesuffix(".sample") for row in samples.files()}):
        found, _ = await gathered(services, sample(name))
        # In a thread: it has a loop of its own.
        expected = await asyncio.to_thread(samples.gathered_of, f"{name}.sample")
        assert found.facts == expected.facts, name


async def test_a_photo_comes_out_upright_small_and_without_its_place(services: Services):
    found, kept = await gathered(services, sample("generated_img/ok_exif_gps.jpg"))
    picture = found.facts.picture
    assert picture is not None and (picture.width, picture.height, picture.fault) == (48, 64, "")
    with Image.open(io.BytesIO(found.thumbnail)) as thumbnail:
        assert thumbnail.size == (48, 64) and found.thumbnail_media == "image/jpeg"
    with Image.open(io.BytesIO(kept)) as shown:
        assert not shown.getexif().get_ifd(0x8825)


async def test_an_executable_is_known_without_the_sandbox(services: Services, called: list[str]):
    for name in ("setup.exe", "link.lnk", "cd.iso", "s.msi", "app.jar", "x.cab"):
        found, _ = await gathered(services, sample(f"generated/{name}"))
        assert not judge(Policy(), "photo.bin", found.facts).ok
    assert called == []


@pytest.mark.parametrize("attack", [b"\n" * 8192, b" " * 5_000_000, "連絡\n".encode() * 5000, b"MZ" + b"\n" * 8192])
async def test_text_is_not_asked_of_libmagic(services: Services, called: list[str], attack: bytes):
    found, _ = await gathered(services, attack)
    assert found.facts.text and judge(Policy(), "note.txt", found.facts).ok
    assert called == []


async def test_what_nobody_knows_is_asked_of_libmagic_behind_the_walls(services: Services, called: list[str]):
    found, _ = await gathered(services, b"\0" + b"\n" * 8192)
    assert called == ["kind_of"]
    assert judge(Policy(), "data.bin", found.facts).ok


async def test_a_picture_of_five_thousand_frames_is_decoded_nowhere(services: Services, called: list[str]):
    found, _ = await gathered(services, sample("generated_img/gif_5000_frames.gif"))
    # Once behind the walls, where they are counted; never in this process.
    assert called[0] == "chat.picture" and "kind_of" not in called
    assert found.facts.picture is not None and found.facts.picture.fault == "frames"
    assert judge(Policy(), "a.gif", found.facts).ok
    assert judge(Policy(mode="images"), "a.gif", found.facts).code == "file_frames"


async def test_a_long_list_is_read_behind_the_walls_and_a_short_one_here(services: Services, called: list[str]):
    short, long = io.BytesIO(), io.BytesIO()
    for file, entries in ((short, 20), (long, 200)):
        with zipfile.ZipFile(file, "w") as archive:
            for number in range(entries - 1):
                archive.writestr(f"{number}.txt", b"")
            archive.writestr("tool.exe", b"")
    for data in (short.getvalue(), long.getvalue()):
        found, _ = await gathered(services, data)
        assert judge(Policy(), "a.zip", found.facts).code == "file_archive"
    assert called == ["chat.listing"]


@pytest.mark.parametrize(
    ("data", "name", "images"),
    [
        (sample("generated_img/ok.jpg"), "a.jpg", "file_damaged"),
        (sample("generated_zip/zip_20000_entries.zip"), "a.zip", "file_not_image"),
        (b"\0" + bytes(range(256)), "a.bin", "file_not_image"),
    ],
)
async def test_what_breaks_the_sandbox_is_no_outage(
    services: Services, monkeypatch: pytest.MonkeyPatch, data: bytes, name: str, images: str
):
    async def broken(*_: Any, **__: Any) -> Any:
        raise SandboxFailed()

    monkeypatch.setattr(services.sandbox, "run", broken)
    found, kept = await gathered(services, data)
    verdict = judge(Policy(), name, found.facts)
    assert kept == data and verdict.ok and verdict.uninspected == (name != "a.jpg")
    assert judge(Policy(mode="images"), name, found.facts).code == images
    assert not judge(Policy(uninspected="refuse"), name, found.facts).ok or name == "a.jpg"


async def test_a_photo_that_breaks_the_decoder_does_not_tell_its_place_either(
    services: Services, monkeypatch: pytest.MonkeyPatch
):
    run = services.sandbox.run

    async def weak(function: str, media: str, decode: bool, **how: Any) -> Any:
        if decode:
            raise SandboxFailed()
        return await run(function, media, decode, **how)

    monkeypatch.setattr(services.sandbox, "run", weak)
    data = sample("generated_img/ok_exif_gps.jpg")
    found, kept = await gathered(services, data)
    assert found.facts.picture is not None and found.facts.picture.fault == "damage" and not found.thumbnail
    with Image.open(io.BytesIO(data)) as sent, Image.open(io.BytesIO(kept)) as shown:
        assert sent.getexif().get_ifd(0x8825) and not shown.getexif().get_ifd(0x8825)


async def test_a_sandbox_that_names_pieces_outside_the_file_is_not_believed(
    services: Services, monkeypatch: pytest.MonkeyPatch
):
    run = services.sandbox.run

    async def wicked(function: str, *arguments: Any, **how: Any) -> Any:
        read = await run(function, *arguments, **how)
        read.pieces = [(0, 4), (2, 10**9)]
        return read

    monkeypatch.setattr(services.sandbox, "run", wicked)
    found, _ = await gathered(services, sample("generated_img/ok.jpg"))
    assert found.copy is None and found.facts.picture is not None and found.facts.picture.fault == "damage"
