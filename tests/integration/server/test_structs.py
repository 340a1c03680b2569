"""What several threads decode at the same moment for the first time is known before; each in a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

TOGETHER = """
import sys, threading
from concurrent.futures import ThreadPoolExecutor
import msgspec
from server.structs import learn_structs

class Part(msgspec.Struct):
    number: int = 0

def kind(number):
    part = msgspec.defstruct(f"Part{number}", [("number", int, 0), ("words", list[str], [])])
    return msgspec.defstruct(f"Kind{number}", [("part", part), ("parts", dict[str, Part], {})])

kinds = [kind(number) for number in range(3000)]
learn_structs()
both = threading.Barrier(2, timeout=10)
sys.setswitchinterval(1e-6)

def decode():
    for kind in kinds:
        both.wait()
        msgspec.json.decode(b'{"part": {"number": 1, "words": ["a"]}, "parts": {"a": {"number": 2}}}', type=kind)
    return "decoded"

with ThreadPoolExecutor(2) as threads:
    for each in [threads.submit(decode) for _ in range(2)]:
        print(each.result())
"""
"""Without ``learn_structs`` it died each time, within the first few hundred kinds."""

STARTED = """
import asyncio, importlib, pkgutil, sys
from pathlib import Path
import msgspec
from server import cli
from server.opening import opened
from server.settings import Settings
from server.structs import learn_structs

async def start():
    async with opened(Settings(var=Path(sys.argv[1]))):
        return learn_structs()

known = asyncio.run(start())
for top in ("server", "chat", "directory", "anpi", "web"):
    for each in pkgutil.walk_packages(importlib.import_module(top).__path__, top + "."):
        # The last is a script, which is also given away as a file.
        if ".migrations." not in each.name and not each.name.endswith(("__main__", "chat.log.auditor")):
            importlib.import_module(each.name)
for each in sorted({each.__module__ for each in learn_structs() - known}):
    print(each)
"""

IN_ONE_THREAD = {"directory.imports.undo_plan"}
"""Loaded when they are wanted, by the sandbox, whose process has one thread."""


async def run(script: str, *given: str) -> tuple[int | None, list[str]]:
    command = (sys.executable, "-c", script, *given)
    own = {name: value for name, value in os.environ.items() if not name.startswith("RENRAKU_")}
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=own, stdout=asyncio.subprocess.PIPE)
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode, said.decode().split()


async def test_two_threads_decode_for_the_first_time_what_is_known():
    assert await run(TOGETHER) == (0, ["decoded"] * 2)


async def test_a_server_knows_all_structs_before_it_has_threads(tmp_path: Path):
    code, late = await run(STARTED, str(tmp_path))
    assert code == 0
    assert set(late) <= IN_ONE_THREAD
