"""What a sandboxed process gives up before it reads a stranger's bytes. None of it can be had back."""

from __future__ import annotations

import ctypes
import importlib
import os
import platform
import resource
import signal
import struct
import sys
import sysconfig
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec

from server.work import landlock, system_calls

NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
CAPABILITIES_V3 = 0x20080522
DESCRIPTORS = 64


class Confined(msgspec.Struct, frozen=True):
    """Which of the walls that depend on the machine stand. Limits on memory and time stand everywhere."""

    namespace: bool
    """It has a network of its own with nothing in it, and no rights as root."""
    system_calls: bool
    """It can open no socket, start no process, reach into none that runs, and write to no file."""
    files: bool
    """It can open nothing but code: see ``_code``."""

    @property
    def missing(self) -> tuple[str, ...]:
        """What this machine does not give, in the operator's words."""
        named = {
            "network namespace": self.namespace,
            "system call filter (seccomp)": self.system_calls,
            "file rules (Landlock)": self.files,
        }
        return tuple(name for name, stands in named.items() if not stands)


def confine(memory_bytes: int, packages: Iterable[str]) -> Confined:
    """Give up all that can be given up; ``packages`` are those of our own that may still be imported."""
    linux = platform.system() == "Linux"
    namespace = linux and _leave_the_network()
    packages = tuple(packages)
    _meet(packages)
    _limit(memory_bytes)
    if linux:
        _forbid_privileges()
    files = landlock.restrict(_code(packages))
    # Last: the steps before need what it denies. Leaving the namespace makes Linux forget the parent's signal.
    if linux:
        _end_with_parent()
    return Confined(namespace=namespace, system_calls=system_calls.deny(), files=files)


def allow_seconds(seconds: float) -> None:
    """From now on this process may compute so long before the kernel ends it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime + seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))


def _leave_the_network() -> bool:
    """A user and network namespace of its own. Many containers refuse: then the filter has to do."""
    return bool(ctypes.CDLL(None).unshare(NEW_USER | NEW_NETWORK) == 0)


def _meet(packages: Iterable[str]) -> None:
    """Learn where our own packages lie. Later Python would have to list the folder around them, with all it holds."""
    for package in packages:
        # Who calls one that is not there is told so then; all others are served.
        with suppress(ImportError):
            importlib.import_module(package)


def _limit(memory_bytes: int) -> None:
    _lower(resource.RLIMIT_AS, _mapped_bytes() + memory_bytes)
    _lower(resource.RLIMIT_NOFILE, DESCRIPTORS)
    _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_CORE, 0)
    if hasattr(resource, "RLIMIT_NPROC"):
        _lower(resource.RLIMIT_NPROC, 0)


def _lower(what: int, limit: int) -> None:
    _, most = resource.getrlimit(what)
    limit = limit if most == resource.RLIM_INFINITY else min(limit, most)
    try:
        resource.setrlimit(what, (limit, limit))
    except (ValueError, OSError):
        # macOS knows RLIMIT_AS and refuses to set it.
        return


def _mapped_bytes() -> int:
    """What Python itself has by now; the limit counts from there."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return 256 * 1024 * 1024


def _forbid_privileges() -> None:
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.capset(struct.pack("Ii", CAPABILITIES_V3, 0), bytes(24))


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _code(packages: Iterable[str]) -> dict[Path, int]:
    """Where code lies: Python, what is installed, the system's libraries, and ``packages``.

    Of the folder around our own packages nothing else, not even its list: data may lie beside them. Data that lies
    below one of these places is open to the process: a rule cannot leave a part out.
    """
    places = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    libraries = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"]
    stores = ["/nix/store", "/gnu/store"]
    base = [f"{sys.base_prefix}/lib", f"{sys.base_prefix}/lib64"]
    code = [Path(place) for place in [*places, *libraries, *stores, *base] if place]
    roots = [Path(root) for root in sys.path if os.path.isdir(root)]
    own = [root for root in roots if not any(root.is_relative_to(place) for place in code)]
    code += [root / package for root in own for package in packages]
    return dict.fromkeys(code, landlock.READ)
