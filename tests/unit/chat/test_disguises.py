"""Twelve different tries of somebody who knows how to bring an executable to another's screen under a harmless name.

Each is refused, or what arrives is no executable any more.
"""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
from PIL import Image

from chat.files.names import FileName, name_of_bytes
from chat.policy import Policy, judge
from tests.tools import samples

DEFAULT, IMAGES = Policy(), Policy(mode="images")
PE = samples.sample("generated/setup.exe")
JAR = samples.sample("generated/app.jar")
ISO = samples.sample("generated/cd.iso")


def refused(name: str, data: bytes, policy: Policy = DEFAULT) -> str:
    found = judge(policy, name, samples.gathered(data).facts)
    assert not found.ok
    return found.rule


def zipped(name: str, data: bytes = PE) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, data)
    return file.getvalue()


def picture(form: str = "PNG", **how: object) -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").convert("P" if form == "GIF" else "RGB").save(file, form, **how)
    return file.getvalue()


def test_1_renamed_to_a_picture_or_to_nothing_at_all():
    for name in ("photo.png", "photo.jpg", "setup", "report.pdf", "setup.exe.txt", "setup.ex_"):
        assert refused(name, PE) == "content:pe"
    assert refused("photo.png", PE, IMAGES) == "content:pe"


@pytest.mark.parametrize(
    "name",
    [
        "setup.exe.",
        "setup.exe . .",
        "setup.ＥＸＥ",
        "setup．exe",
        "setup.e\u200bxe",
        "setup.e\u00adx\u00ade",
        "photo.png.EXE",
        "setup.exe\u3000",
        "photo\u202egnp.exe",
        "setup.exe:photo.png",
        "photo.png:setup.exe",
        "setup.exe\0.png",
        ".exe",
    ],
)
def test_2_a_name_that_only_looks_harmless(name):
    assert refused(name, b"text") in ("name", "control")


def test_3_a_backslash_that_is_half_a_letter():
    # In CP932 the second byte of 表 is a backslash: who splits before decoding sees another name.
    assert name_of_bytes("表.exe".encode("cp932")) == "表.exe"
    assert refused(name_of_bytes("ソ.exe".encode("cp932")), b"text") == "name"
    with pytest.raises(FileName):
        name_of_bytes(b"\xff\xfe\x81")


def test_4_a_zip_by_another_name_with_something_before_and_behind():
    data = zipped("tool.exe")
    for name, disguised in (
        ("memo.docx", data),
        ("film.mp4", b"\0\0\0\x18ftypmp42" + data),
        ("a.txt", data + b"\n" * 99),
    ):
        assert refused(name, disguised) == "archive"


def test_5_a_zip_that_says_one_thing_here_and_another_there():
    data = zipped("aaaa.txt")
    assert refused("a.zip", data.replace(b"aaaa.txt", b"aaaa.exe", 1)) == "archive"
    assert refused("a.zip", data[::-1].replace(b"txt.aaaa", b"exe.aaaa", 1)[::-1]) == "archive"
    assert refused("a.zip", zipped("clean.txt") + zipped("tool.exe")) == "archive"
    assert refused("a.zip", zipped("tool.exe") + zipped("clean.txt")) == "archive"


def test_6_a_zip_with_its_list_torn_out():
    data = zipped("tool.exe")
    assert refused("a.zip", data[: data.index(b"PK\x01\x02")]) == "archive"
    assert refused("a.zip", data[: data.index(b"PK\x05\x06")]) == "archive"


def test_7_a_program_behind_a_picture_does_not_arrive():
    for name, form in (("a.png", "PNG"), ("a.jpg", "JPEG"), ("a.gif", "GIF")):
        shown = picture(form)
        for hidden in (PE, JAR, zipped("tool.exe"), bytes(40_000) + b"koly" + bytes(508)):
            found = samples.gathered(shown + hidden)
            kept = samples.kept(shown + hidden, found)
            verdict = judge(IMAGES, name, found.facts)
            assert not verdict.ok or (hidden not in kept and len(kept) <= len(shown) + 20)
    # Where it is no whole picture nothing is cut off, and what hides in it counts.
    assert refused("a.gif", b"GIF89a" + JAR) == "content:jar"
    assert refused("a.jpg", b"\xff\xd8\xff\xe0" + zipped("tool.exe")) == "archive"


def test_8_a_program_in_a_remark_of_a_picture_does_not_arrive():
    data = picture("JPEG", comment=PE[:60_000])
    found = samples.gathered(data)
    assert PE[:60_000] in data and judge(IMAGES, "a.jpg", found.facts).ok
    assert PE[:60_000] not in samples.kept(data, found)


def test_9_a_disc_or_a_shortcut_or_an_installer_by_another_name():
    for file, kind in (
        ("cd.iso", "iso"),
        ("dvd.iso", "udf"),
        ("disk.dmg", "dmg"),
        ("link.lnk", "lnk"),
        ("help.chm", "chm"),
        ("x.cab", "cab"),
        ("s.msi", "msi"),
        ("e.jse", "enc_script"),
        ("app.apk", "apk"),
    ):
        assert refused("data.bin", samples.sample(f"generated/{file}")) == f"content:{kind}"
    # A disc begins with 32 KiB that mean nothing to it.
    assert refused("report.pdf", b"%PDF-1.7\n" + ISO[9:]) == "content:iso"


def test_9_a_disc_of_either_kind_is_known_by_any_of_its_marks():
    for mark, kind in ((b"CD001", "iso"), (b"BEA01", "udf"), (b"NSR02", "udf"), (b"NSR03", "udf")):
        for place in (32769, 34817, 36865):
            assert refused("data.bin", bytes(place) + mark + bytes(5000)) == f"content:{kind}"


def test_10_a_header_that_is_far_away_or_missing():
    far = bytearray(b"MZ" + bytes(200_000) + b"PE\0\0" + bytes(300))
    struct.pack_into("<I", far, 0x3C, 200_002)
    assert refused("photo.png", bytes(far)) == "content:pe"
    assert refused("a.txt", b"ZM" + bytes(70)) == "content:mz"
    letters = bytearray(b"MZ" + b"note " * 100)
    struct.pack_into("<I", letters, 0x3C, 0x64)
    letters[0x64:0x68] = b"PE\0\0"
    assert refused("note.txt", bytes(letters)) == "content:pe"
    assert judge(DEFAULT, "note.txt", samples.gathered("MZ世代のアンケート".encode()).facts).ok


def test_11_more_names_than_anybody_reads():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(2000):
            archive.writestr(f"{number}.{number:05}", b"")
        archive.writestr("tool.exe", b"")
    # A thousand invented extensions do not push the real one out.
    assert refused("a.zip", file.getvalue()) == "archive"


def test_12_asked_again_when_it_is_sent_after_the_policy_has_changed():
    facts = samples.gathered(zipped("readme.ps1")).facts
    assert judge(DEFAULT, "a.zip", facts).ok
    assert judge(Policy(extra=frozenset({"ps1"})), "a.zip", facts).rule == "archive"
    assert judge(Policy(mode="off"), "a.zip", facts).rule == "mode"
