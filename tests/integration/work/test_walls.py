"""Each wall of the sandbox holds alone: a machine that lacks the others still has it."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
from pathlib import Path

import pytest

from server.work.sandbox import Sandbox
from tests.tools.process import ROOT

ALONE = """
import sys
from pathlib import Path
from server.work import confinement, landlock, system_calls
from tests.tools.reading import try_to, fork

wall, folder, port = sys.argv[1:]
confinement._forbid_privileges()
stands = {
    "filter": system_calls.deny,
    "files": lambda: landlock.restrict(confinement._code(["server", "tests"])),
    "none": lambda: True,
}[wall]()
if not stands:
    sys.exit("missing")
for what, where in {
    "read": folder + "/secret",
    "list": folder,
    "append": folder + "/secret",
    "write": folder + "/new",
    "cut": folder + "/secret",
    "rename": folder + "/secret",
    "mkdir": folder + "/below",
    "connect": port,
}.items():
    print(what, try_to(what, where), sep="=")
try:
    fork()
    came = "done"
except OSError as refused:
    came = type(refused).__name__
print("fork", came, sep="=")
"""
NO = "PermissionError"


async def tried(wall: str, folder: Path) -> dict[str, str]:
    """What came of each attempt behind one wall alone."""
    (folder / "secret").write_text("secret")
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        return await outcome(ALONE, wall, str(folder), str(server.sockets[0].getsockname()[1]))


async def outcome(script: str, *arguments: str) -> dict[str, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-c", script, *arguments),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, problem = await process.communicate()
    if b"missing" in problem:
        pytest.skip("this machine's kernel does not know it")
    assert process.returncode == 0, problem
    return dict(line.split("=") for line in out.decode().splitlines())


async def test_the_filter_alone_lets_nothing_be_changed_nobody_be_reached_and_nothing_be_started(tmp_path):
    found = await tried("filter", tmp_path)
    assert {what: came for what, came in found.items() if came != NO} == {"read": "done", "list": "done"}
    assert (tmp_path / "secret").read_text() == "secret"


async def test_the_file_rules_alone_keep_the_whole_disk_out(tmp_path):
    found = await tried("files", tmp_path)
    # Neither forks nor, before Linux 6.7, connections are their business.
    about_files = {what: came for what, came in found.items() if what not in ("fork", "connect")}
    assert set(about_files.values()) == {NO}, about_files
    assert (tmp_path / "secret").read_text() == "secret"


async def test_without_a_wall_all_of_it_would_go(tmp_path):
    assert set((await tried("none", tmp_path)).values()) == {"done"}


# ------------------------------------------------------------------------------------- other processes

OTHERS = """
import fcntl, os, resource, signal, socket, struct, sys
from server.work import confinement, landlock, system_calls

wall, folder, pid = sys.argv[1], sys.argv[2], int(sys.argv[3])
ours, theirs = socket.socketpair()
file = os.open(folder + "/mine", os.O_RDONLY | os.O_CREAT, 0o600)
confinement._forbid_privileges()
rules = lambda: landlock.restrict(confinement._code(["server"]))
stands = {
    "filter": system_calls.deny,
    "both": lambda: rules() and system_calls.deny(),
    "none": lambda: True,
}[wall]()
if not stands:
    sys.exit("missing")
number = struct.pack("i", pid)
for what, attempt in {
    "limit": lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, (5, 5)),
    "look at limits": lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE),
    "priority": lambda: os.setpriority(os.PRIO_PROCESS, pid, 5),
    "processors": lambda: os.sched_setaffinity(pid, {min(os.sched_getaffinity(0))}),
    "owner by FIOSETOWN": lambda: fcntl.ioctl(ours, 0x8901, number),
    "owner by SIOCSPGRP": lambda: fcntl.ioctl(ours, 0x8902, number),
    "owner by F_SETOWN_EX": lambda: fcntl.fcntl(ours, 15, struct.pack("ii", 1, pid)),
    "owner": lambda: fcntl.fcntl(ours, fcntl.F_SETOWN, pid),
    "which signal": lambda: fcntl.fcntl(ours, fcntl.F_SETSIG, signal.SIGKILL),
    "lock": lambda: fcntl.flock(file, fcntl.LOCK_EX),
    "lock a part": lambda: fcntl.fcntl(file, fcntl.F_SETLK, struct.pack("hhqqi", fcntl.F_RDLCK, 0, 0, 1, 0)),
    "lease": lambda: fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK),
    "signals by FIOASYNC": lambda: fcntl.ioctl(ours, 0x5452, struct.pack("i", 1)),
    "signals": lambda: fcntl.fcntl(ours, fcntl.F_SETFL, os.O_ASYNC),
}.items():
    try:
        attempt()
        came = "done"
    except OSError as refused:
        came = type(refused).__name__
    print(what, came, sep="=")
theirs.send(b"!")
resource.setrlimit(resource.RLIMIT_CPU, (30, resource.RLIM_INFINITY))
os.dup(file), os.set_inheritable(file, True), os.isatty(file), open(os.__file__, "rb").close()
"""


@pytest.fixture
async def neighbour():
    """Another process of the same user, which says back what it is told."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec("cat", stdin=pipe, stdout=pipe)
    yield process
    if process.returncode is None:
        process.stdin.close()
    await process.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="the filter is Linux's")
@pytest.mark.parametrize("wall", ["filter", "both"])
async def test_a_process_that_runs_beside_it_keeps_its_limits_and_gets_no_signals(tmp_path, neighbour, wall):
    before = resource.prlimit(neighbour.pid, resource.RLIMIT_NOFILE)
    found = await outcome(OTHERS, wall, str(tmp_path), str(neighbour.pid))

    assert set(found.values()) == {NO}, found
    assert resource.prlimit(neighbour.pid, resource.RLIMIT_NOFILE) == before
    neighbour.stdin.write(b"alive\n")
    assert await neighbour.stdout.readline() == b"alive\n"


@pytest.mark.skipif(sys.platform != "linux", reason="the filter is Linux's")
async def test_without_a_wall_it_would_lose_both(tmp_path, neighbour):
    found = await outcome(OTHERS, "none", str(tmp_path), str(neighbour.pid))
    # Root's own processes have rights that this one has given up: Linux asks for them here.
    asked = {"priority", "processors"} if os.geteuid() == 0 else set()
    assert {what for what, came in found.items() if came != "done"} == asked
    assert await neighbour.wait() == -signal.SIGKILL


# ------------------------------------------------------------------------- what lies beside the program

LENT = """
import os

def list_folder(place):
    from lent import later
    try:
        return os.listdir(place)
    except OSError as refused:
        return type(refused).__name__
"""


async def test_what_lies_beside_our_packages_is_not_even_listed(tmp_path, monkeypatch):
    package, mail = tmp_path / "program" / "lent", tmp_path / "program" / "var" / "mail"
    mail.mkdir(parents=True)
    (mail / "suzuki@example.jp").write_text("")
    package.mkdir()
    for name, text in {"__init__": "", "reader": LENT, "later": ""}.items():
        (package / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(package.parent)
    sandbox = Sandbox({"list": "lent.reader:list_folder"}, tmp_path / "sandbox", 64 * 1024 * 1024)
    try:
        if not (await sandbox.confined()).files:
            pytest.skip("this machine's kernel has no Landlock")
        assert "later.py" in await sandbox.run("list", str(package), seconds=30.0)
        for place in (mail, mail.parent, package.parent):
            assert await sandbox.run("list", str(place), seconds=30.0) == NO
    finally:
        await sandbox.close()
