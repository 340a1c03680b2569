"""The server reaches out by one door: nobody else brings a client of his own."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.tools.imports import imported_by, modules_of, walk

ROOT = Path(__file__).parents[2]
HTTP = {
    "httpx",
    "httpx2",
    "httpcore",
    "httpcore2",
    "requests",
    "urllib3",
    "urllib.request",
    "http.client",
    "aiohttp",
} | {
    "websockets.asyncio.client",
    "websockets.client",
    "websockets.connect",
    "websockets.legacy.client",
    "websockets.sync.client",
}
MAIL = {"smtplib", "aiosmtplib"}


def clients(root: Path) -> list[tuple[str, str]]:
    """Who imports a client, and which."""
    found = []
    for name, path in modules_of(root).items():
        for node, _, types_only in walk(ast.parse(path.read_text("utf-8"))):
            asked = {base for each in named(node) for base in (each, each.partition(".")[0])}
            if not types_only:
                found += [(name, client) for client in sorted(asked & (HTTP | MAIL))]
    return found


def named(node: ast.AST) -> list[str]:
    """What an import asks for, in all the ways it may be meant: ``from http import client`` too."""
    if isinstance(node, ast.ImportFrom):
        return [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
    return imported_by(node, "", {})


def allowed(module: str, client: str) -> bool:
    return module.startswith(("server.work.mail", "server.work.smtp") if client in MAIL else "server.work.outbound")


def test_only_the_doors_have_clients():
    found = clients(ROOT)
    assert ("server.work.outbound_pool", "httpcore2") in found, "nothing was read"
    assert [each for each in found if not allowed(*each)] == [], "ask services.outbound"


@pytest.mark.parametrize(
    ("source", "client"),
    [
        ("import requests", "requests"),
        ("import httpx2 as h", "httpx2"),
        ("from urllib.request import urlopen", "urllib.request"),
        ("from urllib import request", "urllib.request"),
        ("import http.client", "http.client"),
        ("from http import client", "http.client"),
        ("def later():\n    import aiohttp.web", "aiohttp"),
        ("import importlib\nimportlib.import_module('httpcore2')", "httpcore2"),
        ("import smtplib", "smtplib"),
        ("from websockets.asyncio.client import connect", "websockets.asyncio.client"),
        ("from websockets import connect", "websockets.connect"),
    ],
)
def test_a_client_elsewhere_is_found(tmp_path, source, client):
    (tmp_path / "chat").mkdir()
    (tmp_path / "chat" / "previews.py").write_text(f"from urllib.parse import quote\n{source}\n")
    found = clients(tmp_path)
    assert found == [("chat.previews", client)] and not allowed(*found[0])
