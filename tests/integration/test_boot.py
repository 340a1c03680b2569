"""`./run` on a machine where something is missing: one clear line, an exit code, nothing half made."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.process import free_port

ROOT = Path(__file__).parents[2]
NEEDED = ["run", "test", "boot.py", "hatch_build.py", "pyproject.toml", *ROOT.glob("requirements*.txt")]


class Clone:
    """A folder with what `./run` needs to begin, as a fresh clone has it."""

    def __init__(self, folder: Path):
        self.folder = folder
        for name in NEEDED:
            shutil.copy2(ROOT / name, folder)
        self.before = sorted(os.listdir(folder))

    def call(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, **environment}
        env.pop("RENRAKU_PORT", None)
        return subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True)

    def is_untouched(self) -> bool:
        return sorted(os.listdir(self.folder)) == self.before


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def test_a_port_in_use_is_told_before_anything_is_installed(clone):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = clone.call("./run", "--port", str(port))

    assert done.returncode == 1
    assert done.stderr == f"Port {port} is in use: stop what listens there, or choose another with --port.\n"
    assert clone.is_untouched()


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", ""])
def test_what_is_no_port_is_refused(clone, port):
    done = clone.call("./run", f"--port={port}")

    assert done.returncode == 2
    assert "is not a port" in done.stderr
    assert clone.is_untouched()


def test_without_a_new_enough_python_it_says_which(clone):
    old = clone.folder / "old"
    old.mkdir()
    clone.before.append("old")
    clone.before.sort()
    for name in ("python3", "python3.11", "python3.12", "python3.13", "python3.14"):
        (old / name).write_text("#!/bin/sh\nexit 1\n")
        (old / name).chmod(0o755)

    done = clone.call("/bin/sh", "./run", PATH=str(old))

    assert done.returncode == 1
    assert done.stderr.startswith("Python 3.11 or newer is needed")
    assert clone.is_untouched()


def test_without_the_venv_module_it_says_what_to_install(clone):
    # As on Debian without python3-venv: `venv` is there, `ensurepip` is not.
    blind = (
        "import importlib.util, runpy, sys; find = importlib.util.find_spec;"
        "importlib.util.find_spec = lambda name, *more: None if name == 'ensurepip' else find(name, *more);"
        f"sys.argv = ['boot.py', 'run', '--port', '{free_port()}'];"
        "runpy.run_path('boot.py', run_name='__main__')"
    )
    done = clone.call(sys.executable, "-B", "-c", blind)

    assert done.returncode == 1
    assert done.stderr == ("Python's venv module is missing: apt-get install python3-venv, then run this again.\n")
    assert clone.is_untouched()


def test_without_a_network_nothing_half_made_stays(clone):
    nowhere = f"http://127.0.0.1:{free_port()}"
    nothing = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1", "PIP_FIND_LINKS": ""}
    done = clone.call("./run", "--port", str(free_port()), PIP_INDEX_URL=nowhere, **nothing)

    assert done.returncode == 1
    assert done.stderr.startswith("Could not install requirements-build.txt: the package registry does not")
    assert done.stderr.count("\n") == 1
    assert clone.is_untouched()
