"""The phones of a drill: each opens the page of a link like a browser, and sends its form."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from urllib.parse import urlencode

from anpi.drill.crowd import Said

WAIT_SECONDS = 60.0
PAGE_LIMIT = 256 * 1024
_NONCE = re.compile(rb'name="n" value="([A-Za-z0-9_-]+)"')


class Unanswered(Exception):
    """The page was not what somebody with a link may expect."""


@dataclass(frozen=True, slots=True)
class Phones:
    """They know the port of the server, and nothing else of it."""

    port: int

    async def open(self, token: str) -> str:
        """Open the page; the number that its form was given. Nothing is chosen on it beforehand."""
        page = await self._ask("GET", token, b"")
        found = _NONCE.search(page)
        if found is None or b" checked" in page:
            raise Unanswered("the page has no empty form")
        return found[1].decode()

    async def press(self, token: str, nonce: str, said: Said) -> None:
        """Send the form."""
        fields = {"n": nonce, "self": said.self, "work": said.work} | ({"help": "1"} if said.help else {})
        page = await self._ask("POST", token, urlencode(fields).encode())
        if _NONCE.search(page) is not None:
            raise Unanswered("the form came back")

    async def _ask(self, method: str, token: str, body: bytes) -> bytes:
        head = (
            f"{method} /a/{token} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nConnection: close\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                answer = await self._exchange(head.encode() + body)
        except (OSError, asyncio.IncompleteReadError) as problem:
            raise Unanswered(f"no answer: {type(problem).__name__}") from None
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise Unanswered(f"the server said {answer[9:12].decode('ascii', 'replace')}")
        return answer

    async def _exchange(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(request)
            parts, size = [], 0
            while size < PAGE_LIMIT and (part := await reader.read(PAGE_LIMIT)):
                parts.append(part)
                size += len(part)
            return b"".join(parts)
        finally:
            writer.close()
