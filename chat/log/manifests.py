"""The manifest of a segment: where it stands in the log and what its bytes are; signed, chained to the one before.

``lines_sha256`` is the SHA-256 over the hashes of all lines, as their 64 digits one after the other: an export that
leaves lines out, and tells their hashes, can be compared with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

import msgspec

from chat.log import line
from chat.log.line import GENESIS
from chat.log.segments import Segment

FORMAT = 1


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What is signed. ``state`` is "open" for the manifest of a segment that still grows."""

    bytes: int
    closed_at: int
    day: str
    file: str
    first_hash: str
    first_n: int
    format: int = FORMAT
    key: str
    last_hash: str
    last_n: int
    lines: int
    lines_sha256: str
    number: int
    part: int
    prev_hash: str
    prev_manifest: str
    sha256: str
    state: str
    time_zone: str
    version: str


class Broken(Exception):
    """A line that is not what it should be: its number, and what is wrong with it."""

    def __init__(self, n: int, reason: str) -> None:
        super().__init__(f"line {n}: {reason}")
        self.n = n
        self.reason = reason


class Summary:
    """What a manifest says about lines, gathered while they pass.

    ``add`` asks nothing of them; ``check`` raises ``Broken`` for the first that does not continue the chain.
    """

    def __init__(self, prev_hash: str = GENESIS, first_n: int = 1) -> None:
        self.prev_hash = prev_hash
        self.first_n = first_n
        self.last_n = first_n - 1
        self.first_hash = self.last_hash = prev_hash
        self.bytes = 0
        self._file = sha256()
        self._hashes = sha256()

    @property
    def lines(self) -> int:
        return self.last_n - self.first_n + 1

    @property
    def sha256(self) -> str:
        return self._file.hexdigest()

    @property
    def lines_sha256(self) -> str:
        return self._hashes.hexdigest()

    def add(self, lines: Iterable[bytes]) -> None:
        """These lines come next."""
        joined = b"".join(lines := list(lines))
        if not lines:
            return
        if not self.bytes:
            self.first_hash = line.hash_of(lines[0])
        self.last_hash = line.hash_of(lines[-1])
        self.last_n += len(lines)
        self.bytes += len(joined)
        self._file.update(joined)
        self._hashes.update(b"".join([each[-67:-3] for each in lines]))

    def check(self, lines: list[bytes]) -> None:
        """The same, if each line is sound and follows the one before."""
        n, prev = self.last_n, self.last_hash
        for each in lines:
            n += 1
            if not line.is_sound(each):
                raise Broken(n, "hash")
            if line.n_of(each) != n:
                raise Broken(n, "number")
            if line.prev_of(each) != prev:
                raise Broken(n, "chain")
            prev = line.hash_of(each)
        self.add(lines)


def manifest_of(
    segment: Segment, summary: Summary, prev_manifest: str, *, key: str, at: int, zone: str, version: str, state: str
) -> Manifest:
    """What is to be signed of a segment with these lines."""
    return Manifest(
        bytes=summary.bytes,
        closed_at=at,
        day=segment.day,
        file=f"{segment.name}.jsonl",
        first_hash=summary.first_hash,
        first_n=summary.first_n,
        key=key,
        last_hash=summary.last_hash,
        last_n=summary.last_n,
        lines=summary.lines,
        lines_sha256=summary.lines_sha256,
        number=segment.number,
        part=segment.part,
        prev_hash=summary.prev_hash,
        prev_manifest=prev_manifest,
        sha256=summary.sha256,
        state=state,
        time_zone=zone,
        version=version,
    )


def encoded(manifest: Manifest) -> bytes:
    """Its one spelling: keys in the order of the alphabet, no spaces. These bytes are signed."""
    return msgspec.json.encode(manifest, order="sorted")


def decoded(data: bytes) -> Manifest:
    """Raises ``msgspec.DecodeError``."""
    return msgspec.json.decode(data, type=Manifest)


def sha256_of(data: bytes) -> str:
    return sha256(data).hexdigest()


def matches(manifest: Manifest, summary: Summary) -> bool:
    """Whether these lines are those of the manifest."""
    told = (manifest.first_n, manifest.last_n, manifest.first_hash, manifest.last_hash, manifest.prev_hash)
    found = (summary.first_n, summary.last_n, summary.first_hash, summary.last_hash, summary.prev_hash)
    sizes = (manifest.bytes, manifest.lines, manifest.sha256, manifest.lines_sha256)
    return told == found and sizes == (summary.bytes, summary.lines, summary.sha256, summary.lines_sha256)
