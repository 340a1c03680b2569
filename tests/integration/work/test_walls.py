"""Each wall of the sandbox holds alone: a machine that lacks the others still has it."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

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
        port = server.sockets[0].getsockname()[1]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-c", ALONE, wall, str(folder), str(port)),
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
