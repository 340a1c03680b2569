"""The scaled mode on one machine: `./run --scaled` starts PostgreSQL and Redis out of their wheels, two web processes
and a worker, by `Procfile.dev`. The data stays in `var/scaled`; the sockets lie in a short folder of their own.

    python -m tests.tools.scaled                 all of it
    python -m tests.tools.scaled database        one line of the Procfile
    python -m tests.tools.scaled renraku work    this, as soon as the database is ready
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import psycopg
from honcho.environ import expand_processes, parse_procfile
from honcho.manager import Manager

from tests.tools import postgres, valkey

ROOT = Path(__file__).parents[2]
DATABASE = "renraku"
WAIT_SECONDS = 120


def main(words: list[str]) -> None:
    if not words:
        sys.exit(run_all())
    if words == ["database"]:
        return run_database()
    if words == ["redis"]:
        return run_redis()
    wait_until_ready()
    return os.execvp(words[0], words)


def run_all() -> int:
    """Everything, until one of the processes ends or somebody says stop."""
    data = data_folder()
    sockets = Path(tempfile.mkdtemp(prefix="renraku-"))
    if user := postgres.unprivileged_user():
        shutil.chown(sockets, user["user"], user["group"])
    port = int(os.environ.get("RENRAKU_PORT") or 8000)
    given = {
        "RENRAKU_VAR": str(ROOT / "var" / "scaled"),
        "RENRAKU_DATABASE_URL": f"postgresql://postgres@/{DATABASE}?host={sockets}",
        "RENRAKU_REDIS_URL": f"unix://{sockets}/redis.sock",
        "SCALED_DATA": str(data),
        "SCALED_SOCKETS": str(sockets),
        "WEB1_PORT": str(port),
        "WEB2_PORT": str(port + 1),
    }
    given["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    print(f"Two web processes: http://127.0.0.1:{port}/ and http://127.0.0.1:{port + 1}/, data in {data}", flush=True)
    manager = Manager()
    processes = parse_procfile((ROOT / "Procfile.dev").read_text()).processes
    for process in expand_processes(processes, env={**os.environ, **given}):
        manager.add_process(process.name, process.cmd, quiet=process.quiet, env=process.env, cwd=str(ROOT))
    try:
        manager.loop()
    finally:
        shutil.rmtree(sockets, ignore_errors=True)
    return manager.returncode or 0


def data_folder() -> Path:
    """Where the database keeps its files: PostgreSQL refuses to be root, and its user must be able to come in."""
    own = ROOT / "var" / "scaled" / "database"
    own.mkdir(mode=0o711, parents=True, exist_ok=True)
    if not postgres.unprivileged_user() or all(parent.stat().st_mode & 0o001 for parent in own.parents):
        return own
    name = hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
    elsewhere = Path("/var/tmp") / f"renraku-scaled-{name}"
    elsewhere.mkdir(mode=0o711, exist_ok=True)
    return elsewhere


def run_database() -> None:
    sockets = Path(os.environ["SCALED_SOCKETS"])
    with postgres.running_in(Path(os.environ["SCALED_DATA"]), ["max_connections=100"], sockets):
        with psycopg.connect(f"host={sockets} user=postgres dbname=postgres", autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if found is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")
        for command in ("migrate", "demo"):
            if os.spawnlp(os.P_WAIT, "renraku", "renraku", command):
                sys.exit(1)
        (sockets / "ready").touch()
        until_told()


def run_redis() -> None:
    with tempfile.TemporaryDirectory(prefix="renraku-redis-") as folder:
        with valkey.running_in(Path(folder), Path(os.environ["SCALED_SOCKETS"])):
            until_told()


def until_told() -> None:
    """Until somebody says stop. Blocked here and not earlier: what was started before must hear the same signals."""
    both = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, both)
    signal.sigwait(both)


def wait_until_ready() -> None:
    """The database has its shape and Redis answers."""
    sockets, end = Path(os.environ["SCALED_SOCKETS"]), time.monotonic() + WAIT_SECONDS
    while not ((sockets / "ready").exists() and (sockets / "redis.sock").exists()):
        if time.monotonic() > end:
            sys.exit("The database did not start; see the lines above.")
        time.sleep(0.1)


if __name__ == "__main__":
    main(sys.argv[1:])
