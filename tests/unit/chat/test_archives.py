"""What a zip lists is read in every way in which a program may read it, and never unpacked."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.files import archives
from chat.files.archives import read_zip
from chat.files.facts import Archive, Facts
from chat.files.source import Held
from chat.policy import Policy, judge
from tests.tools import samples


def zipped(*names: str | zipfile.ZipInfo, comment: bytes = b"", data: bytes = b"data") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, data)
        archive.comment = comment
    return file.getvalue()


def read(data: bytes) -> Archive:
    found = read_zip(Held(data))
    assert found is not None
    return found[0]


def endings(data: bytes) -> set[str]:
    return set(read(data).endings)


def test_a_zip_tells_what_is_in_it():
    found = read(zipped("memo.docx", "写真/山.JPG", "no_extension"))
    assert found == Archive("zip", {"docx": "memo.docx", "jpg": "山.JPG"})


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"text", bytes(100_000), b"PK\x05\x06" * 3, b"x" * 30 + b"PK\x05\x06" + bytes(18)]
)
def test_what_is_no_zip_is_none(data):
    assert read_zip(Held(data)) is None


def test_a_zip_is_one_by_its_bytes():
    data = zipped("tool.exe")
    for disguised in (b"\x00" * 999 + data, b"%PDF-1.7\n" + data, data + b"behind", b"x" + data + b"y" * 60_000):
        assert endings(disguised) == {"exe"}


def test_a_zip_in_front_of_another_is_read_too():
    assert endings(zipped("clean.txt") + zipped("tool.exe")) == {"txt", "exe"}
    assert endings(zipped("tool.exe") + zipped("clean.txt")) == {"txt", "exe"}


def test_names_in_the_local_headers_count():
    data = zipped("aaaa.txt")
    assert endings(data.replace(b"aaaa.txt", b"aaaa.exe", 1)) == {"txt", "exe"}


def test_entries_that_no_directory_names_count():
    clean, hidden = zipped("clean.txt", "more.txt"), zipped("tool.exe")
    lost = hidden[: hidden.index(b"PK\x01\x02")]
    second = clean.index(b"PK\x03\x04", 4)
    directory, end = clean.index(b"PK\x01\x02"), clean.index(b"PK\x05\x06")
    # The second entry and the directory move back by as much.
    moved = bytearray(clean[:second] + lost + clean[second:])
    place = moved.index(b"PK\x01\x02", moved.index(b"PK\x01\x02") + 4) + 42
    struct.pack_into("<I", moved, place, second + len(lost))
    struct.pack_into("<I", moved, end + len(lost) + 16, directory + len(lost))
    assert zipfile.ZipFile(io.BytesIO(moved)).read("more.txt") == b"data", "this test needs a zip that works"
    assert endings(bytes(moved)) == {"txt", "exe"}


def test_a_name_that_hides_in_an_extra_field_counts():
    extra = struct.pack("<HHBI", 0x7075, 5 + len("tool.exe"), 1, 0) + b"tool.exe"
    info = zipfile.ZipInfo("a.txt")
    info.extra = extra
    assert endings(zipped(info)) == {"txt", "exe"}


@pytest.mark.parametrize(
    "raw", ["表.exe".encode("cp932"), "ソ.EXE".encode("cp932"), "見積．ｅｘｅ".encode("cp932"), b"\x82.exe"]
)
def test_a_name_counts_in_whatever_letters_it_is(raw):
    name = "x" * len(raw)
    assert endings(zipped(name).replace(name.encode(), raw)) == {"exe"}


@pytest.mark.parametrize("name", ["a.exe:x.txt", "a.exe.", "a.exe ", "..\\a.exe", "dir/a.ExE", "a.txt:b.exe"])
def test_a_name_counts_as_windows_would_take_it(name):
    assert "exe" in endings(zipped(name))


def test_a_folder_is_no_file():
    assert endings(zipped("setup.exe/", "setup.exe/readme.txt")) == {"txt"}


@pytest.mark.parametrize(
    ("name", "hidden"), [("a.txt", ""), ("inner.zip", "nested"), ("inner.7Z", "nested"), ("inner.tar.gz", "nested")]
)
def test_archives_in_an_archive_are_not_looked_into(name, hidden):
    assert read(zipped(name)).hidden == hidden


def test_encrypted_entries_are_said_to_be():
    data = bytearray(zipped("memo.docx"))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert read(bytes(data)) == Archive("zip", {"docx": "memo.docx"}, "encrypted")


@pytest.mark.parametrize(
    "name", ["META-INF/MANIFEST.MF", "Meta-Inf/Manifest.mf", "classes.dex", "AndroidManifest.xml"]
)
def test_programs_in_a_zip_are_known_by_what_is_in_them(name):
    found = read_zip(Held(zipped("a.txt", name)))
    assert found is not None and found[1] in (["jar"], ["apk"])


@pytest.mark.parametrize(
    "name", ["xl/vbaProject.bin", "META-INF/manifest.xml", "word/document.xml", "META-INF/container.xml"]
)
def test_office_files_are_no_programs(name):
    found = read_zip(Held(zipped("[Content_Types].xml", name)))
    assert found is not None and found[1] == [] and found[0].hidden == ""


def test_a_wide_zip_is_read():
    data = zipped("tool.exe")
    directory = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    wide = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, end - directory, directory)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, end, 1)
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    data = data[:end] + wide + locator + tail
    assert zipfile.ZipFile(io.BytesIO(data)).namelist() == ["tool.exe"], "this test needs a zip that works"
    assert read(data) == Archive("zip", {"exe": "tool.exe"})


def test_a_zip_cut_off_is_walked_through():
    data = zipped("readme.txt", "tool.exe")
    assert read(data[: data.index(b"PK\x01\x02") + 10]) == Archive(
        "zip", {"txt": "readme.txt", "exe": "tool.exe"}, "broken"
    )


def test_too_many_entries_are_not_all_read(monkeypatch):
    monkeypatch.setattr(archives, "MOST_ENTRIES", 3)
    assert read(zipped(*(f"{number}.txt" for number in range(4)))).hidden == "many"
    assert read(zipped(*(f"{number}.txt" for number in range(3)))).hidden == ""


def test_invented_extensions_push_none_out_that_an_administrator_has_added():
    found = read(zipped(*(f"a.x{number}" for number in range(archives.NAMED_ENDINGS + 5)), "a.foo"))
    assert found.hidden == "" and {"foo", "x0"} <= set(found.endings)
    verdict = judge(Policy(extra=frozenset({"foo"})), "a.zip", Facts(1, archive=found))
    assert (verdict.code, verdict.details) == ("file_archive", {"member": "*.foo"})


def test_a_long_list_is_not_all_read(monkeypatch):
    monkeypatch.setattr(archives, "LIST_BYTES", 100)
    found = read(zipped(*(f"{number}.txt" for number in range(9))))
    assert found.hidden == "many" and set(found.endings) == {"txt"}


def test_too_many_ends_of_a_directory_are_a_game():
    data = b"".join(zipped("a.txt") for _ in range(archives.MOST_ENDS + 1))
    assert read(data).hidden == "many"


class Counted(Held):
    """Counts what is read."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.bytes = 0

    def read(self, offset: int, length: int) -> bytes:
        part = super().read(offset, length)
        self.bytes += len(part)
        return part


