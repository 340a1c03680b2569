"""Strangers' pictures, every frame decoded: runs in the sandbox, and imports next to nothing of the house."""

from __future__ import annotations

import io
import struct
import warnings
from typing import Any, BinaryIO

from PIL import Image, ImageFile, UnidentifiedImageError

from chat.files import stripping
from chat.files.limits import MOST_BYTES, MOST_FRAMES, MOST_PIECES, MOST_PIXELS, MOST_PIXELS_IN_ALL, THUMBNAIL

FORMATS = ("JPEG", "PNG", "GIF")
_MEDIA = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "GIF": "image/gif"}
JPEG_QUALITY = 80

# Pillow asks this itself wherever it makes a picture.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS
ImageFile.LOAD_TRUNCATED_IMAGES = False

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What puts it upright."""

_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, struct.error, IndexError, KeyError, TypeError, OverflowError)
"""What Pillow's decoders raise at bytes that are not what they say."""


class _Bad(Exception):
    """Why it is not shown as a picture."""


def read_picture(media: str, decode: bool, file: BinaryIO) -> dict[str, Any]:
    """The picture in ``file``, whose first bytes say ``media``; without ``decode`` only what is kept of it.

    Returns its ``media``, ``width`` and ``height`` as it is seen, ``frames``, ``fault`` ("type", "pixels", "frames",
    "damage", or blank), the ``pieces`` of which the kept file is made, and a ``thumbnail`` of type ``small``.
    """
    found: dict[str, Any] = {"media": media, "width": 0, "height": 0, "frames": 0, "fault": ""}
    found |= {"pieces": [], "thumbnail": b"", "small": ""}
    with warnings.catch_warnings():
        # What a decoder remarks about a picture is for nobody; what it calls a bomb is refused.
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            _read(found, decode, file)
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            found["fault"] = "pixels"
        except UnidentifiedImageError:
            found["fault"] = "type"
        except _Bad as bad:
            found["fault"] = str(bad)
        except _DAMAGE:
            found["fault"] = "damage"
    return found


def _read(found: dict[str, Any], decode: bool, file: BinaryIO) -> None:
    data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise _Bad("pixels")
    bare = _bare(data, found["media"])
    # Kept of what cannot be shown, too: it may be sent as a mere file, and says no more than a picture would.
    found["pieces"] = bare.pieces if bare is not None and len(bare.pieces) <= MOST_PIECES else []
    if not decode:
        raise _Bad("damage")
    found["frames"] = _checked(data, found["media"], bare)
    assert bare is not None
    kept = stripping.joined(data, bare.pieces)
    found["thumbnail"], found["small"], found["width"], found["height"] = _thumbnail(kept, bare.orientation)


def _checked(data: bytes, media: str, bare: stripping.Bare | None) -> int:
    """How many frames there are, all of them decoded. What they take is free again afterwards."""
    picture = Image.open(io.BytesIO(data), formats=FORMATS)
    if bare is None or len(bare.pieces) > MOST_PIECES or _MEDIA[picture.format or ""] != media:
        raise _Bad("damage")
    # Counted before anything is decoded: five thousand frames fit into a hundred kilobytes.
    pixels = picture.width * picture.height
    if pixels > MOST_PIXELS:
        raise _Bad("pixels")
    if bare.frames > MOST_FRAMES or pixels * bare.frames > MOST_PIXELS_IN_ALL:
        raise _Bad("frames")
    _decode(picture, bare.frames)
    return bare.frames


def _bare(data: bytes, media: str) -> stripping.Bare | None:
    try:
        return stripping.bare(data, media)
    except stripping.Torn:
        return None


def _decode(picture: Image.Image, frames: int) -> None:
    """Every frame; of a JPEG the first alone, for the others (another exposure, a depth) are not kept."""
    picture.load()
    if picture.format in ("GIF", "PNG"):
        for number in range(1, min(frames, getattr(picture, "n_frames", 1))):
            picture.seek(number)
            picture.load()


def _thumbnail(kept: bytes, orientation: int) -> tuple[bytes, str, int, int]:
    """The first frame of what is kept, upright and small, with its type, and the size at which the whole is seen."""
    picture = Image.open(io.BytesIO(kept), formats=FORMATS)
    size = picture.size
    picture.draft(None, (THUMBNAIL * 2, THUMBNAIL * 2))
    small = _coloured(_near(picture))
    small.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    turn = _TURNS.get(orientation)
    upright = small if turn is None else small.transpose(turn)
    width, height = size if orientation < 5 else size[::-1]
    return *_encoded(upright), width, height


def _near(picture: Image.Image) -> Image.Image:
    """Smaller by a whole factor first: a large picture is never copied into other colours as a whole."""
    factor = max(picture.size) // (THUMBNAIL * 2)
    if factor < 2:
        return picture
    if picture.mode in ("L", "LA", "RGB", "RGBA", "CMYK", "YCbCr"):
        return picture.reduce(factor)
    near = (max(1, picture.width // factor), max(1, picture.height // factor))
    return picture.resize(near, Image.Resampling.NEAREST)


def _coloured(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):
        return picture.convert("I").point(lambda level: level * (1 / 257)).convert("L")
    if picture.mode in ("L", "RGB", "RGBA", "LA") and "transparency" not in picture.info:
        return picture
    return picture.convert("RGBA" if picture.has_transparency_data else "RGB")


def _encoded(picture: Image.Image) -> tuple[bytes, str]:
    clear = picture.mode in ("RGBA", "LA")
    # Made of the pixels alone: what came along with the old one stays behind.
    plain = Image.frombytes(picture.mode, picture.size, picture.tobytes())
    file = io.BytesIO()
    if clear:
        plain.save(file, "PNG")
        return file.getvalue(), "image/png"
    plain.save(file, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return file.getvalue(), "image/jpeg"
