"""Makes talk logs for tests and for the bench: signed segments on a disk, as the server writes them, without one."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chat.log import line, manifests
from chat.log.line import GENESIS, Entry
from chat.log.manifests import Manifest, Summary
from chat.log.segments import CLOSED, Segment, name
from chat.log.signing import Keys
from chat.log.verifying import Export
from server.clock import to_millis

BEGUN = datetime(2027, 4, 1, 0, 5, tzinfo=UTC)
KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))


def keys(seed: bytes = KEY) -> Keys:
    return Keys([Ed25519PrivateKey.from_private_bytes(seed)])


def pem(of: Keys) -> bytes:
    found = of.public(of.current)
    assert found is not None
    return found


def entries(count: int, *, days: int = 1, text: str = "見積もりをお送りします。") -> Iterator[Entry]:
    """What three people say in two rooms, spread over so many days."""
    step = timedelta(days=days) / max(1, count)
    for i in range(count):
        at = to_millis(BEGUN + i * step)
        body = {
            "name": ("佐野", "三浦", "堀")[i % 3],
            "room": "営業",
            "kind": "closed",
            "members": 3,
            "text": f"{text}{i}",
        }
        yield Entry(
            i + 1, at, "sent", 1 + i % 2, i // 2 + 1, i // 2 + 1, 1 + i % 3, msgspec.json.encode(body).decode()
        )


@dataclass
class Log:
    """A log in ``folder``, written segment by segment."""

    folder: Path
    keys: Keys = field(default_factory=keys)
    segments: list[Segment] = field(default_factory=list)
    manifest: bytes = b""
    n: int = 0
    hash: str = GENESIS
    called: str = ""
    """The name of the key that manifests tell; else its own."""

    @property
    def head(self) -> str:
        return f"{self.n}:{self.hash}"

    @property
    def pem(self) -> bytes:
        return pem(self.keys)

    def write(self, some: Iterable[Entry], day: str, part: int = 1, *, closed: bool = True) -> Segment:
        """One segment of these entries."""
        lines = []
        first, prev = self.n + 1, self.hash
        for entry in some:
            self.n += 1
            lines.append(line.write(entry, self.n, self.hash))
            self.hash = line.hash_of(lines[-1])
        summary = Summary(prev, first)
        summary.add(lines)
        segment = Segment(
            len(self.segments) + 1, day, part, CLOSED, first, self.n, 0, 0, summary.bytes, prev, self.hash
        )
        place = self.place(segment)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.with_suffix(".jsonl").write_bytes(b"".join(lines))
        self.segments.append(segment)
        if closed:
            self.sign(segment, summary)
        return segment

    def sign(self, segment: Segment, summary: Summary) -> None:
        before = manifests.sha256_of(self.manifest) if self.manifest else GENESIS
        made: Manifest = manifests.manifest_of(
            segment,
            summary,
            before,
            key=self.called or self.keys.current,
            at=1,
            zone="Asia/Tokyo",
            version="test",
            state=CLOSED,
        )
        self.put(segment, manifests.encoded(made))

    def put(self, segment: Segment, manifest: bytes) -> None:
        self.manifest = manifest
        self.manifest_of(segment).write_bytes(manifest)
        self.place(segment).with_suffix(".sig").write_bytes(self.keys.sign(manifest)[1])

    def place(self, segment: Segment) -> Path:
        return self.folder / segment.day[:7] / name(segment.day, segment.part)

    def file_of(self, segment: Segment) -> Path:
        return self.place(segment).with_suffix(".jsonl")

    def manifest_of(self, segment: Segment) -> Path:
        return self.place(segment).with_suffix(".manifest.json")

    def publish_key(self) -> None:
        place = self.folder / "keys" / f"{self.keys.current}.pem"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(self.pem)


def written(
    folder: Path, *, segments: int = 4, lines: int = 12, seed: bytes = KEY, text: str = "見積もり", called: str = ""
) -> Log:
    """A log of so many segments of so many lines, one a day."""
    log = Log(folder, keys(seed), called=called)
    coming = entries(segments * lines, days=segments, text=text)
    for i in range(segments):
        day = (BEGUN + timedelta(days=i)).date().isoformat()
        log.write(itertools.islice(coming, lines), day)
    log.publish_key()
    return log


def exported(log: Log, folder: Path, *, first: int = 1) -> Path:
    """An unpacked ZIP of this log from segment ``first`` on: nothing is left out of it."""
    pieces = folder / "segments"
    pieces.mkdir(parents=True)
    for segment in log.segments[first - 1 :]:
        for ending in (".jsonl", ".manifest.json", ".sig"):
            place = log.place(segment).with_suffix(ending)
            (pieces / place.name).write_bytes(place.read_bytes())
    list_files(log.keys, folder)
    return folder


def list_files(by: Keys, folder: Path, *, not_carried: Sequence[int] = (), called: str = "") -> None:
    """``export.json`` with what is in the folder now, and its signature."""
    own = {"export.json", "export.sig"}
    names = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]
    hashes = {name: sha256((folder / name).read_bytes()).hexdigest() for name in names if name not in own}
    data = msgspec.json.encode(Export(called or by.current, hashes, list(not_carried)))
    (folder / "export.json").write_bytes(data)
    (folder / "export.sig").write_bytes(by.sign(data)[1])
