"""A kept picture shows what the sent one shows, and says nothing else."""

from __future__ import annotations

import io
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from chat.files import stripping
from chat.files.copying import Pieces
from chat.files.stripping import Torn, bare, joined
from tests.tools import samples

MEDIA = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif"}
SECRET = b"35.6812N 139.7671E"


def stripped(data: bytes, media: str) -> bytes:
    return joined(data, bare(data, media).pieces)


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def written(picture: Image.Image, form: str, **how: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **how)
    return file.getvalue()


def gradient(mode: str = "RGB") -> Image.Image:
    return Image.merge("RGB", [Image.linear_gradient("L").resize((60, 40))] * 3).convert(mode)


def photo(turn: int = 1) -> bytes:
    """A JPEG of 60 x 40 that says where it was taken, with what, and a remark."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = turn
    exif[ExifTags.Base.Make] = SECRET.decode()
    exif.get_ifd(ExifTags.IFD.GPSInfo)[2] = (35.0, 40.0, 52.0)
    return written(gradient(), "JPEG", exif=exif, comment=SECRET, icc_profile=b"profile" * 9)


def test_a_photo_loses_where_it_was_taken_and_nothing_that_is_seen():
    data = photo()
    kept = stripped(data, "image/jpeg")
    assert SECRET in data and SECRET not in kept
    assert not opened(kept).getexif().get_ifd(ExifTags.IFD.GPSInfo)
    assert opened(kept).tobytes() == opened(data).tobytes()
    assert opened(kept).info["icc_profile"] == b"profile" * 9


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_photo_stays_the_right_way_up(turn):
    kept = stripped(photo(turn), "image/jpeg")
    exif = opened(kept).getexif()
    assert exif.get(ExifTags.Base.Orientation, 1) == turn
    assert set(exif) <= {ExifTags.Base.Orientation}


def test_an_upright_thumbnail_and_size_come_of_a_turned_photo():
    found = samples.gathered(photo(6))
    assert (found.facts.picture.width, found.facts.picture.height) == (40, 60)
    assert opened(found.thumbnail).size == (40, 60)


def test_the_labelled_photo_with_gps_loses_it():
    data = samples.sample("generated_img/ok_exif_gps.jpg")
    found = samples.gathered_of("generated_img/ok_exif_gps.jpg.sample")
    assert opened(data).getexif().get_ifd(ExifTags.IFD.GPSInfo)
    assert not opened(samples.kept(data, found)).getexif().get_ifd(ExifTags.IFD.GPSInfo)


def test_a_photo_with_too_many_pixels_to_be_shown_loses_it_too(monkeypatch):
    monkeypatch.setattr("chat.files.images.MOST_PIXELS", 100)
    data = photo()
    found = samples.gathered(data)
    assert found.facts.picture.fault == "pixels"
    assert SECRET not in samples.kept(data, found)


def test_the_second_picture_of_a_phone_is_not_kept():
    data = samples.sample("generated_img/ok_mpo.jpg")
    kept = stripped(data, "image/jpeg")
    assert opened(data).format == "MPO" and opened(kept).format == "JPEG"
    assert len(kept) < len(data) * 0.6


@pytest.mark.parametrize("form", MEDIA)
def test_what_hides_behind_a_picture_is_not_kept(form):
    data = written(gradient("P" if form == "GIF" else "RGB"), form)
    kept = stripped(data + b"PK\x03\x04" + SECRET, MEDIA[form])
    assert SECRET not in kept
    assert opened(kept).tobytes() == opened(data).tobytes()


def test_texts_in_a_png_go_and_its_colours_stay():
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    texts.add_text("where", SECRET.decode())
    texts.add_itxt("where", SECRET.decode(), zip=True)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation], exif[ExifTags.Base.Make] = 6, SECRET.decode()
    data = written(gradient("P"), "PNG", pnginfo=texts, exif=exif, dpi=(300, 300), transparency=3)
    kept = stripped(data, "image/png")
    assert SECRET in data and SECRET not in kept
    assert opened(kept).tobytes() == opened(data).tobytes()
    assert opened(kept).info["transparency"] == 3
    assert dict(opened(kept).getexif()) == {ExifTags.Base.Orientation: 6}


def test_a_png_without_its_end_gets_one():
    kept = stripped(samples.sample("generated_img/png_no_iend.png"), "image/png")
    assert kept.endswith(b"IEND\xaeB`\x82") and opened(kept).size == (64, 48)


def test_a_text_that_unpacks_to_too_much_is_torn():
    with pytest.raises(Torn):
        bare(samples.sample("generated_img/png_ztxt_bomb.png"), "image/png")


@pytest.mark.parametrize("form", ["PNG", "GIF"])
def test_what_moves_goes_on_moving(form):
    frames = [gradient().rotate(90 * number).convert("P" if form == "GIF" else "RGB") for number in range(4)]
    data = written(frames[0], form, save_all=True, append_images=frames[1:], duration=70, loop=0, comment=SECRET)
    kept = stripped(data, MEDIA[form])
    before, after = opened(data), opened(kept)
    assert bare(data, MEDIA[form]).frames == after.n_frames == 4
    assert (after.info["duration"], after.info["loop"]) == (70, 0)
    for number in range(4):
        before.seek(number)
        after.seek(number)
        assert before.convert("RGBA").tobytes() == after.convert("RGBA").tobytes()
    assert SECRET not in kept


def test_every_labelled_picture_shows_the_same_when_it_is_kept():
    shown = 0
    for row in samples.files():
        found = samples.gathered_of(row["file"])
        if found.facts.picture is None or found.facts.picture.fault:
            continue
        data = samples.sample(row["file"].removesuffix(".sample"))
        kept = samples.kept(data, found)
        assert opened(kept).convert("RGBA").tobytes() == opened(data).convert("RGBA").tobytes(), row["file"]
        assert samples.kept(kept, samples.gathered(kept)) == kept, "once is enough"
        shown += 1
    assert shown > 15


@pytest.mark.parametrize("tiff", [b"", b"II", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff", b"XX*\0"])
def test_broken_exif_turns_nothing(tiff):
    assert stripping.orientation(tiff) == 1


def moving(frames: int) -> bytes:
    pictures = [Image.new("RGB", (8, 8), (number * 9, 0, 0)) for number in range(frames)]
    return written(pictures[0], "PNG", save_all=True, append_images=pictures[1:], duration=20)


def test_every_frame_is_decoded():
    whole = moving(3)
    last = whole.rindex(b"fdAT")
    # Eight bytes in: after the frame's number, within what is compressed.
    broken = whole[: last + 8] + b"\xff" * 6 + whole[last + 14 :]
    assert samples.gathered(whole).facts.picture.fault == ""
    assert samples.gathered(broken).facts.picture.fault == "damage"


def test_more_frames_than_anybody_looks_at_are_not_decoded(monkeypatch):
    monkeypatch.setattr("chat.files.images.MOST_FRAMES", 3)
    assert samples.gathered(moving(3)).facts.picture.fault == ""
    assert samples.gathered(moving(4)).facts.picture.fault == "frames"


# ---------------------------------------------------------------- bytes that nobody meant

WHOLE = {
    "image/jpeg": photo(6),
    "image/png": written(gradient(), "PNG"),
    "image/gif": written(gradient("P"), "GIF"),
}


@given(
    st.sampled_from([*WHOLE]), st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=8), st.data()
)
def test_broken_bytes_are_torn_or_stripped_and_nothing_else(media, changes, data):
    broken = bytearray(WHOLE[media])
    for at, value in changes:
        broken[at % len(broken)] = value
    broken = broken[: data.draw(st.integers(0, len(broken)))]
    try:
        found = bare(bytes(broken), media)
    except Torn:
        return
    assert Pieces.of(found.pieces, len(broken)) is not None
    assert len(joined(bytes(broken), found.pieces)) <= len(broken) + 100


def test_what_the_sandbox_names_must_be_pieces_of_the_file():
    assert Pieces.of([(0, 4), b"ab", (6, 4)], 10) is not None
    for wrong in ([(0, 11)], [(4, 2), (0, 4)], [(0, 4), (2, 4)], [(-1, 2)], [(0, -1)], [b"x" * 5000]):
        assert Pieces.of(wrong, 10) is None


def test_the_end_of_a_png_is_a_chunk():
    assert stripping._END == b"\0\0\0\0IEND" + zlib.crc32(b"IEND").to_bytes(4, "big")
