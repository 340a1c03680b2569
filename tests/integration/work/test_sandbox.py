"""A stranger's bytes may do what they like to the process that reads them: others notice nothing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from server.errors import Busy, Invalid
from server.opening import opened
from server.work import sandbox as sandbox_module
from server.work.sandbox import MoreThanReading, Sandbox, SandboxFailed, UnknownFunction, joined
from server.work.sandbox_child import Child
from tests.tools.process import ROOT
from tests.tools.reading import FUNCTIONS
from tests.tools.running import settings_for

MEBIBYTE = 1024 * 1024
LONG = 30.0
"""Seconds that no call here needs."""


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    sandbox = Sandbox(FUNCTIONS, tmp_path / "sandbox", 64 * MEBIBYTE)
    yield sandbox
    await sandbox.close()


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        with contextlib.suppress(OSError):
            os.close(end)


async def test_what_the_function_makes_of_it_comes_back(sandbox):
    given = [b"\x00\xff", "連絡", 3, -1.5, None, True, [1, [2]], {"a": {"b": b"c"}}]
    assert await sandbox.run("echo", *given, seconds=LONG) == given


async def test_what_comes_back_is_checked_against_its_type(sandbox):
    class Size(msgspec.Struct):
        width: int

    assert await sandbox.run("echo", {"width": 3}, seconds=LONG, answer=tuple[Size]) == (Size(3),)
    with pytest.raises(SandboxFailed):
        await sandbox.run("echo", {"width": "broad"}, seconds=LONG, answer=tuple[Size])


async def test_many_calls_are_done_by_one_process(sandbox):
    assert len({await sandbox.run("whoami", seconds=LONG) for _ in range(20)}) == 1


async def test_a_process_is_renewed_after_its_share_of_calls(sandbox, monkeypatch):
    monkeypatch.setattr(sandbox_module, "CALLS_A_CHILD", 3)
    pids = [await sandbox.run("whoami", seconds=LONG) for _ in range(7)]
    assert pids[0] == pids[1] == pids[2] != pids[3] == pids[5] != pids[6]


async def test_nothing_is_started_before_the_first_call(sandbox, tmp_path):
    assert sandbox.pids == ()
    await sandbox.run("echo", seconds=LONG, slot="urgent")
    assert len(sandbox.pids) == 1


async def test_a_function_that_nobody_registered_is_a_bug(sandbox):
    with pytest.raises(UnknownFunction):
        await sandbox.run("os.system", "true", seconds=LONG)


def test_two_functions_of_one_name_are_a_mistake():
    with pytest.raises(UnknownFunction, match="kind"):
        joined([{"kind": "a:b"}, {"kind": "c:d"}])


BAD = {
    "memory": (("eat_memory",), "unreadable"),
    "an endless loop": (("loop",), "too_long_to_read"),
    "leaving": (("leave",), "unreadable"),
    "a segfault": (("segfault",), "unreadable"),
    "an exception": (("raise_something", "秘密"), "unreadable"),
    "a huge answer": (("answer_much", 8 * MEBIBYTE), "unreadable"),
    "a deep answer": (("answer_nested", 100_000), "unreadable"),
    "an answer that is no value": (("answer_object",), "unreadable"),
    "a line that nobody asked for": (("speak_out_of_turn",), "unreadable"),
    "a fork": (("fork",), "unreadable"),
    "a program": (("start_program",), "unreadable"),
}


@pytest.mark.parametrize("what", BAD)
async def test_it_is_a_refusal_and_the_next_call_works(sandbox, what):
    (function, *arguments), code = BAD[what]
    if what in ("a fork", "a program") and not (await sandbox.confined()).system_calls:
        pytest.skip("only the system call filter keeps root from it")

    with pytest.raises(SandboxFailed) as refused:
        await sandbox.run(function, *arguments, seconds=1.0 if function == "loop" else LONG)

    assert refused.value.code == code
    assert await sandbox.run("echo", "次", seconds=LONG) == ["次"]


async def test_the_log_says_where_it_failed_and_never_what_the_text_was(sandbox):
    with capture_logs() as lines, pytest.raises(SandboxFailed):
        await sandbox.run("raise_something", "秘密", seconds=LONG)
    (line,) = lines
    assert line["event"] == "sandbox.failed" and line["reason"] == "raised ValueError"
    assert line["place"].startswith("reading.py:") and "秘密" not in str(line)


async def test_more_than_a_call_may_hand_over_is_refused(sandbox):
    with pytest.raises(Invalid):
        await sandbox.run("echo", bytes(9 * MEBIBYTE), seconds=LONG)


async def test_a_call_may_ask_for_a_longer_answer(sandbox):
    answer = await sandbox.run("answer_much", 3 * MEBIBYTE, seconds=LONG, answer_bytes=4 * MEBIBYTE)
    assert len(answer) == 3 * MEBIBYTE


async def test_a_large_file_is_handed_over_open_and_not_copied(sandbox, tmp_path):
    size = 32 * MEBIBYTE
    (tmp_path / "upload").write_bytes(bytes(size - 1) + b"\x07")
    with (tmp_path / "upload").open("rb") as file:
        assert await sandbox.run("read_file", seconds=LONG, file=file.fileno()) == [size, 7]
        assert not file.closed and file.seek(0) == 0


@pytest.mark.parametrize(
    "mode", [os.O_RDWR, os.O_WRONLY, os.O_WRONLY | os.O_APPEND, getattr(os, "O_PATH", os.O_RDWR)]
)
async def test_a_file_that_can_do_more_than_be_read_is_not_handed_over(sandbox, tmp_path, mode):
    (tmp_path / "upload").write_bytes(b"\x07")
    file = os.open(tmp_path / "upload", mode)
    try:
        with pytest.raises(MoreThanReading):
            await sandbox.run("read_file", seconds=LONG, file=file)
    finally:
        os.close(file)
    assert sandbox.pids == ()


async def test_a_function_that_is_not_there_harms_no_other(tmp_path):
    sandbox = Sandbox({**FUNCTIONS, "absent": "nowhere.at_all:absent"}, tmp_path / "sandbox", 64 * MEBIBYTE)
    with pytest.raises(SandboxFailed):
        await sandbox.run("absent", seconds=LONG)
    assert await sandbox.run("echo", 1, seconds=LONG) == [1]
    await sandbox.close()


async def test_a_library_that_reads_is_at_home_behind_the_walls(sandbox):
    assert await sandbox.run("parse_xml", "<Report/>", seconds=LONG) == "Report"


async def test_a_full_disk_does_not_keep_anybody_from_reading(tmp_path):
    (tmp_path / "no folder").write_text("")
    sandbox = Sandbox(FUNCTIONS, tmp_path / "no folder" / "sandbox", 64 * MEBIBYTE)
    assert await sandbox.run("parse_xml", "<Report/>", seconds=LONG, slot="urgent") == "Report"
    await sandbox.close()


async def test_it_reads_and_changes_nothing_on_the_disk(sandbox, tmp_path):
    walls = await sandbox.confined()
    if not (walls.files and walls.system_calls):
        pytest.skip("this machine's kernel has no Landlock or no seccomp")
    secret = tmp_path / "master.key"
    secret.write_text("secret")
    new = str(tmp_path / "new")

    for what, where in {
        "read": str(secret),
        "list": str(tmp_path),
        "write": str(secret),
        "append": str(secret),
        "cut": str(secret),
        "remove": str(secret),
        "rename": str(secret),
        "mkdir": new,
        "link": new,
    }.items():
        assert await sandbox.run("try_to", what, where, seconds=LONG) == "PermissionError", what
    assert secret.read_text() == "secret"
    assert await sandbox.run("try_to", "read", os.__file__, seconds=LONG) == "done"


async def test_it_reaches_nobody_by_the_network(sandbox, tmp_path):
    walls = await sandbox.confined()
    if not (walls.namespace or walls.system_calls):
        pytest.skip("this machine refuses both walls")
    came: list[object] = []
    server = await asyncio.start_server(lambda reader, writer: came.append(writer.close()), "127.0.0.1", 0)
    unix = await asyncio.start_unix_server(lambda reader, writer: came.append(writer.close()), tmp_path / "door")
    port = server.sockets[0].getsockname()[1]
    async with server, unix:
        assert await sandbox.run("try_to", "connect", str(port), seconds=LONG) != "done"
        assert await sandbox.run("try_to", "unix", str(tmp_path / "door"), seconds=LONG) != "done"
    assert came == []


async def test_it_cannot_look_into_its_parent_nor_signal_it(sandbox):
    walls = await sandbox.confined()
    if not (walls.files and walls.system_calls):
        pytest.skip("this machine's kernel has no Landlock or no seccomp")
    assert await sandbox.run("try_to", "look into", str(os.getpid()), seconds=LONG) == "PermissionError"
    assert await sandbox.run("try_to", "signal", str(os.getpid()), seconds=LONG) == "PermissionError"


async def test_it_knows_nothing_of_the_server(sandbox, tmp_path, monkeypatch):
    monkeypatch.setenv("RENRAKU_SMTP_URL", "smtp://user:password@mail.example")
    found = await sandbox.run("surroundings", seconds=LONG)

    assert not [name for name in found["environment"] if name.startswith("RENRAKU")]
    assert found["folder"] == str(tmp_path / "sandbox") and os.listdir(found["folder"]) == []
    # Standard input, output, error, and the channel.
    assert len(found["descriptors"]) == 4
    modules = await sandbox.run("loaded", seconds=LONG)
    inside = ("confinement", "landlock", "sandboxed", "system_calls")
    assert set(modules) <= {"server", "server.work", *(f"server.work.{name}" for name in inside)}


async def test_a_process_that_was_killed_while_idle_is_replaced(sandbox):
    first = await sandbox.run("whoami", seconds=LONG)
    os.kill(first, signal.SIGKILL)
    while is_running(first):
        await asyncio.sleep(0.005)
    assert await sandbox.run("whoami", seconds=LONG) != first


# -------------------------------------------------------------------------------------------- waiting


async def blocked(sandbox: Sandbox, pipe: tuple[int, int]) -> asyncio.Task[bytes]:
    """An ordinary call that is under way until something is written into the pipe."""
    call = asyncio.create_task(sandbox.run("wait_for", seconds=LONG, file=pipe[0]))
    while not sandbox.pids or not sandbox._places["ordinary"].child.calls:
        await asyncio.sleep(0.005)
    return call


async def test_what_is_urgent_waits_for_nobody(sandbox, pipe):
    slow = await blocked(sandbox, pipe)
    behind = asyncio.create_task(sandbox.run("whoami", seconds=LONG))

    await sandbox.run("echo", seconds=LONG, slot="urgent")

    assert not slow.done() and not behind.done()
    os.write(pipe[1], b"!")
    assert await slow == b"!"
    await behind


async def test_the_queue_has_an_end(sandbox, pipe, monkeypatch):
    monkeypatch.setattr(sandbox_module, "WAITING_LIMIT", 2)
    slow = await blocked(sandbox, pipe)
    waiting = [asyncio.create_task(sandbox.run("echo", n, seconds=LONG)) for n in range(2)]
    await asyncio.sleep(0)

    with pytest.raises(Busy):
        await sandbox.run("echo", seconds=LONG)

    os.write(pipe[1], b"!")
    await slow
    assert await asyncio.gather(*waiting) == [[0], [1]]


async def test_nobody_waits_for_ever(sandbox, pipe, monkeypatch):
    monkeypatch.setattr(sandbox_module, "WAITING_SECONDS", 0.05)
    slow = await blocked(sandbox, pipe)
    with pytest.raises(Busy):
        await sandbox.run("echo", seconds=LONG)
    os.write(pipe[1], b"!")
    await slow


async def test_who_goes_away_ends_the_call(sandbox, pipe):
    slow = await blocked(sandbox, pipe)
    before = sandbox.pids

    slow.cancel()
    with pytest.raises(asyncio.CancelledError):
        await slow

    assert sandbox.pids == ()
    assert (await sandbox.run("whoami", seconds=LONG),) != before


async def test_closing_ends_what_is_under_way_and_lets_nobody_in(tmp_path, pipe):
    sandbox = Sandbox(FUNCTIONS, tmp_path / "sandbox", 64 * MEBIBYTE)
    slow = await blocked(sandbox, pipe)
    behind = asyncio.create_task(sandbox.run("echo", seconds=LONG))
    await asyncio.sleep(0)

    await sandbox.close()

    with pytest.raises(SandboxFailed):
        await slow
    with pytest.raises(Busy):
        await behind
    assert sandbox.pids == ()


async def test_a_machine_that_gives_no_process_is_busy_and_the_bytes_are_not_to_blame(sandbox, monkeypatch):
    def refuse(recipe: object) -> Child:
        raise OSError(11, "Resource temporarily unavailable")

    with monkeypatch.context() as poor:
        poor.setattr(sandbox_module, "spawn", refuse)
        with pytest.raises(Busy):
            await sandbox.run("echo", seconds=LONG)
    assert await sandbox.run("echo", seconds=LONG) == []


# ----------------------------------------------------------------------------------------- the process

PARENT = """
import asyncio, os, sys
from pathlib import Path
from server.work.sandbox import Sandbox
from tests.tools.reading import FUNCTIONS

