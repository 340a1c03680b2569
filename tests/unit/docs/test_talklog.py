"""docs/talklog.md: its short verifier is the one that lies in every ZIP, and finds what was done to a log."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from chat.log.packing import verifier
from tests.tools.documents import page
from tests.tools.need import need
from tests.tools.talklog import Log, exported, written
from tests.tools.tampering import (
    CASES,
    EXPORT_CASES,
    Tamper,
    cut_the_tail,
    drop_a_signature,
    expired_line,
    sign_another_list,
    write_another_list_without_a_signature,
)

TEXT = page("docs/talklog.md")
BY_SIGNATURE = {drop_a_signature, sign_another_list, write_another_list_without_a_signature}
"""What the program leaves to OpenSSL."""
FOUND = [pair for pair in CASES if pair[0] not in BY_SIGNATURE]
FOUND_IN_A_ZIP = [tamper for tamper, _ in EXPORT_CASES if tamper not in BY_SIGNATURE]


def code() -> str:
    (found,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    return found


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return written(tmp_path / "log")


def run(log: Log, *head: str, folder: Path | None = None) -> tuple[int, str]:
    program = log.folder.parent / "verify.py"
    program.write_text(code())
    # Alone: no path of ours, no package that is installed here.
    command = [sys.executable, "-I", "-S", str(program), str(folder or log.folder), *head]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def test_it_has_at_most_fifty_lines_and_is_the_one_that_is_given_away():
    assert len(code().splitlines()) <= 50
    assert code().encode() == verifier()


def test_a_good_log_passes_with_a_head_and_without(log: Log):
    assert run(log, log.head) == (0, "Nothing from n 1 to n 48 contradicts itself; head 48 fits\n")
    assert run(log) == (0, "Nothing from n 1 to n 48 contradicts itself; no head given\n")


@pytest.mark.parametrize(("tamper", "expected"), FOUND, ids=[each.__name__ for each, _ in FOUND])
def test_what_was_done_to_it_is_found(log: Log, tamper: Tamper, expected: tuple[str, int, int]):
    head = log.head
    tamper(log)
    code, said = run(log, head)
    assert code == 1, said
    assert said.startswith("TAMPERED")
    assert re.search(r"\.jsonl, n \d+|segment \d+|head 48", said), "it names the place"


def test_a_cut_tail_needs_a_head(log: Log):
    head = log.head
    cut_the_tail(log)
    assert run(log)[0] == 0
    assert run(log, head)[0] == 1


def test_an_expired_segment_is_told_of_by_a_later_line(log: Log):
    log.write([expired_line(log, 1)], "2027-04-05")
    log.file_of(log.segments[1]).unlink()
    assert run(log, log.head)[0] == 0


def test_a_line_that_tells_of_another_manifest_excuses_nothing(log: Log):
    log.write([expired_line(log, 1, manifest_sha256="0" * 64)], "2027-04-05")
    log.file_of(log.segments[1]).unlink()
    assert run(log, log.head)[0] == 1


@pytest.mark.parametrize("first", [1, 3])
def test_a_zip_passes_from_where_it_begins(log: Log, tmp_path: Path, first: int):
    folder = exported(log, tmp_path / "out", first=first)
    said = f"Nothing from n {(first - 1) * 12 + 1} to n 48 contradicts itself; head 48 fits\n"
    assert run(log, log.head, folder=folder) == (0, said)


@pytest.mark.parametrize("tamper", FOUND_IN_A_ZIP, ids=[each.__name__ for each in FOUND_IN_A_ZIP])
def test_what_was_done_to_a_zip_is_found(log: Log, tmp_path: Path, tamper):
    folder = exported(log, tmp_path / "out")
    tamper(folder)
    code, said = run(log, log.head, folder=folder)
    assert (code, said[:8]) == (1, "TAMPERED"), said


def test_lines_without_a_manifest_are_named_as_not_looked_at(log: Log):
    log.write([expired_line(log, 1)], "2027-04-05", closed=False)
    assert run(log)[1].endswith("; not looked at: talk_20270405_01.jsonl\n")


def test_openssl_agrees_with_the_signature(log: Log):
    line = next(line for line in TEXT.splitlines() if line.startswith("openssl pkeyutl"))
    place = log.place(log.segments[1])
    key = log.folder / "keys" / f"{log.keys.current}.pem"
    words = {"KEY.pem": str(key), "NAME.manifest.json": f"{place}.manifest.json", "NAME.sig": f"{place}.sig"}
    command = [words.get(word, word) for word in line.split()]
    try:
        good = subprocess.run(command, capture_output=True, timeout=60, check=False)
    except FileNotFoundError:
        need("openssl", "apt-get install openssl")
    assert good.returncode == 0, good.stderr
    Path(words["NAME.manifest.json"]).write_bytes(b"{}")
    assert subprocess.run(command, capture_output=True, timeout=60, check=False).returncode != 0
