"""The setup code, told to whoever runs the server: at the start, and anew when it was tried too often."""

from __future__ import annotations

from datetime import timedelta

import click
import structlog

from server.auth import first_run
from server.module import Tick
from server.origin import is_loopback
from server.services import Services
from server.settings import Settings

log = structlog.get_logger()


async def reopen(services: Services) -> None:
    """A code that nobody can use any more is followed by another, told like the first."""
    if services.company.inhabited:
        return
    code: str | None = await services.writer.act(first_run.reopen)
    if code:
        settings = services.settings
        tell(shown_address(settings, settings.host, settings.port), code)


def tell(where: str, code: str) -> None:
    """To the terminal, and into the log, which is all that some platforms show: it works once."""
    url = f"{where.rstrip('/')}/setup"
    click.echo(f"Nobody is here yet. Open {url} and enter this code:\n  {code}")
    log.warning("setup.code", url=url, code=code)


def shown_address(settings: Settings, host: str, port: int) -> str:
    """What to type into the browser on this machine."""
    if settings.public_url:
        return settings.public_url
    if host in ("0.0.0.0", "::") or is_loopback(host):
        return f"http://127.0.0.1:{port}/" if host != "::1" else f"http://[::1]:{port}/"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


TICK = Tick("setup code", timedelta(minutes=10), reopen)
