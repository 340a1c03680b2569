"""One segment's lines, checked as fast as they can be hashed: numbers without a gap, hashes, the chain.

A line ends with ``,"prev":"<64 hex>","hash":"<64 hex>"}``, so that both are cut out at fixed places.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import IO

import msgspec

from chat.log.sources import Source

BLOCK = 1 << 20
HASH_TAIL = 75
"""``,"hash":"…"}``, without the line's end."""

_STUB = re.compile(rb'{"n":([0-9]{1,16})(?:,"to":([0-9]{1,16}))?,"hash":"([0-9a-f]{64})"}')
_NUMBER = re.compile(rb'{"n":([0-9]{1,16}),"at":')
_LINKS = re.compile(rb',"prev":"([0-9a-f]{64})","hash":"([0-9a-f]{64})"}')
_EXPIRED = b'"kind":"expired"'


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that cannot be in an untouched log: what, and where (segment, line of its file, number)."""

    name: str
    place: str
    segment: int = 0
    line: int = 0
    n: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Expired:
    """What a line of kind ``expired`` tells: the hash of the manifest of the segment that has gone."""

    n: int
    manifest: str


@dataclass(frozen=True)
class Scanned:
    """A segment's file, as it is."""

    name: str
    first_n: int = 0
    last_n: int = 0
    first_prev: str = ""
    last_hash: str = ""
    lines: int = 0
    left_out: int = 0
    first_left_out: int = 0
    bytes: int = 0
    sha256: str = ""
    lines_sha256: str = ""
    at_head: str = ""
    """The hash of the line with the number that was asked for."""
    expired: tuple[Expired, ...] = ()
    """Segments whose removal after their time these lines tell of."""
    fault: Fault | None = None
    number: int = 0
    expected: int = 0


def scan(source: Source, name: str, head_n: int = 0) -> Scanned:
    """Every line of this file, up to the first that is wrong."""
    scanner = _Scanner(name, head_n)
    with source.open(name) as file:
        for lines, torn in _blocks(file, scanner):
            scanner.take(lines)
            if torn:
                scanner.torn()
            if scanner.fault is not None:
                break
    return scanner.found()


def _blocks(file: IO[bytes], scanner: _Scanner) -> Iterator[tuple[list[bytes], bytes]]:
    """Whole lines without their ends, and at the very end what has none."""
    rest = b""
    while block := file.read(BLOCK):
        scanner.bytes += len(block)
        scanner.file.update(block)
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        yield lines, b""
    if rest:
        yield [], rest


class _Scanner:
    """Goes from line to line."""

    def __init__(self, name: str, head_n: int) -> None:
        self.name, self.head_n = name, head_n
        self.file, self.hashes = sha256(), sha256()
        self.bytes = self.lines = self.left_out = self.first_left_out = self.first_n = self.n = 0
        self.first_prev, self.at_head = "", ""
        self.prev = b""
        self.expired: list[Expired] = []
        self.fault: Fault | None = None

    def take(self, lines: list[bytes]) -> None:
        """The hot loop: three slices and one SHA-256 a line."""
        if lines and not self.lines:
            self._begin(lines[0])
        n, prev, seen = self.n, self.prev, list[bytes]()
        for line in lines:
            n += 1
            digest = sha256(line[:-HASH_TAIL]).hexdigest().encode()
            fits = line.endswith(b',"prev":"%b","hash":"%b"}' % (prev, digest))
            if not fits or not line.startswith(b'{"n":%d,"at":' % n):
                stub = self._stub(line, n)
                if stub is None:
                    self.fault = self._named(line, n, prev, digest, self.lines + len(seen) + 1)
                    n -= 1
                    break
                n, digest = stub
            if n == self.head_n:
                self.at_head = digest.decode()
            seen.append(digest)
            prev = digest
        self.n, self.prev = n, prev
        if _EXPIRED in b"\n".join(lines):
            # Up to the first line that is wrong.
            self._note_expired(lines[: len(seen)])
        self.lines += len(seen)
        self.hashes.update(b"".join(seen))

    def torn(self) -> None:
        self.fault = Fault("line_torn", self.name, line=self.lines + 1, n=self.n + 1)

    def found(self) -> Scanned:
        return Scanned(
            name=self.name,
            first_n=self.first_n,
            last_n=self.n,
            first_prev=self.first_prev,
            last_hash=self.prev.decode(),
            lines=self.lines,
            left_out=self.left_out,
            first_left_out=self.first_left_out,
            bytes=self.bytes,
            sha256=self.file.hexdigest(),
            lines_sha256=self.hashes.hexdigest(),
            at_head=self.at_head,
            expired=tuple(self.expired),
            fault=self.fault,
        )

    def _begin(self, line: bytes) -> None:
        """The first line says where the file begins; whether that is right is asked of its manifest."""
        number = _NUMBER.match(line) or _STUB.fullmatch(line)
        self.first_n = int(number[1]) if number else 1
        self.n = self.first_n - 1
        links = _LINKS.search(line, max(0, len(line) - 149))
        if links is not None:
            self.prev = links[1]
            self.first_prev = links[1].decode()

    def _stub(self, line: bytes, n: int) -> tuple[int, bytes] | None:
        """Number and hash of a line, or of the last of several, that was left out of a filtered export."""
        stub = _STUB.fullmatch(line)
        if stub is None or int(stub[1]) != n:
            return None
        last = max(n, int(stub[2] or n))
        self.left_out += last - n + 1
        self.first_left_out = self.first_left_out or n
        return last, stub[3]

    def _named(self, line: bytes, n: int, prev: bytes, digest: bytes, at: int) -> Fault:
        number = _NUMBER.match(line) or _STUB.fullmatch(line)
        links = _LINKS.search(line, max(0, len(line) - 149))
        if number is None or (links is None and _STUB.fullmatch(line) is None):
            return Fault("line_unreadable", self.name, line=at, n=n)
        if links is not None and links[2] != digest:
            return Fault("line_changed", self.name, line=at, n=n)
        if int(number[1]) > n:
            return Fault("line_missing", self.name, line=at, n=n)
        if int(number[1]) < n:
            return Fault("line_twice", self.name, line=at, n=int(number[1]))
        return Fault("chain_broken", self.name, line=at, n=n)

    def _note_expired(self, lines: list[bytes]) -> None:
        for line in lines:
            # Outside the body, where nobody can write it.
            if _EXPIRED in line[:64]:
                try:
                    told = msgspec.json.decode(line, type=_Expiry)
                    self.expired.append(Expired(told.n, told.body.manifest_sha256))
                except msgspec.DecodeError:
                    continue


class _ExpiryBody(msgspec.Struct):
    manifest_sha256: str


class _Expiry(msgspec.Struct):
    n: int
    body: _ExpiryBody
