"""One sandboxed process, seen from outside: started, asked one thing at a time, killed."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from server.work.confinement import Confined
from server.work.sandboxed import LENGTH, Answer, Call

START_SECONDS = 20.0
HELLO_BYTES = 1024
ENVELOPE_BYTES = 4096
"""What an answer may have around its value."""


class Broken(Exception):
    """The process died, or said what it may not: there is nothing to do with it but to kill it."""


@dataclass(frozen=True)
class Recipe:
    """How a child is made."""

    folder: Path
    """Where it stands: made when missing, empty, and of no use to it."""
    memory_bytes: int
    packages: tuple[str, ...]
    """Those of our packages that it may import from."""


class Child:
    """A process that has given up all it can, and the channel to it. Whoever asks it owns it meanwhile."""

    def __init__(self, process: subprocess.Popen[bytes], channel: socket.socket) -> None:
        self._process = process
        self._channel = channel
        self.calls = 0

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    async def greet(self) -> Confined:
        """What it has given up; it says so once, when it is ready. Raises ``Broken``."""
        try:
            return msgspec.msgpack.decode(await self._receive(HELLO_BYTES), type=Confined)
        except msgspec.MsgspecError as problem:
            raise Broken("greeted wrongly") from problem

    def greet_now(self, seconds: float) -> Confined:
        """The same, for who has no loop."""
        self._channel.settimeout(seconds)
        with self._channel.makefile("rb") as reader:
            length = LENGTH.unpack(reader.read(LENGTH.size).ljust(LENGTH.size, b"\xff"))[0]
            if length > HELLO_BYTES:
                raise Broken("died")
            return msgspec.msgpack.decode(reader.read(length), type=Confined)

    async def ask(self, call: Call, file: int | None) -> Answer:
        """Do one call. Raises ``Broken``, and after that, or when cancelled, it cannot be asked again."""
        self.calls += 1
        message = msgspec.msgpack.encode(call)
        loop = asyncio.get_running_loop()
        try:
            # Nothing waits in the channel now, so that these few bytes, and the file with them, go at once.
            socket.send_fds(self._channel, [LENGTH.pack(len(message))], [] if file is None else [file])
            await loop.sock_sendall(self._channel, message)
            return msgspec.msgpack.decode(await self._receive(call.answer_bytes + ENVELOPE_BYTES), type=Answer)
        except (OSError, msgspec.MsgspecError, RecursionError) as problem:
            raise Broken(f"channel: {type(problem).__name__}") from problem

    def kill(self) -> None:
        """End it now; it cannot refuse. Who waits for its answer hears ``Broken``."""
        self._process.kill()

    def leave(self) -> None:
        """Close the channel, which nobody may be reading any more."""
        self._channel.close()

    async def bury(self) -> None:
        """Wait for the end of a killed process: a large one takes a while to go."""
        await asyncio.to_thread(self.wait)

    def wait(self) -> None:
        self._process.wait()

    async def _receive(self, limit: int) -> bytes:
        length: int = LENGTH.unpack(await self._read(LENGTH.size))[0]
        if length > limit:
            raise Broken("said too much")
        return bytes(await self._read(length))

    async def _read(self, length: int) -> bytearray:
        loop, read = asyncio.get_running_loop(), bytearray()
        while len(read) < length:
            part = await loop.sock_recv(self._channel, min(length - len(read), 256 * 1024))
            if not part:
                raise Broken("died")
            read += part
        return read


def spawn(recipe: Recipe) -> Child:
    """A new process, not ready yet. ``OSError`` when the machine gives none."""
    ours, theirs = socket.socketpair()
    try:
        # A fresh interpreter and no fork: a fork would hold our memory, secrets included.
        process = subprocess.Popen(
            _command(theirs.fileno(), recipe),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=True,
            pass_fds=(theirs.fileno(),),
            cwd=_standing_place(recipe.folder),
            env={"PYTHONPATH": os.pathsep.join(_import_path()), "LANG": "C.UTF-8"},
            # Ctrl-C in a terminal is for us: we end it.
            start_new_session=True,
        )
    except OSError:
        ours.close()
        raise
    finally:
        theirs.close()
    ours.setblocking(False)
    return Child(process, ours)


def probe(recipe: Recipe) -> Confined:
    """What a child gives up on this machine, asked of one that is ended again. Raises ``OSError`` or ``Broken``."""
    child = spawn(recipe)
    try:
        return child.greet_now(START_SECONDS)
    finally:
        child.kill()
        child.leave()
        child.wait()


def _command(descriptor: int, recipe: Recipe) -> list[str]:
    arguments = [str(descriptor), str(recipe.memory_bytes), ",".join(recipe.packages)]
    return [sys.executable, "-P", "-s", "-B", "-m", "server.work.sandboxed", *arguments]


def _standing_place(folder: Path) -> Path:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        # A full disk: telegrams are read all the same.
        return Path("/")
    return folder


def _import_path() -> Iterable[str]:
    return [each for each in sys.path if os.path.isabs(each)]
