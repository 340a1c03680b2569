"""A browser without a screen: keeps cookies as one on loopback does, and sends what a page of ours would send."""

from __future__ import annotations

import re
from http.cookies import SimpleCookie
from types import TracebackType
from typing import Any

import httpx2

from tests.tools.company import Someone
from tests.tools.running import Running

PASSWORD = "horse battery 7"
"""A password that the rule lets through, for whoever needs one."""


class Visitor:
    """One browser on one server."""

    def __init__(self, server: Running) -> None:
        self.server = server
        self.cookies: dict[str, str] = {}
        self._client = httpx2.AsyncClient(base_url=server.address, timeout=10)

    @classmethod
    def of(cls, server: Running, someone: Someone) -> Visitor:
        """The browser in which somebody is signed in."""
        visitor = cls(server)
        visitor.cookies["__Host-session"] = someone.token
        return visitor

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        return await self.ask("GET", path, headers)

    async def submit(self, path: str, **fields: str) -> httpx2.Response:
        """Send a form of our own page."""
        return await self.ask("POST", path, {"Sec-Fetch-Site": "same-origin"}, data=fields)

    async def send(self, path: str, body: Any) -> httpx2.Response:
        """Send JSON as the app does."""
        return await self.ask("POST", path, {"Sec-Fetch-Site": "same-origin"}, json=body)

    async def sign_in(self, login_id: str, password: str, **fields: str) -> httpx2.Response:
        return await self.submit("/signin", login_id=login_id, password=password, **fields)

    async def ask(self, method: str, path: str, headers: dict[str, str], **body: Any) -> httpx2.Response:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {**({"Cookie": cookie} if cookie else {}), **headers}
        response = await self._client.request(method, path, headers=sent, **body)
        for line in response.headers.get_list("set-cookie"):
            self._keep(line)
        return response

    def _keep(self, line: str) -> None:
        for name, morsel in SimpleCookie(line).items():
            if morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value

    async def __aenter__(self) -> Visitor:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()


def problem_in(page: httpx2.Response) -> str:
    """The sentence that a page shows as its problem; empty when it shows none."""
    found = re.search(r'id="problem".*?<span>(.*?)</span>', page.text, re.DOTALL)
    return found[1] if found else ""
