"""Nothing of the disk but the code itself: Landlock, by which a process gives up its own rights (Linux 5.13).

Where the kernel knows how, also no TCP, and no signals to and no looking into processes outside.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

CREATE, ADD, RESTRICT = 444, 445, 446
"""The system calls: the same numbers on every processor."""
ASK_VERSION = 1
BELOW_A_PATH = 1

EXECUTE, READ_FILE, LIST_FOLDER = 1 << 0, 1 << 2, 1 << 3
READ = EXECUTE | READ_FILE | LIST_FOLDER
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many kinds of access to files each version knows; the later ones as the last."""
TCP = 0b11
SIGNALS_AND_SOCKETS = 0b11


def restrict(allowed: Mapping[Path, int]) -> bool:
    """Leave only these rights below these paths; whether it could be done. Wants ``no_new_privs``.

    What is open already stays open. A path that does not exist is left out.
    """
    if platform.system() != "Linux":
        return False
    call = ctypes.CDLL(None).syscall
    version = call(CREATE, None, ctypes.c_size_t(0), ASK_VERSION)
    if version < 1:
        return False
    handled = _handled(version)
    rules = call(CREATE, handled, ctypes.c_size_t(len(handled)), 0)
    if rules < 0:
        return False
    try:
        _allow(call, rules, allowed.items())
        return bool(call(RESTRICT, rules, 0) == 0)
    finally:
        os.close(rules)


def _handled(version: int) -> bytes:
    """What is forbidden unless a rule allows it: as much as this version knows."""
    files = (1 << FILE_RIGHTS.get(version, 16)) - 1
    if version < 4:
        return struct.pack("Q", files)
    if version < 6:
        return struct.pack("QQ", files, TCP)
    return struct.pack("QQQ", files, TCP, SIGNALS_AND_SOCKETS)


def _allow(call: ctypes._NamedFuncPointer, rules: int, allowed: Iterable[tuple[Path, int]]) -> None:
    for path, rights in allowed:
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            given = rights if path.is_dir() else rights & ~LIST_FOLDER
            call(ADD, rules, BELOW_A_PATH, struct.pack("=Qi", given, place), 0)
        finally:
            os.close(place)
