"""Pictures over HTTP: sent as a body, read in the sandbox, given to people who are signed in."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import AsyncIterator
from types import SimpleNamespace

import httpx2
import pytest
from PIL import Image

from directory.pictures.model import MOST_BYTES
from server.auth import company as companies
from server.auth.model import Privilege
from tests.tools.company import Someone, hire
from tests.tools.running import Running
from tests.tools.visitor import Visitor

OURS = {"Sec-Fetch-Site": "same-origin"}


def jpeg(side: int = 200) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (side, side), "teal").save(file, "JPEG")
    return file.getvalue()


async def put(visitor: Visitor, path: str, body: bytes, **headers: str) -> httpx2.Response:
    return await visitor.ask("PUT", path, {**OURS, **headers}, content=body)


async def take_away(visitor: Visitor, path: str) -> httpx2.Response:
    return await visitor.ask("DELETE", path, OURS)


@pytest.fixture
async def sano(server: Running) -> Someone:
    await server.services.writer.act(companies.ensure, "北斗精機")
    rights = frozenset({Privilege.ADMIN_USER, Privilege.ADMIN_COMPANY})
    return await hire(server.services, "sano", privileges=rights)


@pytest.fixture
async def at(server: Running, company: SimpleNamespace, sano: Someone) -> AsyncIterator[SimpleNamespace]:
    """佐野, who administrates, and 伊藤, who does not, at their browsers."""
    async with Visitor.of(server, sano) as boss, Visitor.of(server, company.ito) as ito:
        yield SimpleNamespace(sano=boss, ito=ito)


async def test_a_photo_is_sent_and_seen(at: SimpleNamespace):
    name = (await put(at.ito, "/api/me/photo", jpeg(), **{"Content-Type": "text/plain"})).json()["picture"]

    for size, side in (("large", 200), ("small", 96)):
        answer = await at.sano.get(f"/pictures/{name}/{size}")
        assert answer.status_code == 200 and Image.open(io.BytesIO(answer.content)).size == (side, side)
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


async def test_pictures_are_for_people_who_are_signed_in(server: Running, at: SimpleNamespace):
    name = (await put(at.ito, "/api/me/photo", jpeg())).json()["picture"]
    async with Visitor(server) as stranger:
        assert (await stranger.get(f"/pictures/{name}/small")).status_code == 401
        assert (await put(stranger, "/api/me/photo", jpeg())).status_code == 401


@pytest.mark.parametrize("path", ["{name}/huge", "{other}/small", "x/small", "..%2F{name}/small", "{upper}/small"])
async def test_what_is_no_picture_is_not_found(at: SimpleNamespace, path: str):
    name = (await put(at.ito, "/api/me/photo", jpeg())).json()["picture"]
    asked = path.format(name=name, other="0" * 64, upper=name.upper())
    assert (await at.ito.get(f"/pictures/{asked}")).status_code == 404


async def test_an_administrator_changes_anybodys_photo(at: SimpleNamespace, company: SimpleNamespace):
    path = f"/api/admin/people/{company.ito.id}/photo"
    name = (await put(at.sano, path, jpeg())).json()["picture"]
    assert len(name) == 64
    assert (await take_away(at.ito, "/api/me/photo")).json() == {"picture": ""}
    assert (await put(at.sano, path, jpeg())).json() == {"picture": name}
    assert (await take_away(at.sano, path)).json() == {"picture": ""}
    assert (await put(at.sano, "/api/admin/people/999999/photo", jpeg())).status_code == 404


async def test_who_may_not_is_refused_before_his_picture_is_read(at: SimpleNamespace, company: SimpleNamespace):
    for path in (f"/api/admin/people/{company.sato.id}/photo", "/api/admin/people/999999/photo"):
        assert (await put(at.ito, path, b"no picture")).status_code == 403
        assert (await take_away(at.ito, path)).status_code == 403
    assert (await put(at.ito, "/api/admin/company/logo", b"no picture")).status_code == 403
    assert (await take_away(at.ito, "/api/admin/company/logo")).status_code == 403


async def test_the_logo_is_a_png(at: SimpleNamespace):
    name = (await put(at.sano, "/api/admin/company/logo", jpeg(600))).json()["picture"]
    answer = await at.ito.get(f"/pictures/{name}/large")
    assert answer.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(answer.content)).size == (120, 120)
    assert (await take_away(at.sano, "/api/admin/company/logo")).json() == {"picture": ""}


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"<svg/>", "picture_type"), (b"", "picture_type"), (jpeg()[:300], "unreadable")],
)
async def test_what_cannot_be_shown_is_refused_by_name(at: SimpleNamespace, body: bytes, code: str):
    answer = await put(at.ito, "/api/me/photo", body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def fifty_megapixels() -> bytes:
    """Transparent, and as large as may be: what takes the most memory."""
    width, height = 8_000, 6_250
    packer = zlib.compressobj(1)
    rows = b"".join(packer.compress(bytes(1 + width * 4)) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


async def test_fifty_megapixels_fit_into_the_sandbox(at: SimpleNamespace):
    picture = fifty_megapixels()
    for path in ("/api/me/photo", "/api/admin/company/logo"):
        assert (await put(at.sano, path, picture)).status_code == 200


async def test_more_than_ten_megabytes_are_refused(at: SimpleNamespace):
    padded = jpeg() + bytes(MOST_BYTES)
    answer = await put(at.ito, "/api/me/photo", padded)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert (await put(at.ito, "/api/me/photo", padded[:MOST_BYTES])).status_code == 200


async def test_another_site_sends_nothing(at: SimpleNamespace):
    answer = await at.ito.ask("PUT", "/api/me/photo", {"Sec-Fetch-Site": "cross-site"}, content=jpeg())
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