async def main():
    sandbox = Sandbox(FUNCTIONS, Path(sys.argv[1]), 64 << 20)
    await sandbox.run("echo", seconds=30)
    busy = asyncio.create_task(sandbox.run("loop", seconds=30, slot="urgent"))
    while len(sandbox.pids) < 2 or not sandbox._places["urgent"].child.calls:
        await asyncio.sleep(0.01)
    print(*sandbox.pids, flush=True)
    await busy

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a busy one lives until its computing time is over")
async def test_when_the_server_is_killed_its_children_go_too(tmp_path):
    command = (sys.executable, "-c", PARENT, str(tmp_path / "sandbox"))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.PIPE)
    pids = [int(word) for word in (await parent.stdout.readline()).split()]
    assert len(pids) == 2

    parent.kill()
    await parent.wait()

    for pid in pids:
        while is_running(pid):
            await asyncio.sleep(0.01)


def is_running(pid: int) -> bool:
    """Whether it still does something: one that nobody has waited for is only a name."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in ("Z", "X")


async def test_a_feature_registers_its_functions(tmp_path, sqlite_template, monkeypatch):
    import web.module

    plugged = replace(web.module.module, sandbox=FUNCTIONS)
    monkeypatch.setattr("web.module.module", plugged)
    async with opened(settings_for(tmp_path / "var", sqlite_template, modules=("web",))) as services:
        assert await services.sandbox.run("echo", "連絡", seconds=LONG) == ["連絡"]
        (pid,) = services.sandbox.pids
    assert not is_running(pid)
