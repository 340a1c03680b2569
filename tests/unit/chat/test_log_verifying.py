"""Whatever is done to a talk log is found, and named with its place."""

from __future__ import annotations

import os
import re
import shutil
import zipfile
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from chat.log import manifests
from chat.log.commands import _FAULTS, commands
from chat.log.line import Entry, hash_of
from chat.log.scanning import Fault
from chat.log.signing import key_id_of
from chat.log.sources import NoLog, source_of
from chat.log.verifying import Head, Verdict, verify
from tests.tools.talklog import OTHER_KEY, Log, exported, pem, written
from tests.tools.talklog import keys as keys_of
from tests.tools.tampering import (
    CASES,
    EXPORT_CASES,
    Tamper,
    change_a_manifest,
    cut_the_tail,
    drop_a_line,
    drop_a_signature,
    expired_line,
    recompute_the_whole_chain_without_the_key,
)

SEGMENTS, LINES = 4, 12


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return written(tmp_path / "log", segments=SEGMENTS, lines=LINES)


def found(log: Log, *, head: bool = True, key: bool = True) -> Verdict:
    keys = {log.keys.current: log.pem} if key else {}
    return verify(source_of(log.folder), keys, Head(log.n, log.hash) if head else None)


def first(log: Log, **given: bool) -> tuple[str, int, int]:
    """The first fault: its name, segment and number."""
    fault = found(log, **given).faults[0]
    return fault.name, fault.segment, fault.n


# ---------------------------------------------------------------- what is whole


def test_a_whole_log_is_proven_with_a_key_and_a_head(log: Log):
    verdict = found(log)
    assert verdict.proven
    assert (verdict.first_n, verdict.last_n, verdict.lines, verdict.segments) == (1, 48, 48, 4)


@pytest.mark.parametrize("given", [{"key": False}, {"head": False}, {"key": False, "head": False}])
def test_without_one_of_the_two_it_is_consistent_and_not_proven(log: Log, given: dict[str, bool]):
    verdict = found(log, **given)
    assert verdict.ok
    assert not verdict.proven


def test_several_processes_find_the_same_as_one(log: Log):
    one, two = (verify(source_of(log.folder), {}, workers=workers) for workers in (1, 2))
    assert one == two


def test_a_segment_that_still_grows_has_no_manifest_and_is_no_fault(log: Log):
    log.write([Entry(99, 1, "sent", 1, 1, 1, 1, '{"text":"まだ"}')], "2027-04-05", closed=False)
    assert found(log).proven


def test_a_head_in_the_middle_proves_what_comes_before_it(log: Log):
    segment = log.segments[1]
    line = log.file_of(segment).read_bytes().splitlines(keepends=True)[4]
    verdict = verify(source_of(log.folder), {log.keys.current: log.pem}, Head(17, hash_of(line)))
    assert verdict.proven


def test_one_file_alone_can_be_asked(log: Log):
    verdict = verify(source_of(log.file_of(log.segments[2])))
    assert (verdict.faults, verdict.first_n, verdict.last_n) == ((), 25, 36)


def test_a_folder_without_a_log_is_no_log(tmp_path: Path):
    with pytest.raises(NoLog):
        source_of(tmp_path)


def test_an_expired_segment_is_missed_by_nobody_when_a_later_line_tells_of_it(log: Log):
    log.write([expired_line(log, 1)], "2027-04-05")
    log.file_of(log.segments[1]).unlink()
    assert found(log).proven


def test_a_line_up_to_the_head_tells_of_it_too_while_its_part_still_grows(log: Log):
    log.write([expired_line(log, 1)], "2027-04-05", closed=False)
    log.file_of(log.segments[1]).unlink()
    assert found(log).proven
    assert first(log, head=False) == ("segment_missing", 2, 13)


def test_a_line_that_tells_of_another_manifest_excuses_nothing(log: Log):
    log.write([expired_line(log, 1, manifest_sha256="0" * 64)], "2027-04-05")
    log.file_of(log.segments[1]).unlink()
    assert first(log) == ("segment_missing", 2, 13)


def test_nobody_can_say_in_a_message_that_a_segment_has_expired(log: Log):
    forged = msgspec.json.encode({"text": '"kind":"expired"', "number": 2}).decode()
    log.write([Entry(99, 1, "sent", 1, 1, 1, 1, forged)], "2027-04-05")
    log.file_of(log.segments[1]).unlink()
    assert first(log) == ("segment_missing", 2, 13)


# ---------------------------------------------------------------- what was done to it


@pytest.mark.parametrize(("tamper", "expected"), CASES, ids=[each.__name__ for each, _ in CASES])
def test_it_is_found_and_named_with_its_place(log: Log, tamper: Tamper, expected: tuple[str, int, int]):
    assert found(log).ok, "this test needs a log that nobody has touched"
    tamper(log)
    assert first(log) == expected


WITHOUT_A_KEY = [pair for pair in CASES if pair[0] not in (cut_the_tail, drop_a_signature)]


@pytest.mark.parametrize(("tamper", "expected"), WITHOUT_A_KEY, ids=[each.__name__ for each, _ in WITHOUT_A_KEY])
def test_most_of_it_is_found_without_key_and_head_too(log: Log, tamper: Tamper, expected: tuple[str, int, int]):
    tamper(log)
    assert first(log, head=False, key=False) == expected


def test_a_changed_manifest_shows_in_the_next_one_and_in_its_signature(log: Log):
    change_a_manifest(log)
    assert {(each.name, each.segment) for each in found(log).faults} == {
        ("manifest_changed", 2),
        ("signature_wrong", 2),
    }


