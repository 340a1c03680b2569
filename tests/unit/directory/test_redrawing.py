"""Pictures that strangers send are decoded and drawn anew, or refused by name."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image, ImageDraw

from directory.pictures.model import MOST_PIXELS
from directory.pictures.redrawing import redraw

RED, BLUE, WHITE = (220, 20, 20), (20, 20, 220), (255, 255, 255)


def written(picture: Image.Image, format: str, **how: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, format, **how)
    return file.getvalue()


def drawn(data: bytes, form: str = "photo") -> dict[str, Any]:
    return redraw(form, io.BytesIO(data))


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def is_like(picture: Image.Image, at: tuple[int, int], colour: tuple[int, ...]) -> bool:
    found = picture.convert("RGB").getpixel(at)
    return all(abs(one - other) < 25 for one, other in zip(found, colour, strict=True))


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, data: bytes, *others: bytes) -> bytes:
    """One of our own making: it may promise more than it holds."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(others) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


HALVES = Image.new("RGB", (600, 400), RED)
ImageDraw.Draw(HALVES).rectangle((0, 0, 600, 199), fill=BLUE)
"""Blue above, red below."""


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF"])
def test_a_photo_becomes_two_squares_of_its_middle(format: str):
    made = drawn(written(HALVES, format))

    large, small = opened(made["large"]), opened(made["small"])
    assert (made["fault"], made["media"], large.format, small.format) == ("", "image/jpeg", "JPEG", "JPEG")
    assert (large.size, small.size) == ((400, 400), (96, 96)), "a small picture is not blown up"
    assert is_like(large, (200, 50), BLUE) and is_like(large, (200, 350), RED)
    assert is_like(small, (48, 10), BLUE) and is_like(small, (48, 86), RED)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF"])
