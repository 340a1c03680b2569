"""What somebody might do to a talk log, and what a verifier says of it: the fault, its segment and its number."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import msgspec

from chat.log.line import Entry, hash_of, write
from tests.tools.talklog import OTHER_KEY, Log, keys, list_files, written

Tamper = Callable[[Log], None]


def edited(log: Log, at: int, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """Change the lines of one segment's file."""
    file = log.file_of(log.segments[at])
    file.write_bytes(b"".join(change(file.read_bytes().splitlines(keepends=True))))


def flip_a_byte_of_a_text(log: Log) -> None:
    edited(
        log, 1, lambda lines: [*lines[:4], lines[4].replace("見".encode(), "見".encode()[:2] + b"\x8c"), *lines[5:]]
    )


def flip_a_digit_of_a_hash(log: Log) -> None:
    def change(lines: list[bytes]) -> list[bytes]:
        digit = lines[4][-10:-9]
        return [*lines[:4], lines[4][:-10] + (b"0" if digit != b"0" else b"1") + lines[4][-9:], *lines[5:]]

    edited(log, 1, change)


def drop_a_line(log: Log) -> None:
    edited(log, 1, lambda lines: lines[:4] + lines[5:])


def drop_the_first_line_of_a_segment(log: Log) -> None:
    edited(log, 1, lambda lines: lines[1:])


def drop_the_last_line_of_a_segment(log: Log) -> None:
    edited(log, 1, lambda lines: lines[:-1])


def double_a_line(log: Log) -> None:
    edited(log, 1, lambda lines: [*lines[:5], lines[4], *lines[5:]])


def swap_two_lines(log: Log) -> None:
    edited(log, 1, lambda lines: [*lines[:4], lines[5], lines[4], *lines[6:]])


def add_a_line(log: Log) -> None:
    def change(lines: list[bytes]) -> list[bytes]:
        return [*lines, write(Entry(1, 1, "sent", 1, 1, 1, 1, "{}"), 25, hash_of(lines[-1]))]

    edited(log, 1, change)


def leave_a_line_out_as_a_filter_would(log: Log) -> None:
    def change(lines: list[bytes]) -> list[bytes]:
        stub = b'{"n":17,"hash":"%b"}\n' % hash_of(lines[4]).encode()
        return [*lines[:4], stub, *lines[5:]]

    edited(log, 1, change)


def write_something_else(log: Log) -> None:
    edited(log, 1, lambda lines: [*lines[:4], b"nothing\n", *lines[5:]])


def tear_the_last_line(log: Log) -> None:
    edited(log, 3, lambda lines: [*lines[:-1], lines[-1][:40]])


def replace_a_line_with_its_hash(log: Log) -> None:
    """A line that is sound by itself: only the one after it shows that it was another."""

    def change(lines: list[bytes]) -> list[bytes]:
        prev = lines[4][-141:-77].decode()
        other = write(Entry(1, 1, "sent", 1, 9, 9, 1, '{"text":"別の本文"}'), 17, prev)
        return [*lines[:4], other, *lines[5:]]

    edited(log, 1, change)


def drop_a_segment(log: Log) -> None:
    for ending in (".jsonl", ".manifest.json", ".sig"):
        log.place(log.segments[1]).with_suffix(ending).unlink()


def drop_the_first_segment(log: Log) -> None:
    for ending in (".jsonl", ".manifest.json", ".sig"):
        log.place(log.segments[0]).with_suffix(ending).unlink()


def expired_line(log: Log, at: int, **changed: object) -> Entry:
    """What the server writes when the time of a segment is over."""
    gone = log.segments[at]
    digest = sha256(log.manifest_of(gone).read_bytes()).hexdigest()
    body = {"number": gone.number, "manifest_sha256": digest, **changed}
    return Entry(99, 1, "expired", 0, 0, None, None, msgspec.json.encode(body).decode())


def drop_a_segments_file_and_say_behind_the_head_that_it_has_expired(log: Log) -> None:
    """It needs no key: nobody has signed the part that still grows, and the head is one from before."""
    head = log.n, log.hash
    log.write([expired_line(log, 1)], "2027-04-05", closed=False)
    log.n, log.hash = head
    log.file_of(log.segments[1]).unlink()


def drop_a_segments_file(log: Log) -> None:
    log.file_of(log.segments[1]).unlink()


def drop_a_manifest(log: Log) -> None:
    log.manifest_of(log.segments[1]).unlink()


def cut_the_tail(log: Log) -> None:
    for ending in (".jsonl", ".manifest.json", ".sig"):
        log.place(log.segments[3]).with_suffix(ending).unlink()


def swap_two_segments(log: Log) -> None:
    one, other = (log.file_of(log.segments[at]) for at in (1, 2))
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)


def swap_two_segments_with_all_that_belongs_to_them(log: Log) -> None:
    for ending in (".jsonl", ".manifest.json", ".sig"):
        one, other = (log.place(log.segments[at]).with_suffix(ending) for at in (1, 2))
        kept = one.read_bytes()
        one.write_bytes(other.read_bytes())
        other.write_bytes(kept)


