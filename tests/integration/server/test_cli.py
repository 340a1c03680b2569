"""The command ``renraku``, as an operator uses it."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx2
import msgspec
import pytest
import structlog
from click.testing import CliRunner, Result

from server import checking, control
from server.cli import main
from server.folder import owned

RENRAKU = (sys.executable, "-c", "from server.cli import main; main(prog_name='renraku')")
PATIENCE = 18
FORM = {"Sec-Fetch-Site": "same-origin"}

Command = Callable[..., Result]
Start = Callable[..., "asyncio.Future[asyncio.subprocess.Process]"]


@pytest.fixture
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder that every command here speaks of."""
    for name in [name for name in os.environ if name.startswith("RENRAKU_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("RENRAKU_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("RENRAKU_ARGON2_MEMORY", "64")
    monkeypatch.setenv("RENRAKU_OUTBOUND", "false")
    return tmp_path / "var"


@pytest.fixture
def renraku(var: Path) -> Iterator[Command]:
    """Run a command in this process; what it does to the logs is undone."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def run(*arguments: str, typed: str = "") -> Result:
        result = CliRunner().invoke(main, arguments, input=typed, prog_name="renraku")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    yield run
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
async def start(var: Path) -> AsyncIterator[Start]:
    """Start a command that stays, in a process of its own."""
    children: list[asyncio.subprocess.Process] = []

    async def started(*arguments: str) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        child = await asyncio.create_subprocess_exec(*RENRAKU, *arguments, stdout=pipe, stderr=pipe)
        children.append(child)
        return child

    yield started
    for child in children:
        if child.returncode is None:
            child.kill()
        await child.communicate()


async def greeting(child: asyncio.subprocess.Process, lines: int) -> list[str]:
    assert child.stdout is not None
    async with asyncio.timeout(PATIENCE):
        return [(await child.stdout.readline()).decode() for _ in range(lines)]


async def stopped(child: asyncio.subprocess.Process, number: signal.Signals) -> int:
    child.send_signal(number)
    return await asyncio.wait_for(child.wait(), PATIENCE)


async def test_the_first_run_greets_with_an_address_and_three_sign_ins(start: Start, var: Path):
    child = await start("serve", "--port", "0")
    where, _, *people = await greeting(child, 5)

    sign_ins = [line.split()[:2] for line in people]
    names = ("sano", "nguyen", "miura")
    assert [login for login, _ in sign_ins] == [f"{name}@example.co.jp" for name in names]
    kept = (var / "demo.txt").read_text()
    assert all(f"{login}\t{password}\t" in kept for login, password in sign_ins)
    address = re.search(r"http://127\.0\.0\.1:\d+/", where)
    assert address, where
    async with httpx2.AsyncClient(base_url=address[0], headers=FORM) as client:
        form = {"login_id": sign_ins[0][0], "password": sign_ins[0][1]}
        assert (await client.post("signin", data=form)).status_code == 303
        assert "北斗精機株式会社" in (await client.get("signin")).text

    assert await stopped(child, signal.SIGTERM) == 0
    assert not (var / "control.sock").exists()


async def test_a_running_server_takes_orders_and_a_second_one_is_refused(start: Start, renraku: Command):
    child = await start("serve", "--port", "0", "--no-demo")
    address = (await greeting(child, 1))[0].split()[-1]
    port = address.rstrip("/").rpartition(":")[2]

    added = await asyncio.to_thread(renraku, "user", "add", "a@b.example", "--name", "青木", "--generate")
    password = re.search(r"Password: (\S+)", added.output)
    assert password, added.output
    async with httpx2.AsyncClient(base_url=address, headers=FORM) as client:
        form = {"login_id": "a@b.example", "password": password[1]}
        assert (await client.post("signin", data=form)).headers["location"] == "/password"

    same_port = await asyncio.to_thread(renraku, "serve", "--port", port)
    hint = "stop what listens there, or choose another with --port."
    assert (same_port.exit_code, same_port.output) == (1, f"Error: Port {port} is in use: {hint}\n")
    for command in (("serve", "--port", "0"), ("migrate",)):
        same_folder = await asyncio.to_thread(renraku, *command)
        assert same_folder.exit_code == 1
        assert same_folder.output.endswith("is in use by another process of Renraku.\n")
        assert same_folder.output.count("\n") == 1

    assert await stopped(child, signal.SIGINT) == 0


async def test_work_with_sqlite_says_that_serve_does_it_and_waits(start: Start):
    child = await start("work")
    assert "`renraku serve` does this work" in (await greeting(child, 1))[0]
    assert await stopped(child, signal.SIGTERM) == 0


def test_people_are_ruled_without_a_server(renraku: Command):
    add = ("user", "add", "a@b.example", "--name", "青木", "--privilege", "admin_user")
    assert renraku(*add, typed="short\n").output == "Error: Please use at least 8 characters.\n"
    assert renraku(*add, typed="a good long one\n").exit_code == 0
    assert "already in use" in renraku(*add, typed="a good long one\n").output
    assert "Nobody would be left" in renraku("user", "disable", "a@b.example").output
    assert renraku("user", "talk", "a@b.example", "on").output == "Talk is on for a@b.example.\n"
    unknown = renraku("user", "enable", "x")
    assert (unknown.exit_code, unknown.output) == (1, "Error: There is no login ID “x”.\n")


def test_licences_are_shown_and_set_and_never_sink_below_what_is_in_use(renraku: Command):
    assert renraku("licence").output == "Error: There is no company yet.\n"
    renraku("user", "add", "sano@hokuto.example", "--name", "佐野", "--talk", typed="a good long one\n")
    shown = renraku("licence", "--basic", "300", "--anpi", "0").output
    assert shown.splitlines() == [
        "basic: 1 of 300 ID in use",
        "talk: 1 of 100 ID in use",
        "anpi: 0 of 0 ID in use",
    ]
    assert renraku("licence").output == shown
    assert "1 IDs are in use" in renraku("licence", "--talk", "0").output


def test_the_demo_is_not_for_a_company_that_has_people(renraku: Command, var: Path):
    assert "The demo company is loaded" in renraku("demo").output
    assert "There are people already" in renraku("demo").output
    assert len((var / "demo.txt").read_text().splitlines()) == 8


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("RENRAKU_PROT", "80", "Unknown settings: RENRAKU_PROT"),
        ("RENRAKU_POSTS_PER_SECOND", "many", "RENRAKU_POSTS_PER_SECOND"),
        ("RENRAKU_HOSTS", "[", "could not be read"),
        ("RENRAKU_MODULES", '["nothing"]', "There is no module called nothing"),
        ("RENRAKU_DATABASE_URL", "mysql://x", "RENRAKU_DATABASE_URL must begin with"),
        ("RENRAKU_DATABASE_URL", "nonsense", "RENRAKU_DATABASE_URL must begin with"),
        ("RENRAKU_DATABASE_URL", "postgresql://x@127.0.0.1:1/x", "The database cannot be reached: "),
        ("RENRAKU_VAR", "/dev/null/var", "Not a directory"),
    ],
)
def test_wrong_settings_stop_the_start_with_one_line(
    renraku: Command, monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
):
    monkeypatch.setenv(name, value)
    for command in (("serve", "--port", "0"), ("user", "enable", "x"), ("migrate",)):
        if command == ("migrate",) and name == "RENRAKU_MODULES":
            continue  # the tables are the same whatever is plugged in
        result = renraku(*command)
        assert result.exit_code == 1 and sentence in result.output, command
        assert result.output.count("\n") == 1


@pytest.mark.parametrize(
    "said", [b"", b'{"done":tr', b"x" * 100_000, None], ids=["nothing", "half", "endless", "silence"]
)
async def test_a_server_that_dies_meanwhile_is_one_line(
    renraku: Command, var: Path, monkeypatch: pytest.MonkeyPatch, said: bytes | None
):
    monkeypatch.setattr(control, "WORK_SECONDS", 0)
    monkeypatch.setattr(control, "READ_SECONDS", 0.5)

    async def die(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        if said is None:
            # It has stopped, and its socket is open.
            await reader.read()
        else:
            writer.write(said)
        writer.close()

    with owned(var):
        server = await asyncio.start_unix_server(die, var / "control.sock")
    async with server:
        result = await asyncio.to_thread(renraku, "user", "enable", "x")

    assert result.exit_code == 1
    assert "did not answer; the command may or may not have been carried out" in result.output
    assert result.output.count("\n") == 1


def test_a_door_that_is_closed_to_us_is_one_line(renraku: Command, var: Path, monkeypatch: pytest.MonkeyPatch):
    async def closed(*_: object, **__: object) -> None:
        # As root, no mode of a file would refuse.
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(asyncio, "open_unix_connection", closed)
    result = renraku("user", "enable", "x")
    assert result.exit_code == 1
    assert result.output == f"Error: {var / 'control.sock'}: Permission denied; nothing was done.\n"


def test_an_address_that_is_not_ours_is_one_line(renraku: Command):
    result = renraku("serve", "--host", "192.0.2.1", "--port", "0")
    assert result.exit_code == 1
    assert result.output.startswith("Error: Cannot listen on 192.0.2.1:0") and result.output.count("\n") == 1


def test_check_config_shows_what_is_set_and_no_password(renraku: Command, monkeypatch: pytest.MonkeyPatch):
    sound = renraku("check-config")
    assert sound.exit_code == 0
    assert "RENRAKU_ARGON2_MEMORY = 64" in sound.output and "✓ modules: directory, chat, anpi, web" in sound.output
    assert re.search("^[✓!] sandbox: ", sound.output, re.MULTILINE)

    monkeypatch.setenv("RENRAKU_DATABASE_URL", "postgresql://renraku:geheim@127.0.0.1:1/renraku")
    wrong = renraku("check-config")
    assert wrong.exit_code == 1 and "✗ database" in wrong.output and "geheim" not in wrong.output


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("REDIS_URL", "redis://127.0.0.1:1/0?password=geheim"),
        ("REDIS_URL", "redis://:80/geheim@127.0.0.1:geheim"),
        ("DATABASE_URL", "postgresql://renraku@127.0.0.1:1/renraku?password=geheim&connect_timeout=3"),
        ("DATABASE_URL", "postgresql://127.0.0.1:geheim/renraku"),
    ],
)
def test_check_config_shows_no_password_wherever_it_stands(
    renraku: Command, monkeypatch: pytest.MonkeyPatch, name: str, address: str
):
    monkeypatch.setenv(f"RENRAKU_{name}", address)
    shown = renraku("check-config")
    assert shown.exit_code == 1 and f"  RENRAKU_{name} = " in shown.output and "***" in shown.output
    assert "geheim" not in shown.output


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HAZARD_SECRET", "geheim " * 6),
        ("DMDATA_KEY", "geheim"),
        ("ANPI_SMS_HEADER", "Authorization: Bearer geheim"),
        ("SMTP_URL_2", "smtp://anpi:geheim@127.0.0.1:1"),
    ],
)
def test_check_config_shows_no_secret(renraku: Command, monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    monkeypatch.setenv(f"RENRAKU_{name}", value)
    shown = renraku("check-config").output
    assert f"  RENRAKU_{name} = " in shown and "***" in shown and "geheim" not in shown


def test_check_config_says_when_a_sandbox_answers_nonsense(renraku: Command, monkeypatch: pytest.MonkeyPatch):
    def nonsense(recipe: object) -> object:
        return msgspec.msgpack.decode(b"\xc1")

    monkeypatch.setattr(checking, "probe", nonsense)
    assert "✗ sandbox" in renraku("check-config").output


async def test_the_first_run_tells_a_code_to_the_terminal_and_to_the_log(start: Start, renraku: Command, var: Path):
    nobody = await asyncio.to_thread(renraku, "welcome")
    assert (nobody.exit_code, nobody.output) == (1, f"Error: There is no company in {var} yet.\n")

    child = await start("serve", "--port", "0", "--no-demo")
    address, where, code = await greeting(child, 3)
    assert f"{address.split()[-1]}setup" in where
    assert "says how to open one" in (await asyncio.to_thread(renraku, "welcome")).output
    async with httpx2.AsyncClient(base_url=address.split()[-1], headers=FORM, timeout=PATIENCE) as client:
        typed = {"code": code.strip(), "company": "北斗精機", "name": "佐野", "login_id": "sano@hokuto.example"}
        made = await client.post("setup", data={**typed, "password": "a good long one", "again": "a good long one"})
        assert made.status_code == 200

    told = await asyncio.to_thread(renraku, "welcome")
    for fact in ("北斗精機 様", "■サーバURL", "sano@hokuto.example", "■団体コード", "トークライセンス数: 100 ID"):
        assert fact in told.output
    assert "a good long one" not in told.output
    written = await asyncio.to_thread(renraku, "welcome", "--write", str(var / "letter.txt"))
    assert written.exit_code == 0 and (var / "letter.txt").read_text("utf-8-sig") == told.output[:-1]
    again = await asyncio.to_thread(renraku, "welcome", "--write", str(var / "letter.txt"))
    assert (again.exit_code, again.output) == (1, f"Error: {var / 'letter.txt'}: File exists.\n")
    assert (await asyncio.to_thread(renraku, "check-config")).output.count("1 written") == 1

    assert await stopped(child, signal.SIGTERM) == 0
    assert child.stderr is not None
    (line,) = [line for line in (await child.stderr.read()).decode().splitlines() if "setup.code" in line]
    assert code.strip() in line
    assert renraku("welcome").output == told.output, "without a server too"
