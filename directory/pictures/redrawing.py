"""Strangers' pictures, decoded and drawn anew: runs in the sandbox, and imports next to nothing of the house.

What comes out is only what can be seen: no metadata, no second frame, nothing hidden behind the picture.
"""

from __future__ import annotations

import io
import struct
import warnings
from typing import Any, BinaryIO

from PIL import Image, UnidentifiedImageError
from PIL.ExifTags import Base

from directory.pictures.model import MOST_PIXELS

FORMATS = ("JPEG", "PNG", "GIF")
LARGE, SMALL = 512, 96
"""The sides of a face, in pixels; a smaller picture stays as small as it is."""
LOGO_LARGE, LOGO_SMALL = (480, 120), (192, 48)
JPEG_QUALITY = 85
BAND_ROWS = 128

# Pillow asks this itself wherever it makes a picture, of the parts of one too.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF's orientation, and what puts the picture upright."""

_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, struct.error, IndexError, KeyError, TypeError, OverflowError)
"""What Pillow's decoders raise at bytes that are not what they say."""


def redraw(form: str, file: BinaryIO) -> dict[str, Any]:
    """The picture in ``file`` as a ``photo`` (two squares) or a ``logo`` (not cropped, with its transparency).

    Returns ``{"fault", "media", "large", "small"}``; the fault is "type", "pixels", "damage", or blank.
    """
    with warnings.catch_warnings():
        # What a decoder remarks about a picture is for nobody; what it calls a bomb is refused.
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            return _drawn(form, Image.open(file, formats=FORMATS))
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            return _fault("pixels")
        except UnidentifiedImageError:
            return _fault("type")
        except _DAMAGE:
            return _fault("damage")


def _drawn(form: str, picture: Image.Image) -> dict[str, Any]:
    if picture.width * picture.height > MOST_PIXELS:
        return _fault("pixels")
    large, small = _logo(picture) if form == "logo" else _face(picture)
    return {"fault": "", "media": "image/png" if form == "logo" else "image/jpeg", "large": large, "small": small}


def _fault(code: str) -> dict[str, Any]:
    return {"fault": code, "media": "", "large": b"", "small": b""}


def _face(picture: Image.Image) -> tuple[bytes, bytes]:
    turn = _turn(picture)
    # A JPEG can be decoded at a half, a quarter or an eighth of its size: most of what a camera sends is that large.
    picture.draft(None, (LARGE * 2, LARGE * 2))
    square = _flat(_square(picture, LARGE))
    upright = square if turn is None else square.transpose(turn)
    return _jpeg(upright), _jpeg(upright.resize((side := min(SMALL, upright.width), side), Image.Resampling.LANCZOS))


def _logo(picture: Image.Image) -> tuple[bytes, bytes]:
    turn = _turn(picture)
    most = max(LOGO_LARGE)
    shown = _near((0, 0, *picture.size), picture, max(picture.size) // (most * 2)).convert("RGBA")
    # Turned when it is small already: a quarter turn swaps the sides of the box.
    upright = shown if turn is None else shown.transpose(turn)
    return _png(_within(upright, LOGO_LARGE)), _png(_within(upright, LOGO_SMALL))


def _turn(picture: Image.Image) -> Image.Transpose | None:
    """How to put it upright; broken EXIF says nothing."""
    try:
        return _TURNS.get(picture.getexif().get(Base.Orientation, 1))
    except _DAMAGE:
        return None


def _square(picture: Image.Image, most: int) -> Image.Image:
    """The square in its middle, at most so large."""
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    near = _near((left, top, left + side, top + side), picture, side // (most * 2))
    wanted = min(side, most)
    return near.resize((wanted, wanted), Image.Resampling.LANCZOS)


def _near(box: tuple[int, int, int, int], picture: Image.Image, factor: int) -> Image.Image:
    """This part in colours, made smaller by a whole factor.

    In bands: a large picture as a whole is not copied into other colours, which would take its memory again.
    """
    left, top, right, bottom = box
    factor = max(1, factor)
    rows = BAND_ROWS * factor
    bands = [
        _colours(picture.crop((left, at, right, min(at + rows, bottom)))).reduce(factor)
        for at in range(top, bottom, rows)
    ]
    whole = Image.new(bands[0].mode, (bands[0].width, sum(band.height for band in bands)))
    for number, band in enumerate(bands):
        whole.paste(band, (0, number * BAND_ROWS))
    return whole


def _colours(picture: Image.Image) -> Image.Image:
    """In a mode that can be made smaller: palettes and 16 bits cannot."""
    if picture.mode.startswith("I"):
        return _eight_bits(picture)
    if picture.mode in ("RGB", "L", "RGBA", "LA"):
        has_key = picture.mode in ("RGB", "L") and "transparency" in picture.info
        return picture.convert("RGBA") if has_key else picture
    has_alpha = picture.has_transparency_data
    return picture.convert("RGBA" if has_alpha else "RGB")


def _eight_bits(picture: Image.Image) -> Image.Image:
    return picture.convert("I").point(lambda level: level * (1 / 257)).convert("L")


def _flat(picture: Image.Image) -> Image.Image:
    """Without transparency: on white."""
    if picture.mode in ("RGBA", "LA"):
        paper = Image.new("RGBA", picture.size, "white")
        paper.alpha_composite(picture.convert("RGBA"))
        return paper.convert("RGB")
    return picture.convert("RGB")


def _within(picture: Image.Image, box: tuple[int, int]) -> Image.Image:
    """Not larger than the box, and whole; the thinnest line stays one pixel thick."""
    scale = min(1.0, *(most / side for most, side in zip(box, picture.size, strict=True)))
    width, height = (max(1, round(side * scale)) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def _jpeg(picture: Image.Image) -> bytes:
    return _encoded(picture, "JPEG", quality=JPEG_QUALITY, optimize=True)


def _png(picture: Image.Image) -> bytes:
    return _encoded(picture, "PNG", optimize=True)


def _encoded(picture: Image.Image, format: str, **how: Any) -> bytes:
    # A picture made of the pixels alone: what came along with the old one stays behind.
    bare = Image.frombytes(picture.mode, picture.size, picture.tobytes())
    file = io.BytesIO()
    bare.save(file, format, **how)
    return file.getvalue()
