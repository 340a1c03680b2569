"""Where people outside reach the server: the address that links to answer begin with."""

from __future__ import annotations

from pathlib import Path

from server.settings import Settings

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def base(settings: Settings) -> str:
    """Without a slash at its end; blank: there is none, so mails go without a link.

    The demo on loopback is its own outside: it may be tried without any setting.
    """
    if settings.public_url:
        return settings.public_url.rstrip("/")
    if settings.embedded and settings.host in LOOPBACK and _is_demo(settings.var):
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        return f"http://{host}:{settings.port}"
    return ""


def _is_demo(folder: Path) -> bool:
    """Once a demo, always a demo: each mail asks, and the disk need not be asked ten thousand times."""
    if folder not in _DEMOS and (folder / "demo.txt").exists():
        _DEMOS.add(folder)
    return folder in _DEMOS


_DEMOS: set[Path] = set()