def test_a_cut_tail_shows_against_a_head_and_against_nothing_else(log: Log):
    cut_the_tail(log)
    assert found(log, head=False).ok
    assert first(log) == ("tail_missing", 0, 37)


def test_a_chain_written_anew_shows_by_the_key_and_by_the_head(log: Log):
    recompute_the_whole_chain_without_the_key(log)
    assert {each.name for each in found(log, head=False).faults} == {"signature_wrong"}
    assert {each.name for each in found(log, key=False).faults} >= {"head_differs"}


def test_a_chain_written_anew_with_the_key_shows_by_the_head_alone(log: Log):
    shutil.rmtree(log.folder)
    written(log.folder, text="別の本文")
    assert found(log, head=False).ok
    assert [each.name for each in found(log).faults] == ["head_differs"]


def test_a_key_that_was_not_given_proves_nothing(log: Log):
    other = keys_of(OTHER_KEY)
    verdict = verify(source_of(log.folder), {other.current: pem(other)}, Head(log.n, log.hash))
    assert {each.name for each in verdict.faults} == {"signature_wrong"}
    assert not verdict.proven


def test_every_single_byte_matters(log: Log):
    """Any byte of a segment, changed in any way, is found without a head and without a key."""
    file = log.file_of(log.segments[1])
    whole = file.read_bytes()
    for at in range(0, len(whole), 37):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x01]) + whole[at + 1 :])
        assert not found(log, head=False, key=False).ok, at


# ---------------------------------------------------------------- a ZIP, and what was done to it


def of_export(log: Log, folder: Path) -> Verdict:
    """With a new key beside the old one, as after a change of keys."""
    other = keys_of(OTHER_KEY)
    trusted = {log.keys.current: log.pem, other.current: pem(other)}
    return verify(source_of(folder), trusted, Head(log.n, log.hash))


@pytest.mark.parametrize("first", [1, 3])
def test_an_export_is_proven_from_where_it_begins(log: Log, tmp_path: Path, first: int):
    verdict = of_export(log, exported(log, tmp_path / "out", first=first))
    assert verdict.proven
    assert verdict.first_n == (first - 1) * LINES + 1


@pytest.mark.parametrize(("tamper", "expected"), EXPORT_CASES, ids=[each.__name__ for each, _ in EXPORT_CASES])
def test_what_was_done_to_an_export_is_found(log: Log, tmp_path: Path, tamper, expected: str):
    folder = exported(log, tmp_path / "out")
    assert of_export(log, folder).proven, "this test needs an export that nobody has touched"
    tamper(folder)
    assert expected in {each.name for each in of_export(log, folder).faults}


# ---------------------------------------------------------------- at the command line


def run(*given: str) -> tuple[int, str]:
    (group,) = commands(lambda feature, what, given: [])
    result = CliRunner().invoke(group, ["verify", *given])
    return result.exit_code, result.output


def test_the_command_says_which_of_the_two_it_has_proved(log: Log, tmp_path: Path):
    key = tmp_path / "key.pem"
    key.write_bytes(log.pem)
    code, text = run(str(log.folder), "--pubkey", str(key), "--head", log.head)
    assert (code, "改ざんは見つかりませんでした。 No tampering found." in text) == (0, True)
    code, text = run(str(log.folder))
    assert (code, "Consistent, not proven" in text, "--pubkey and --head" in text) == (0, True, True)
    code, text = run(str(log.folder), "--pubkey", str(key))
    assert (code, "give --head" in text) == (0, True)


def test_the_command_names_the_place_and_ends_with_another_code(log: Log):
    drop_a_line(log)
    code, text = run(str(log.folder))
    assert code == 1
    assert "talk_20270402_01.jsonl, segment 2, line 5, n 17: a line is missing" in text


def test_a_head_that_is_none_is_refused(log: Log):
    code, text = run(str(log.folder), "--head", "17:abc")
    assert code != 0
    assert "64 hexadecimal digits" in text


def test_a_zip_is_read_without_unpacking_it(log: Log, tmp_path: Path):
    packed = tmp_path / "log.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(log.folder.rglob("*")):
            archive.write(path, path.relative_to(log.folder))
    assert verify(source_of(packed), {key_id_of(log.pem): log.pem}, Head(log.n, log.hash), workers=2).proven


def test_every_fault_has_words_of_its_own():
    sources = "".join((Path("chat/log") / name).read_text() for name in ("verifying.py", "scanning.py"))
    assert set(re.findall(r'Fault\(\s*"(\w+)"', sources)) | {"segment_missing", "file_missing"} == set(_FAULTS)


def test_a_fault_is_a_value_that_another_process_can_hand_back():
    fault = Fault("line_changed", "a.jsonl", 2, 5, 17)
    assert fault == Fault("line_changed", "a.jsonl", segment=2, line=5, n=17)


def test_manifests_are_what_an_auditor_finds_by_hand(log: Log):
    """The numbers of the docs, asked without our own functions."""
    data = log.file_of(log.segments[1]).read_bytes()
    manifest = manifests.decoded(log.manifest_of(log.segments[1]).read_bytes())
    hashes = [each[-67:-3] for each in data.splitlines(keepends=True)]
    assert manifest.sha256 == sha256(data).hexdigest()
    assert manifest.lines_sha256 == sha256(b"".join(hashes)).hexdigest()
    assert os.path.basename(manifest.file) == "talk_20270402_01.jsonl"
