"""What the sandbox tests let a stranger's bytes do: called in the sandboxed process, by name."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree import ElementTree

OURS = ("server", "directory", "chat", "anpi", "web")

NAMES = (
    "echo",
    "whoami",
    "eat_memory",
    "loop",
    "leave",
    "segfault",
    "raise_something",
    "answer_much",
    "answer_nested",
    "answer_object",
    "fork",
    "start_program",
    "start_thread",
    "try_to",
    "read_file",
    "wait_for",
    "loaded",
    "surroundings",
    "speak_out_of_turn",
    "parse_xml",
)
FUNCTIONS = {name: f"tests.tools.reading:{name}" for name in NAMES}


def echo(*values: Any) -> Any:
    return list(values)


def whoami() -> int:
    return os.getpid()


def eat_memory() -> int:
    return len(b"x" * (2 << 30))


def loop() -> None:
    while True:
        pass


def leave() -> None:
    os._exit(0)


def segfault() -> None:
    ctypes.string_at(0)


def raise_something(text: str) -> None:
    raise ValueError(text)


def answer_much(length: int) -> bytes:
    return bytes(length)


def answer_nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def answer_object() -> object:
    return sys


def fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def start_program() -> None:
    subprocess.run(["/bin/true"], check=True)


def start_thread() -> None:
    threading.Thread(target=whoami).start()


def try_to(what: str, where: str) -> str:
    """Do something with a file or an address; what came of it in one word."""
    attempts = {
        "read": lambda: Path(where).read_bytes(),
        "list": lambda: os.listdir(where),
        "write": lambda: Path(where).write_text("x"),
        "append": lambda: Path(where).open("a"),
        "cut": lambda: os.truncate(where, 0),
        "remove": lambda: os.unlink(where),
        "rename": lambda: os.rename(where, f"{where}.x"),
        "mkdir": lambda: os.mkdir(where),
        "link": lambda: os.symlink("/etc/passwd", where),
        "connect": lambda: socket.create_connection(("127.0.0.1", int(where)), 5),
        "unix": lambda: socket.socket(socket.AF_UNIX).connect(where),
        "signal": lambda: os.kill(int(where), 0),
        "look into": lambda: Path(f"/proc/{where}/mem").open("rb"),
    }
    try:
        attempts[what]()
    except OSError as refused:
        return type(refused).__name__
    return "done"


def read_file(file: BinaryIO) -> list[int]:
    content = file.read()
    return [len(content), content[-1]]


def wait_for(file: BinaryIO) -> bytes:
    """Waits until something comes through the pipe."""
    return file.read(1)


def loaded() -> list[str]:
    """Which modules of the house this process has."""
    return sorted(name for name in sys.modules if name.partition(".")[0] in OURS)


def surroundings() -> dict[str, Any]:
    return {
        "environment": sorted(os.environ),
        "descriptors": sorted(int(name) for name in range(64) if _is_open(int(name))),
        "folder": os.getcwd(),
    }


def speak_out_of_turn() -> None:
    for descriptor in range(3, 64):
        if _is_open(descriptor):
            os.write(descriptor, b"\xff" * 64)


def parse_xml(text: str) -> str:
    return ElementTree.fromstring(text).tag


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
