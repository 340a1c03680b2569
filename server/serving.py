"""``renraku serve``: own the folder, have the port, open the control door, greet the operator, serve."""

from __future__ import annotations

import errno
import resource
import socket
from contextlib import AbstractContextManager, nullcontext

import click
import structlog

from server import demo
from server.control import ControlDoor
from server.folder import owned
from server.origin import is_loopback
from server.run import listen, run_server
from server.services import Services
from server.settings import Settings

log = structlog.get_logger()


class PortInUse(Exception):
    """The address to listen on cannot be had."""


async def serve_company(settings: Settings, with_demo: bool) -> None:
    """Serve until told to stop. Raises ``PortInUse`` or ``FolderInUse`` before anything has changed."""
    listener = _listen(settings)
    try:
        with _folder(settings):
            await _serve(settings, listener, with_demo and settings.embedded)
    finally:
        listener.close()


async def _serve(settings: Settings, listener: socket.socket, with_demo: bool) -> None:
    doors: list[ControlDoor] = []

    async def ready(services: Services) -> None:
        raise_descriptor_limit()
        if with_demo:
            await demo.load(services)
        services.settings = demo.with_company(services.settings)
        if settings.embedded:
            doors.append(ControlDoor(services))
            await doors[0].open()
        _greet(settings, listener)

    try:
        await run_server(settings, listener, ready)
    finally:
        for door in doors:
            await door.close()


def _listen(settings: Settings) -> socket.socket:
    try:
        return listen(settings.host, settings.port)
    except OSError as problem:
        where = f"{settings.host}:{settings.port}"
        if problem.errno == errno.EADDRINUSE:
            hint = "stop what listens there, or choose another with --port."
            raise PortInUse(f"Port {settings.port} is in use: {hint}") from None
        raise PortInUse(f"Cannot listen on {where}: {problem.strerror or problem}.") from None


def raise_descriptor_limit() -> None:
    """As many open files as this process may have: each open browser takes one, and 1,024 is the usual start."""
    before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    except (ValueError, OSError) as refused:
        # macOS says "unlimited" and means 10,240. Fewer people is better than none.
        log.warning("descriptors.unchanged", limit=before, reason=str(refused))
    else:
        log.info("descriptors", limit=most, before=before)


def _folder(settings: Settings) -> AbstractContextManager[None]:
    return owned(settings.var) if settings.embedded else nullcontext()


def _greet(settings: Settings, listener: socket.socket) -> None:
    """The address, and who can sign in when this is the demo: for people, hence not in the log."""
    click.echo(f"Renraku serves on {address(settings, listener)}")
    sign_ins = demo.shown(demo.loaded(settings.var))
    if sign_ins:
        click.echo(f"The demo company's first passwords (all of them: {settings.var / 'demo.txt'}):")
    for each in sign_ins:
        click.echo(f"  {each.login_id:<24} {each.password}   {each.name} ({each.what})")


def address(settings: Settings, listener: socket.socket) -> str:
    """What to type into the browser on this machine."""
    if settings.public_url:
        return settings.public_url
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::") or is_loopback(host):
        return f"http://127.0.0.1:{port}/" if host != "::1" else f"http://[::1]:{port}/"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
