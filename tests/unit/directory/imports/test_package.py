"""A ZIP with photos: whatever made it is read, what does not hold together is refused by name."""

from __future__ import annotations

import io
import struct
import unicodedata
import zipfile

import openpyxl
import pytest

from directory.imports import desk, package
from directory.imports.reading import Unreadable
from tests.unit.directory.imports.zips import photo, zipped

TABLE = b"LOGIN_ID\tBIG_IMAGE\r\n"


def opened(data: bytes, behind: bytes = b"") -> package.Package | None:
    return package.opened(io.BytesIO(data + behind), len(data))


def cp932_named(name: str) -> bytes:
    """As Explorer writes it: CP932, and no word about that."""
    placeholder = "x" * len(name.encode("cp932"))
    data = zipped({"user.tsv": TABLE, f"image/{placeholder}": b"1"})
    return data.replace(placeholder.encode(), name.encode("cp932"))


def test_the_table_and_the_photos_are_found():
    found = opened(zipped({"user.tsv": TABLE, "image/": b"", "image/Sato.JPG": b"1"}), behind=b"more")
    assert found is not None
    assert found.read_table() == TABLE
    assert found.read_picture("sato.jpg") == b"1"


MADE_ELSEWHERE = {
    "in a folder of its own": (zipped({"写真/user.tsv": TABLE, "写真/image/a.jpg": b"1"}), "a.jpg"),
    "by Finder": (
        zipped(
            {"user.tsv": TABLE, f"image/{unicodedata.normalize('NFD', 'が')}.jpg": b"1", "__MACOSX/._user.tsv": b""}
        ),
        "が.jpg",
    ),
    "by Explorer": (cp932_named("髙橋 能.jpg"), "髙橋 能.jpg"),
    "with what Windows leaves": (zipped({"user.tsv": TABLE, "image/a.jpg": b"1", "image/Thumbs.db": b""}), "a.jpg"),
}


@pytest.mark.parametrize("how", MADE_ELSEWHERE)
def test_what_other_programs_make_is_read(how: str):
    data, name = MADE_ELSEWHERE[how]
    found = opened(data)
    assert found is not None and list(found.pictures) == [name]
    assert found.read_picture(package.folded_name(f"image/{name.upper()}")) == b"1"


def locked() -> bytes:
    data = bytearray(zipped({"user.tsv": TABLE}))
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    return bytes(data)


WRONG = {
    "no table": (zipped({"image/a.jpg": b"1"}), "表（.tsv または .xlsx）がありません"),
    "a table too deep": (zipped({"a/b/user.tsv": TABLE, "c": b""}), "表（.tsv または .xlsx）がありません"),
    "two tables": (zipped({"a.tsv": TABLE, "b.xlsx": b""}), "a.tsv、b.xlsx"),
    "a name twice": (zipped({"u.tsv": TABLE, "image/A.jpg": b"", "image/a.jpg": b""}), "「a.jpg」が2つ"),
    "a password": (locked(), "パスワード"),
    "another method": (zipped({"user.tsv": TABLE}, zipfile.ZIP_LZMA), "壊れていないか"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_hold_together_is_refused(name: str):
    data, said = WRONG[name]
    with pytest.raises(Unreadable, match=said):
        opened(data)


def test_more_than_can_be_held_is_refused_by_its_directory(monkeypatch: pytest.MonkeyPatch):
    data = zipped({"user.tsv": TABLE, "image/a.jpg": bytes(1000), "image/b.jpg": bytes(1000)})
    monkeypatch.setattr(package, "PICTURES_BYTES", 1999)
    with pytest.raises(Unreadable, match="大きすぎます"):
        opened(data)
    monkeypatch.setattr(package, "ENTRIES", 2)
    with pytest.raises(Unreadable, match="多すぎます（2個まで）"):
        opened(data)


def test_an_entry_that_is_more_than_it_says_is_damaged_and_takes_no_memory():
    data = bytearray(zipped({"user.tsv": TABLE, "image/a.jpg": bytes(50_000_000)}))
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 10)
    (drawn,) = desk.photos(len(data), ["a.jpg"], file=io.BytesIO(bytes(data)))
    assert (drawn.name, drawn.fault) == ("a.jpg", "damage")


def test_photos_are_drawn_anew_and_faults_named(monkeypatch: pytest.MonkeyPatch):
    files = {"u.tsv": TABLE, "image/a.jpg": photo(), "image/b.jpg": b"GIF", "image/c.jpg": photo()[:300]}
    monkeypatch.setattr(desk, "MOST_BYTES", 100_000)
    data = zipped({**files, "image/d.jpg": bytes(100_001)})
    file = io.BytesIO(data)
    assert desk.pictures(len(data), file=file) == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    drawn = desk.photos(len(data), ["a.jpg", "b.jpg", "c.jpg", "d.jpg"], file=file)
    assert [each.fault for each in drawn] == ["", "type", "damage", "bytes"]
    assert drawn[0].media == "image/jpeg" and drawn[0].large


def test_other_files_are_no_package():
    book = io.BytesIO()
    openpyxl.Workbook().save(book)
    for data in (book.getvalue(), TABLE, b"PK\x03\x04" + b"x" * 100):
        assert opened(data) is None
        assert desk.pictures(len(data), file=io.BytesIO(data)) is None
