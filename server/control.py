"""The operator's door to a running server: ``var/control.sock``, one line of JSON there, one line back.

Only the owner of the data folder can open it (mode 600), and he owns the files anyway.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import structlog

from server.auth.model import Actor, operator
from server.errors import AppError, Invalid
from server.operating import AnyOrder, Report, carry_out, decode_order, decode_report, doing_of, encode, watched
from server.services import Services
from server.texts import sentence

LINE_LIMIT = 64 * 1024
READ_SECONDS = 10
WORK_SECONDS = 120
LONG_WORK_SECONDS = 6 * 3600
"""For what tells meanwhile how far it is."""
AT_ONCE = 8

log = structlog.get_logger()

_LONGEST_PATH = 100
"""A socket's path has about 108 bytes to stand in; a data folder may lie deeper than that."""


class NobodyListens(Exception):
    """No server runs on this data folder."""


class NoAnswer(Exception):
    """A server took the order, and went away or fell silent: whether it was done is unknown."""


class ControlDoor:
    """Listens for orders while the server runs."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._path = services.settings.var / "control.sock"
        self._server: asyncio.AbstractServer | None = None
        self._busy = 0

    async def open(self) -> None:
        """Begin to listen. Whoever holds the folder's lock may take an old socket's place."""
        self._path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # The mode is set before anybody can connect: nobody listens yet.
        with _reachable(self._path) as address:
            listener.bind(address)
        self._path.chmod(0o600)
        self._server = await asyncio.start_unix_server(self._serve, sock=listener, limit=LINE_LIMIT)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            report = await self._report(reader, writer)
            writer.write(encode(report) + b"\n")
            await asyncio.wait_for(writer.drain(), READ_SECONDS)
        except (OSError, TimeoutError, ValueError) as problem:
            log.info("control.gone", reason=str(problem))
        finally:
            writer.close()

    async def _report(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Report:
        def tell(far: str) -> None:
            writer.write(encode(Report(doing=far)) + b"\n")

        line = await asyncio.wait_for(reader.readline(), READ_SECONDS)
        if self._busy >= AT_ONCE:
            return Report(code="busy", message="Too many commands at once.", done=False)
        self._busy += 1
        try:
            return await perform(self._services, _actor(writer), line, tell)
        finally:
            self._busy -= 1


async def perform(services: Services, actor: Actor, line: bytes, tell: Callable[[str], None]) -> Report:
    """Do what a line orders, and say what came of it. ``tell`` hears how far it is, when it takes long."""
    try:
        wish = _parsed(line)
        limit = WORK_SECONDS if doing_of(services, wish) is None else LONG_WORK_SECONDS
        return await asyncio.wait_for(watched(services, wish, carry_out(services, actor, wish), tell), limit)
    except TimeoutError:
        # No answer, rather than one that it failed: whoever asked is told that nobody knows.
        raise
    except AppError as refusal:
        return refused(refusal)
    except Exception as bug:
        log.error("control.failed", exc_info=bug)
        return Report(code="internal", message="Something went wrong: see the log.", done=False)


def refused(refusal: AppError) -> Report:
    """A refusal as the command line tells it."""
    return Report(code=refusal.code, message=sentence(refusal, "en"), done=False)


async def send(var: Path, order: AnyOrder, tell: Callable[[str], None] = lambda far: None) -> Report:
    """Give an order to the running server. Raises ``NobodyListens`` or ``NoAnswer``.

    As long as the server tells how far it is, it is waited for.
    """
    reader, writer = await _knock(var)
    try:
        writer.write(encode(order) + b"\n")
        while (report := await _heard(reader)).doing:
            tell(report.doing)
        return report
    except (OSError, TimeoutError, ValueError):
        # Gone in the middle: nothing, or half a line, which is no report (``DecodeError`` is a ``ValueError``).
        raise NoAnswer(
            f"The server on {var} did not answer; the command may or may not have been carried out."
            " Look whether the server runs, then try again."
        ) from None
    finally:
        writer.close()


async def _heard(reader: asyncio.StreamReader) -> Report:
    report: Report = decode_report(await asyncio.wait_for(reader.readline(), WORK_SECONDS + READ_SECONDS))
    return report


async def _knock(var: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        with _reachable(var / "control.sock") as address:
            opening = asyncio.open_unix_connection(address, limit=LINE_LIMIT)
            return await asyncio.wait_for(opening, READ_SECONDS)
    except (FileNotFoundError, ConnectionRefusedError):
        raise NobodyListens(f"No server runs on {var}.") from None
    except (OSError, TimeoutError) as problem:
        reason = getattr(problem, "strerror", None) or "no answer"
        raise NoAnswer(f"{var / 'control.sock'}: {reason}; nothing was done.") from None


def _parsed(line: bytes) -> AnyOrder:
    try:
        order: AnyOrder = decode_order(line.decode())
        return order
    except (UnicodeDecodeError, msgspec.DecodeError, RecursionError):
        raise Invalid() from None


def local_operator() -> Actor:
    """The person at this terminal."""
    return operator(_user_name(os.getuid()))


def _actor(writer: asyncio.StreamWriter) -> Actor:
    """The person at the other end, as the kernel knows him."""
    end: socket.socket = writer.get_extra_info("socket")
    if not hasattr(socket, "SO_PEERCRED"):
        return operator()
    size = struct.calcsize("3i")
    _, user, _ = struct.unpack("3i", end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return operator(_user_name(user))


def _user_name(user: int) -> str:
    try:
        return f"operator {pwd.getpwuid(user).pw_name}"
    except KeyError:
        return f"operator {user}"


@contextmanager
def _reachable(path: Path) -> Iterator[str]:
    """An address for the socket that is short enough, however deep the folder lies."""
    if len(os.fsencode(path.absolute())) <= _LONGEST_PATH:
        yield str(path.absolute())
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
