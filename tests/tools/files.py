"""Somebody who brings files: in one go, or piece by piece as tus clients do."""

from __future__ import annotations

import base64
import io
from typing import Any
from urllib.parse import quote

import httpx2
from PIL import Image

from tests.tools.company import Someone
from tests.tools.running import Running
from tests.tools.visitor import Visitor

OURS = {"Sec-Fetch-Site": "same-origin"}
TUS = {**OURS, "Tus-Resumable": "1.0.0"}
PIECES = {**TUS, "Content-Type": "application/offset+octet-stream"}


class Bringer(Visitor):
    """One browser, with the words of uploads."""

    @classmethod
    def of(cls, server: Running, someone: Someone) -> Bringer:
        bringer = cls(server)
        bringer.cookies["__Host-session"] = someone.token
        return bringer

    async def put(self, name: str, body: Any, **headers: str) -> httpx2.Response:
        return await self.ask("PUT", f"/api/files?name={quote(name)}", {**OURS, **headers}, content=body)

    async def begin(self, name: str | bytes, size: int) -> httpx2.Response:
        raw = name.encode() if isinstance(name, str) else name
        headers = {"Upload-Length": str(size), "Upload-Metadata": f"filename {base64.b64encode(raw).decode()}"}
        return await self.ask("POST", "/api/files", {**TUS, **headers})

    async def begun(self, name: str, size: int) -> str:
        """The id of a new upload."""
        answer = await self.begin(name, size)
        assert answer.status_code == 201, answer.text
        return answer.headers["location"].rpartition("/")[2]

    async def append(self, id: str, offset: int, body: Any) -> httpx2.Response:
        return await self.ask("PATCH", f"/api/files/{id}", {**PIECES, "Upload-Offset": str(offset)}, content=body)

    async def offset(self, id: str) -> int:
        answer = await self.ask("HEAD", f"/api/files/{id}", TUS)
        assert answer.status_code == 200
        return int(answer.headers["upload-offset"])

    async def upload(self, id: str) -> Any:
        return (await self.get(f"/api/files/{id}")).json()

    async def file(self, id: str, name: str = "x", **headers: str) -> httpx2.Response:
        return await self.get(f"/files/{id}/{quote(name)}", **headers)

    async def give_up(self, id: str) -> httpx2.Response:
        return await self.ask("DELETE", f"/api/files/{id}", TUS)

    async def ready(self, name: str = "見積.txt", body: bytes = b"1,200,000\n") -> str:
        """The id of a file that may be sent."""
        answer = await self.put(name, body)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]


def picture(kind: str = "JPEG", size: tuple[int, int] = (640, 480), **how: Any) -> bytes:
    """A picture's bytes."""
    file = io.BytesIO()
    Image.new("RGB", size, (40, 90, 160)).save(file, kind, **how)
    return file.getvalue()


EXECUTABLE = b"MZ" + bytes(58) + (64).to_bytes(4, "little") + b"PE\0\0" + bytes(200)
"""As little as makes Windows begin to run it."""
