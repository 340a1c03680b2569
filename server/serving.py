"""``renraku serve``: own the folder, have the port, open the control door, greet the operator, serve."""

from __future__ import annotations

import errno
import resource
import socket
from contextlib import AbstractContextManager, nullcontext

import click
import structlog

from server import demo, setup_code
from server.auth import company, first_run
from server.control import ControlDoor
from server.folder import owned
from server.run import listen, run_server
from server.services import Services
from server.settings import Settings
from server.setup_code import shown_address

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
        code = await settle_company(services)
        if settings.embedded:
            doors.append(ControlDoor(services))
            await doors[0].open()
        _greet(settings, listener)
        if code:
            setup_code.tell(address(settings, listener), code)

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


async def settle_company(services: Services) -> str | None:
    """A company with people has a name; for one without, the setup code, if this process is to tell it."""
    if services.company.inhabited:
        await services.writer.act(company.ensure, demo.company_name(services.settings))
        await services.company.look(services.readers)
        return None
    code: str | None = await services.writer.act(first_run.make_code, alone=services.settings.embedded)
    if code is None:
        seconds = int(first_run.FRESH.total_seconds())
        log.info(
            "setup.code_elsewhere", hint=f"the code told in the last {seconds} s works; start later for a new one"
        )
    return code


def address(settings: Settings, listener: socket.socket) -> str:
    """What to type into the browser on this machine."""
    host, port = listener.getsockname()[:2]
    return shown_address(settings, host, port)