@pytest.mark.parametrize("form", ["photo", "logo"])
def test_a_large_picture_is_made_smaller(form: str, format: str):
    made = drawn(written(HALVES.resize((3600, 2400)), format), form)
    large = opened(made["large"])
    assert large.size == {"photo": (512, 512), "logo": (180, 120)}[form]
    assert is_like(large, (90, large.height // 2 - 8), BLUE) and is_like(large, (90, large.height // 2 + 8), RED)


def test_a_logo_stays_whole_and_transparent():
    logo = Image.new("RGBA", (2000, 400), (0, 0, 0, 0))
    ImageDraw.Draw(logo).rectangle((0, 0, 999, 399), fill=(*RED, 255))
    made = drawn(written(logo, "PNG"), "logo")

    large, small = opened(made["large"]), opened(made["small"])
    assert (made["media"], large.format, large.mode) == ("image/png", "PNG", "RGBA")
    assert (large.size, small.size) == ((480, 96), (192, 38))
    assert large.getpixel((100, 50))[3] == 255 and large.getpixel((400, 50))[3] == 0


def test_a_small_logo_is_not_blown_up():
    made = drawn(written(Image.new("RGB", (40, 20), RED), "GIF"), "logo")
    assert opened(made["large"]).size == (40, 20)


@pytest.mark.parametrize("shape", [(5000, 1), (1, 5000), (1, 1), (3, 900)])
@pytest.mark.parametrize("form", ["photo", "logo"])
def test_a_thin_picture_is_a_picture(shape: tuple[int, int], form: str):
    made = drawn(written(Image.new("RGB", shape, RED), "PNG"), form)
    assert made["fault"] == "" and min(opened(made["small"]).size) >= 1


CORNERS = Image.new("RGB", (200, 200), WHITE)
ImageDraw.Draw(CORNERS).rectangle((0, 0, 99, 99), fill=RED)
ImageDraw.Draw(CORNERS).rectangle((100, 0, 199, 99), fill=BLUE)
"""Red at the top left, blue at the top right: no turn leaves both where they are."""

AS_STORED = {
    1: [],
    2: [Image.Transpose.FLIP_LEFT_RIGHT],
    3: [Image.Transpose.ROTATE_180],
    4: [Image.Transpose.FLIP_TOP_BOTTOM],
    5: [Image.Transpose.TRANSPOSE],
    6: [Image.Transpose.ROTATE_90],
    7: [Image.Transpose.TRANSVERSE],
    8: [Image.Transpose.ROTATE_270],
}
"""How a camera that was held so stores what it sees upright."""


@pytest.mark.parametrize("orientation", AS_STORED)
@pytest.mark.parametrize(("form", "format"), [("photo", "JPEG"), ("logo", "PNG")])
def test_a_picture_stands_upright_however_the_camera_was_held(orientation: int, form: str, format: str):
    stored = CORNERS
    for turn in AS_STORED[orientation]:
        stored = stored.transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation

    made = drawn(written(stored, format, exif=exif), form)

    large = opened(made["large"])
    near, far = large.width // 8, large.width - large.width // 8
    assert is_like(large, (near, near), RED) and is_like(large, (far, near), BLUE)
    assert is_like(large, (near, far), WHITE) and is_like(large, (far, far), WHITE)


def test_nothing_but_what_can_be_seen_is_left():
    exif = Image.Exif()
    exif[0x010F] = "SECRET CAMERA"
    exif.get_ifd(0x8825)[1] = "N"
    jpeg = written(HALVES, "JPEG", exif=exif, comment=b"SECRET COMMENT", icc_profile=b"SECRET PROFILE")
    told = png(1, 1, zlib.compress(b"\x00\xff\x00\x00"), chunk(b"tEXt", b"Comment\x00SECRET TEXT"))
    for data in (jpeg + b"SECRET TAIL", told):
        assert b"SECRET" in data
        for form in ("photo", "logo"):
            made = drawn(data, form)
            assert made["fault"] == ""
            assert b"SECRET" not in made["large"] + made["small"]
            assert not opened(made["large"]).getexif()


def test_a_file_that_is_something_else_as_well_loses_the_rest():
    page = b"<html><script>alert(1)</script>"
    made = drawn(written(HALVES, "GIF", comment=page) + b"PK\x03\x04" + page)
    assert made["fault"] == ""
    assert b"script" not in made["large"] + made["small"] and b"PK" not in made["large"][-64:]


def test_of_an_animation_the_first_frame_is_shown():
    frames = [Image.new("RGB", (100, 100), colour) for colour in (RED, BLUE, WHITE)]
    made = drawn(written(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50))
    assert is_like(opened(made["large"]), (50, 50), RED)
    assert getattr(opened(made["large"]), "n_frames", 1) == 1


MODES = {
    "CMYK": (Image.new("CMYK", (300, 300), (0, 255, 255, 20)), "JPEG"),
    "16 bits": (Image.new("I;16", (300, 300), 40_000), "PNG"),
    "grey": (Image.new("L", (300, 300), 155), "PNG"),
    "grey with alpha": (Image.new("LA", (300, 300), (0, 100)), "PNG"),
    "black and white": (Image.new("1", (300, 300), 1), "PNG"),
    "palette": (HALVES.quantize(8), "PNG"),
}
SHOWN = {
    "CMYK": (235, 0, 0),
    "16 bits": (155, 155, 155),
    "grey": (155, 155, 155),
    "grey with alpha": (155, 155, 155),
    "black and white": WHITE,
    "palette": RED,
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("form", ["photo", "logo"])
def test_every_kind_of_colour_can_be_read(mode: str, form: str):
    picture, format = MODES[mode]
    made = drawn(written(picture, format), form)
    large = opened(made["large"])
    if mode == "grey with alpha" and form == "logo":
        assert large.getpixel((5, 5)) == (0, 0, 0, 100)
    else:
        assert is_like(large, (large.width // 2, large.height - 5), SHOWN[mode])


def test_sixteen_bits_of_colour_are_shown_as_eight():
    row = b"\x00" + struct.pack(">HHH", 0xFFFF, 0x0000, 0x8000) * 4
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 16, 2, 0, 0, 0))
    data = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(row * 4)) + chunk(b"IEND", b"")
    assert is_like(opened(drawn(data)["large"]), (2, 2), (255, 0, 128))


# ---------------------------------------------------------------- refused


@pytest.mark.parametrize("format", ["BMP", "TIFF", "WEBP", "PPM", "ICO"])
def test_other_kinds_of_picture_are_refused_by_their_bytes(format: str):
    assert drawn(written(Image.new("RGB", (64, 64), RED), format))["fault"] == "type"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 100,
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        b"MZ" + b"\x00" * 200,
        b"GIF87",
        "写真".encode(),
    ],
)
def test_what_is_no_picture_is_refused(data: bytes):
    assert drawn(data)["fault"] == "type"


def test_a_bomb_is_refused_before_it_is_unpacked():
    side = 30_000
    bomb = png(side, side, zlib.compress(b"\x00" * 1000))
    assert side * side > MOST_PIXELS * 2, "this test needs what Pillow itself calls a bomb"
    assert drawn(bomb)["fault"] == "pixels"


@pytest.mark.parametrize(("height", "fault"), [(5_000, "damage"), (5_001, "pixels")])
def test_the_limit_is_fifty_million_pixels(height: int, fault: str):
    promised = png(10_000, height, zlib.compress(b""))
    assert drawn(promised)["fault"] == fault


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF"])
def test_a_picture_that_ends_too_early_is_refused(format: str):
    noise = Image.effect_noise((300, 300), 90)
    whole = written(noise, format)
    assert drawn(whole)["fault"] == ""
    for length in (len(whole) // 2, len(whole) // 4, 40):
        assert drawn(whole[:length])["fault"] in ("damage", "type"), length


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF"])
def test_whatever_a_bit_does_it_is_a_picture_or_a_refusal(format: str):
    whole = bytearray(written(Image.effect_noise((40, 40), 90).convert("RGB"), format))
    for place in range(0, len(whole), 7):
        broken = bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        for form in ("photo", "logo"):
            assert drawn(broken, form)["fault"] in ("", "type", "pixels", "damage")


def test_broken_exif_does_not_spoil_the_picture():
    jpeg = written(HALVES, "JPEG", exif=b"Exif\x00\x00II*\x00\x08\x00\x00\x00\xff\xff" + b"\xfe" * 60)
    assert drawn(jpeg)["fault"] == ""
