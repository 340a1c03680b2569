"""A line of the talk log: one entry as JSON, with the hash of the line before it and its own.

``{"n":…,"at":…,"kind":…,"channel":…,"rev":…,"seq":…,"actor":…,"body":…,"prev":"<64>","hash":"<64>"}`` and a newline:
UTF-8, the keys in this order, no spaces. ``hash`` stands last and is the SHA-256 of all bytes of the line before
``,"hash"``, so that a verifier slices and need not parse. docs/talklog.md tells auditors the same.
"""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

GENESIS = "0" * 64
"""``prev`` of the first line of all, and the hash of a log without lines."""
TAIL = len(',"hash":"') + 64 + len('"}\n')
"""So many bytes at the end of a line are not hashed: its hash and what holds it."""
_HASH = slice(-67, -3)
_PREV = slice(-67 - 74, -3 - 74)


class Entry(NamedTuple):
    """An entry as it was written, in the order of its columns. ``body`` is JSON and stays as it is."""

    id: int
    at: int
    kind: str
    channel: int
    rev: int
    seq: int | None
    actor: int | None
    body: str


def write(entry: Entry, n: int, prev: str) -> bytes:
    """The entry's line as number ``n``, after a line whose hash is ``prev``."""
    told = _told(entry, n, prev)
    return b'%b,"hash":"%b"}\n' % (told, sha256(told).hexdigest().encode())


def write_as(entry: Entry, n: int, prev: str, hash: str) -> bytes:
    """The line again, with the hash that it was given: if the entry is another now, the line shows it."""
    return b'%b,"hash":"%b"}\n' % (_told(entry, n, prev), hash.encode())


def hash_of(line: bytes) -> str:
    """What the line says its hash is."""
    return line[_HASH].decode("ascii", "replace")


def prev_of(line: bytes) -> str:
    """What it says is the hash of the line before."""
    return line[_PREV].decode("ascii", "replace")


def n_of(line: bytes) -> int:
    """Its number; 0 if it has none."""
    if not line.startswith(b'{"n":'):
        return 0
    digits, comma, _ = line[5:30].partition(b",")
    return int(digits) if comma and digits.isdigit() else 0


def is_sound(line: bytes) -> bool:
    """Whether the line ends as lines do, and its hash is that of its bytes."""
    return line.endswith(b'"}\n') and sha256(line[:-TAIL]).hexdigest().encode() == line[_HASH]


def _told(entry: Entry, n: int, prev: str) -> bytes:
    _, at, kind, channel, rev, seq, actor, body = entry
    return (
        f'{{"n":{n},"at":{at},"kind":"{kind}","channel":{channel},"rev":{rev}'
        f',"seq":{"null" if seq is None else seq},"actor":{"null" if actor is None else actor}'
        f',"body":{body},"prev":"{prev}"'
    ).encode()