def change_a_manifest(log: Log) -> None:
    file = log.manifest_of(log.segments[1])
    file.write_bytes(file.read_bytes().replace(b'"closed_at":1', b'"closed_at":2'))


def drop_a_signature(log: Log) -> None:
    log.place(log.segments[1]).with_suffix(".sig").unlink()


def recompute_the_lines_of_a_segment(log: Log) -> None:
    """Every line is sound and chained to the one before it; the manifest is left as it is."""

    def change(lines: list[bytes]) -> list[bytes]:
        prev, made = lines[0][-141:-77].decode(), []
        for n in range(13, 25):
            made.append(write(Entry(n, 1, "sent", 1, n, n, 1, '{"text":"別"}'), n, prev))
            prev = hash_of(made[-1])
        return made

    edited(log, 1, change)


def recompute_the_whole_chain_without_the_key(log: Log) -> None:
    """All of it anew, as whoever rules the machine could; he signs with a key of his own under the old one's name."""
    shutil.rmtree(log.folder)
    written(log.folder, seed=OTHER_KEY, text="別の本文", called=log.keys.current)


CASES: list[tuple[Tamper, tuple[str, int, int]]] = [
    (flip_a_byte_of_a_text, ("line_changed", 2, 17)),
    (flip_a_digit_of_a_hash, ("line_changed", 2, 17)),
    (drop_a_line, ("line_missing", 2, 17)),
    (drop_the_first_line_of_a_segment, ("line_missing", 2, 13)),
    (drop_the_last_line_of_a_segment, ("line_missing", 2, 24)),
    (double_a_line, ("line_twice", 2, 17)),
    (swap_two_lines, ("line_missing", 2, 17)),
    (add_a_line, ("line_added", 2, 25)),
    (leave_a_line_out_as_a_filter_would, ("line_left_out", 2, 17)),
    (write_something_else, ("line_unreadable", 2, 17)),
    (tear_the_last_line, ("line_torn", 4, 48)),
    (replace_a_line_with_its_hash, ("chain_broken", 2, 18)),
    (drop_a_segment, ("segment_missing", 2, 13)),
    (drop_the_first_segment, ("segment_missing", 1, 1)),
    (drop_a_segments_file, ("segment_missing", 2, 13)),
    (drop_a_segments_file_and_say_behind_the_head_that_it_has_expired, ("segment_missing", 2, 13)),
    (drop_a_manifest, ("manifest_missing", 0, 13)),
    (cut_the_tail, ("tail_missing", 0, 37)),
    (swap_two_segments, ("segments_swapped", 3, 13)),
    (swap_two_segments_with_all_that_belongs_to_them, ("segments_swapped", 3, 0)),
    (recompute_the_lines_of_a_segment, ("recomputed", 2, 13)),
    (drop_a_signature, ("signature_missing", 2, 0)),
]


# ---------------------------------------------------------------- a ZIP, unpacked


def _segment(folder: Path, at: int) -> Path:
    return sorted((folder / "segments").glob("*.jsonl"))[at]


def take_a_line_out_as_the_filter_would(folder: Path) -> None:
    """Only the hashes of ``export.json`` tell that the server had it in."""
    file = _segment(folder, 1)
    lines = file.read_bytes().splitlines(keepends=True)
    n = msgspec.json.decode(lines[4])["n"]
    lines[4] = b'{"n":%d,"hash":"%b"}\n' % (n, hash_of(lines[4]).encode())
    file.write_bytes(b"".join(lines))


def drop_the_beginning(folder: Path) -> None:
    first = _segment(folder, 0)
    for ending in (".jsonl", ".manifest.json", ".sig"):
        first.with_suffix(ending).unlink()


def drop_a_file_of_lines(folder: Path) -> None:
    _segment(folder, 1).unlink()


def sign_another_list(folder: Path) -> None:
    """A segment's lines go, and a list signed by somebody else says that nothing was sought there."""
    drop_a_file_of_lines(folder)
    list_files(keys(bytes(range(2, 34))), folder, not_carried=[2], called="0" * 16)


def write_another_list_without_a_signature(folder: Path) -> None:
    sign_another_list(folder)
    (folder / "export.sig").unlink()


def drop_the_list(folder: Path) -> None:
    """Without it a line that is left out is one that somebody has taken out."""
    take_a_line_out_as_the_filter_would(folder)
    for name in ("export.json", "export.sig"):
        (folder / name).unlink()


EXPORT_CASES: list[tuple[Callable[[Path], None], str]] = [
    (take_a_line_out_as_the_filter_would, "line_left_out"),
    (drop_the_beginning, "segment_missing"),
    (drop_a_file_of_lines, "segment_missing"),
    (sign_another_list, "signature_wrong"),
    (write_another_list_without_a_signature, "signature_missing"),
    (drop_the_list, "line_left_out"),
]
