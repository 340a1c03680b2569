"""ZIP files and photos as people make them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from PIL import Image


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP of these."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def photo(colour: str = "teal", side: int = 120) -> bytes:
    """A photo that can be read."""
    file = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(file, "JPEG")
    return file.getvalue()
