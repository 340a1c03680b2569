"""A manifest has one spelling, and says what its lines are."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from chat.log import line, signing
from chat.log.line import GENESIS
from chat.log.manifests import Broken, Summary, decoded, encoded, manifest_of, matches
from chat.log.numbering import number
from chat.log.segments import CLOSED, Rotation
from chat.log.signing import open_keys
from server.clock import zone
from server.secrets import Secrets
from tests.tools.talk_log import entry

AT = datetime(2027, 4, 1, 9, 0, tzinfo=UTC)
STEP = number(None, [entry(AT, id) for id in range(1, 6)], Rotation(zone("Asia/Tokyo"), 10_000))


def made(lines: list[bytes] = STEP.lines):
    summary = Summary()
    summary.add(lines)
    told = {"key": "0" * 16, "at": 5, "zone": "Asia/Tokyo", "version": "1", "state": CLOSED}
    return manifest_of(STEP.segment, summary, GENESIS, **told), summary


def test_it_says_what_its_lines_are():
    manifest, _ = made()
    joined = b"".join(STEP.lines)
    assert (manifest.first_n, manifest.last_n, manifest.lines) == (1, 5, 5)
    assert (manifest.sha256, manifest.bytes) == (sha256(joined).hexdigest(), len(joined))
    hashes = "".join(json.loads(each)["hash"] for each in STEP.lines)
    assert manifest.lines_sha256 == sha256(hashes.encode()).hexdigest()
    assert manifest.first_hash == line.hash_of(STEP.lines[0]) and manifest.last_hash == STEP.segment.last_hash


def test_it_has_one_spelling():
    data = encoded(made()[0])
    assert data == json.dumps(json.loads(data), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert decoded(data) == made()[0]


@pytest.mark.parametrize("cut", [1, 2, 5])
def test_the_same_lines_in_other_portions_make_the_same_manifest(cut):
    summary = Summary()
    for start in range(0, 5, cut):
        summary.check(STEP.lines[start : start + cut])
    assert matches(made()[0], summary)


def test_other_lines_do_not_match():
    assert not matches(made()[0], made(STEP.lines[:-1])[1])


def broken(lines: list[bytes]) -> tuple[int, str]:
    with pytest.raises(Broken) as caught:
        Summary().check(lines)
    return caught.value.n, caught.value.reason


def test_the_first_wrong_line_is_named():
    lines = STEP.lines
    assert broken([*lines[:2], lines[2].replace("佐藤".encode(), "加藤".encode()), *lines[3:]]) == (3, "hash")
    assert broken([*lines[:2], *lines[3:]]) == (3, "number")
    assert broken([lines[1], lines[0]]) == (1, "number")
    other = line.write(entry(AT, 3), 3, GENESIS)
    assert broken([*lines[:2], other, *lines[3:]]) == (3, "chain")


def test_openssl_and_we_agree_about_a_signature(tmp_path: Path):
    keys = open_keys(tmp_path / "secrets", Secrets(b"x" * 32), shared=False)
    data = encoded(made()[0])
    id, signature = keys.sign(data)
    pem = keys.public(id)
    assert pem is not None and len(signature) == 64
    assert signing.verifies(pem, data, signature) and not signing.verifies(pem, data + b" ", signature)
    for name, content in (("key.pem", pem), ("m.json", data), ("m.sig", signature)):
        (tmp_path / name).write_bytes(content)
    asked = "openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in m.json -sigfile m.sig"
    said = subprocess.run(asked.split(), cwd=tmp_path, capture_output=True, text=True, timeout=20, check=False)
    assert said.returncode == 0, said.stderr


def test_a_key_is_made_once_with_mode_600_and_found_again(tmp_path: Path):
    first = open_keys(tmp_path, Secrets(b"x" * 32), shared=False)
    assert open_keys(tmp_path, Secrets(b"y" * 32), shared=False).current == first.current
    files = list(tmp_path.iterdir())
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600]


def test_processes_with_one_master_key_sign_with_one_key(tmp_path: Path):
    one, other = (open_keys(tmp_path / name, Secrets(b"x" * 32), shared=True) for name in "ab")
    assert one.current == other.current and not (tmp_path / "a").exists()


def test_a_new_key_signs_and_the_old_one_is_still_known(tmp_path: Path):
    old = open_keys(tmp_path, Secrets(b"x" * 32), shared=False).current
    new = tmp_path / "talklog-2.key"
    new.write_bytes(b"k" * 32)
    made_at = (tmp_path / "talklog-1.key").stat().st_mtime_ns
    os.utime(new, ns=(made_at + 10**9, made_at + 10**9))
    keys = open_keys(tmp_path, Secrets(b"x" * 32), shared=False)
    assert keys.current != old and keys.public(old) is not None
