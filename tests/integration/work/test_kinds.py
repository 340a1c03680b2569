"""What libmagic says of a file, asked behind the walls: it loads a shared library and a database after they stand."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.opening import opened
from server.services import Services
from tests.tools.running import settings_for

LONG = 30.0


@pytest.fixture
async def services(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Services]:
    async with opened(settings_for(tmp_path / "var", sqlite_template)) as services:
        yield services


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("見積.txt", "連絡" * 100)
    return buffer.getvalue()


SIZE = b"\x00\x00\x00\x01"
KINDS = {
    "image/png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + SIZE * 2 + b"\x08\x02\x00\x00\x00",
    "application/pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "application/zip": zipped(),
    "application/x-iso9660-image": bytes(32768) + b"\x01CD001\x01" + bytes(4096),
    "text/plain": "連絡\n".encode(),
    "application/octet-stream": b"\x00\x9f\x13\x07" * 50,
    "application/x-empty": b"",
}


@pytest.mark.parametrize("mime", KINDS)
async def test_a_file_is_what_libmagic_says_it_is(services, tmp_path, mime):
    (tmp_path / "upload").write_bytes(KINDS[mime])
    with (tmp_path / "upload").open("rb") as file:
        found = await services.sandbox.run("kind_of", seconds=LONG, file=file.fileno(), answer=tuple[str, str])
    assert found[0] == mime and 0 < len(found[1]) <= 2048


async def test_it_is_asked_again_and_again_of_one_process(services, tmp_path):
    (tmp_path / "upload").write_bytes(KINDS["image/png"])
    for _ in range(3):
        with (tmp_path / "upload").open("rb") as file:
            (mime, _text) = await services.sandbox.run("kind_of", seconds=LONG, file=file.fileno())
        assert mime == "image/png"
    assert len(services.sandbox.pids) == 1
