"""A small disk of one's own, to be filled."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.tools.need import need


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[Path]:
    """A file system of this size on ``folder``."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "renraku-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        need("a small disk (tmpfs)", "run the tests as root, where mounting is allowed")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(path: Path, leave: int = 0) -> None:
    """A file that takes all the room but ``leave`` bytes."""
    found = os.statvfs(path.parent)
    size = found.f_bavail * found.f_frsize - leave
    with path.open("ab") as file:
        os.posix_fallocate(file.fileno(), file.tell(), size)
