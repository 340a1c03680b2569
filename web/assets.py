"""The built app's files, compressed beforehand, and the few files of the pages that need no building."""

from __future__ import annotations

import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from server.errors import NotFound

HOME = Path(__file__).parent
DIST = HOME / "dist"
STATIC = HOME / "static"
TEMPLATES = HOME / "templates"

_FOREVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
# As Vite names them. Whatever else is asked for (a path, a NUL, a thousand letters) never comes to the disk.
_ASSET_NAME = re.compile(r"[\w-][\w.-]{0,199}", re.ASCII)
_VARIANTS = (("br", ".br"), ("gzip", ".gz"))
# By our own list: the machine's table of types differs from place to place.
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".woff2": "font/woff2",
    ".png": "image/png",
    ".webp": "image/webp",
    ".mp3": "audio/mpeg",
    ".webmanifest": "application/manifest+json",
}


async def asset(request: Request) -> Response:
    """A file whose name carries its content's hash, so that it may be kept for ever."""
    name: str = request.path_params["name"]
    path = DIST / "assets" / name
    kind = _TYPES.get(path.suffix)
    if kind is None or not _ASSET_NAME.fullmatch(name) or not path.is_file():
        raise NotFound()
    headers = {"cache-control": _FOREVER, "vary": "accept-encoding"}
    for encoding, suffix in _VARIANTS:
        packed = path.with_name(path.name + suffix)
        if _accepts(request, encoding) and packed.is_file():
            return FileResponse(packed, media_type=kind, headers={**headers, "content-encoding": encoding})
    return FileResponse(path, media_type=kind, headers=headers)


async def worker(request: Request) -> Response:
    """The service worker: only from here it may speak for every page."""
    headers = {"cache-control": _ASK_AGAIN}
    return FileResponse(STATIC / "sw.js", media_type=_TYPES[".js"], headers=headers)


class PageFiles(StaticFiles):
    """``web/static``: names without a hash, so browsers ask each time whether theirs is still good."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.setdefault("cache-control", _ASK_AGAIN)
        return response


def _accepts(request: Request, encoding: str) -> bool:
    for part in request.headers.get("accept-encoding", "").split(","):
        name, _, weight = part.strip().partition(";q=")
        if name == encoding:
            return weight.strip() not in {"0", "0.0", "0.00", "0.000"}
    return False