def test_nothing_is_unpacked_and_little_is_read():
    data = samples.sample("generated_zip/zip_bomb_100MB.zip")
    source = Counted(data)
    assert read_zip(source) is not None
    assert source.bytes < 70_000
    wide = Counted(zipped("a.bin", data=bytes(5_000_000)))
    assert read_zip(wide) is not None
    assert wide.bytes < 70_000


def test_whoever_has_little_time_reads_little():
    allowed = 2000
    few, many = zipped("a.txt"), zipped(*(f"{number}.txt" for number in range(30)))
    long, walked = zipped("x" * 3000 + ".txt"), many[: many.index(b"PK\x01\x02")]
    assert read_zip(Held(few), allowed) == read_zip(Held(few))
    for data in (many, long, walked):
        with pytest.raises(archives.TooMuch):
            read_zip(Held(data), allowed)
        assert read_zip(Held(data)) is not None


SMALL = zipped("a.txt", "b/c.docx", "写真.png")


def mutations() -> Iterable[tuple[int, int]]:
    return st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)), max_size=12)


@given(mutations(), st.integers(0, len(SMALL)), st.binary(max_size=40))
def test_broken_bytes_never_break_the_reading(changes, cut, behind):
    broken = bytearray(SMALL)
    for at, value in changes:
        broken[at] = value
    data = bytes(broken[:cut]) + behind
    found = read_zip(Held(data))
    if found is not None:
        assert all(len(ending) <= archives.ENDING_LIMIT for ending in found[0].endings)


@given(st.lists(st.text(min_size=1, max_size=12).filter(lambda name: "\0" not in name), min_size=1, max_size=5))
def test_no_name_in_a_zip_escapes(names):
    try:
        data = zipped(*names, "x.exe")
    except (UnicodeEncodeError, UserWarning):
        return
    assert "exe" in endings(data)
