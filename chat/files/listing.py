"""A long list of an archive, read in the sandbox."""

from __future__ import annotations

from typing import Any, BinaryIO

from msgspec import to_builtins

from chat.files.archives import read_zip
from chat.files.source import OpenFile


def listing(file: BinaryIO) -> dict[str, Any]:
    """``{"archive", "kinds"}``; the archive is None when it is none."""
    found = read_zip(OpenFile(file.fileno()))
    if found is None:
        return {"archive": None, "kinds": []}
    archive, kinds = found
    return {"archive": to_builtins(archive), "kinds": kinds}
