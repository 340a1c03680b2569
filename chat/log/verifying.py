"""Whether a talk log has been tampered with: asked of files alone, without a server and without a database.

A line's hash covers the line and, by ``prev``, every line before it; a manifest covers a segment; a signature covers
a manifest; and a head that was sent out before covers all that came before it. Nothing is parsed on the way: a line
is cut at fixed places from its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from itertools import pairwise
from typing import Any

import msgspec

from chat.log.manifests import Manifest, decoded
from chat.log.scanning import Fault, Scanned, scan
from chat.log.signing import verifies
from chat.log.sources import EXPORT, EXPORT_SIGNATURE, Piece, Source


@dataclass(frozen=True, slots=True)
class Head:
    """The last number and hash of a log at some moment, as it was sent out then."""

    n: int
    hash: str


@dataclass(frozen=True)
class Verdict:
    """What was found. Without a fault, ``proven`` says whether more is known than that all of it fits together."""

    faults: tuple[Fault, ...] = ()
    first_n: int = 0
    last_n: int = 0
    last_hash: str = ""
    lines: int = 0
    left_out: int = 0
    bytes: int = 0
    segments: int = 0
    signed_by: tuple[str, ...] = ()
    """The keys, out of those that were given, whose signatures hold."""
    key: bool = False
    head: Head | None = None
    beyond: bool = False
    """The head that was given is of a line that this export does not reach."""

    @property
    def ok(self) -> bool:
        return not self.faults

    @property
    def proven(self) -> bool:
        """With a key of one's own and a head: nothing up to the head was changed, removed or cut off."""
        return self.ok and self.key and self.head is not None


@dataclass
class _Known:
    """What is gathered before anything is compared."""

    manifests: list[tuple[Piece, Manifest, bytes]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    scanned: dict[str, Scanned] = field(default_factory=dict)
    not_carried: frozenset[int] = frozenset()
    exported: Mapping[str, str] | None = None
    """The hash of each file of an export, as the server has listed them."""

    @property
    def filtered(self) -> bool:
        """Whether the server may have left lines out."""
        return self.exported is not None


class Export(msgspec.Struct):
    """``export.json`` of a ZIP: what stands in it, signed by the server that made it."""

    key: str
    files: dict[str, str]
    """Each file of the ZIP with its SHA-256."""
    not_carried: list[int] = []
    """Segments in which nothing was sought: their manifests are there, their lines are not."""
    missing: list[str] = []
    """Files that a line names and that are kept no more."""


def verify(
    source: Source, keys: Mapping[str, bytes] | None = None, head: Head | None = None, workers: int = 1
) -> Verdict:
    """Everything about this folder, ZIP or file. ``keys`` are public keys (PEM) that one trusts, by any name."""
    trusted = dict(keys or {})
    known = _Known()
    _read_export(source, known, trusted)
    _read_manifests(source, known)
    _scan_all(source, known, head, workers)
    signers = _check_signatures(source, known, trusted)
    _check_manifest_chain(known.manifests, known.faults)
    if source.whole and not known.filtered:
        _check_beginning(known)
    _check_segments(known, head)
    _check_exported(known)
    _check_lines(known)
    verdict = _summed(known, signers, bool(trusted))
    return _against(verdict, known, head)


# ---------------------------------------------------------------- what is there


def _read_export(source: Source, known: _Known, trusted: Mapping[str, bytes]) -> None:
    """A ZIP says itself what it holds, and signs it: nothing in it can be changed or taken out.

    Where a key is trusted, a list that none of them has signed is believed in nothing.
    """
    if EXPORT not in source.names():
        return
    data = source.read(EXPORT)
    try:
        export = msgspec.json.decode(data, type=Export)
    except msgspec.DecodeError:
        known.faults.append(Fault("export_changed", EXPORT))
        return
    pem = _key_of(source, export.key, trusted)
    signature = source.read(EXPORT_SIGNATURE) if EXPORT_SIGNATURE in source.names() else b""
    if (trusted or pem is not None) and (pem is None or not verifies(pem, data, signature)):
        known.faults.append(Fault("signature_wrong" if signature else "signature_missing", EXPORT))
        return
    known.not_carried, known.exported = frozenset(export.not_carried), export.files
    own = {EXPORT, EXPORT_SIGNATURE}
    missing = sorted(set(export.files) - set(source.names()))
    added = sorted(set(source.names()) - set(export.files) - own)
    known.faults += [_missing(name) for name in missing]
    known.faults += [Fault("file_added", name) for name in added]
    # The segments are read anyway, and their faults can be named more exactly: see _check_exported.
    others = [name for name in export.files if name not in missing and not name.endswith(".jsonl")]
    known.faults += [Fault("file_changed", name) for name in others if source.sha256(name) != export.files[name]]


def _missing(name: str) -> Fault:
    return Fault("segment_missing" if name.endswith(".jsonl") else "file_missing", name)


def _read_manifests(source: Source, known: _Known) -> None:
    for piece in source.manifests():
        data = source.read(piece.name)
        try:
            known.manifests.append((piece, decoded(data), data))
        except (msgspec.DecodeError, ValueError):
            known.faults.append(Fault("manifest_changed", piece.name))
    known.manifests.sort(key=lambda each: (each[1].number, each[0].name))


def _scan_all(source: Source, known: _Known, head: Head | None, workers: int) -> None:
    """Every segment's file, several at once in processes of their own."""
    names = [piece.name for piece in source.segments()]
    work = partial(scan, source, head_n=head.n if head else 0)
    if workers > 1 and len(names) > 1:
        with ProcessPoolExecutor(min(workers, len(names))) as pool:
            known.scanned = dict(zip(names, pool.map(work, names), strict=True))
    else:
        known.scanned = {name: work(name) for name in names}


# ---------------------------------------------------------------- manifests and signatures


def _check_signatures(source: Source, known: _Known, trusted: Mapping[str, bytes]) -> set[str]:
    """Which of the keys have signed; with none that is trusted, those that lie beside the log are asked."""
    signers: set[str] = set()
    for piece, manifest, data in known.manifests:
        pem = _key_of(source, manifest.key, trusted)
        signature = source.read(piece.signature) if piece.signature in source.names() else b""
        if pem is None and not trusted:
            continue
        if not signature:
            known.faults.append(Fault("signature_missing", piece.name, segment=manifest.number))
        elif pem is None or not verifies(pem, data, signature):
            known.faults.append(Fault("signature_wrong", piece.name, segment=manifest.number))
        else:
            signers.add(manifest.key)
    return signers


def _key_of(source: Source, key: str, trusted: Mapping[str, bytes]) -> bytes | None:
    """The public key called ``key``; of those that were given, whichever it is."""
    if trusted:
        return trusted.get(key) or (next(iter(trusted.values())) if len(trusted) == 1 else None)
    return source.key(key)


def _check_manifest_chain(manifests: Sequence[tuple[Piece, Manifest, bytes]], faults: list[Fault]) -> None:
    """Numbers without a gap, each naming the hash of the manifest before it."""
    for (_, before, data), (piece, after, _) in pairwise(manifests):
        if after.number > before.number + 1:
            faults.append(Fault("segment_missing", piece.name, segment=before.number + 1, n=before.last_n + 1))
        elif after.number == before.number:
            faults.append(Fault("segment_twice", piece.name, segment=after.number))
        elif after.prev_manifest != sha256(data).hexdigest():
            faults.append(Fault("manifest_changed", manifest_name(before), segment=before.number))
        elif after.prev_hash != before.last_hash or after.first_n != before.last_n + 1:
            faults.append(Fault("chain_broken", piece.name, segment=after.number, n=after.first_n))
    if manifests and manifests[0][1].number == 1:
        first = manifests[0][1]
        if first.first_n != 1 or first.prev_hash != GENESIS:
            faults.append(Fault("chain_broken", manifests[0][0].name, segment=1, n=1))


def _check_beginning(known: _Known) -> None:
    """A whole log begins with its first line: what has expired has left its manifest."""
    first = next((each for _, each, _ in known.manifests), None)
    if first is not None and first.number > 1:
        known.faults.append(Fault("segment_missing", "", segment=1, n=1))


def manifest_name(manifest: Manifest) -> str:
    return manifest.file.removesuffix(".jsonl") + ".manifest.json"


GENESIS = "0" * 64


# ---------------------------------------------------------------- manifests against lines


def _check_segments(known: _Known, head: Head | None) -> None:
    """Each segment's file is what its manifest says, under the name that it says."""
    gone = _expired(known, head.n if head else 0)
    by_first = {each.first_n: each for _, each, _ in known.manifests}
    for piece, manifest, data in known.manifests:
        if not piece.name.endswith(manifest_name(manifest)):
            other = manifest_name(manifest)
            known.faults.append(Fault("segments_swapped", piece.name, segment=manifest.number, detail=other))
        found = known.scanned.get(piece.segment)
        if found is None:
            if sha256(data).hexdigest() not in gone and manifest.number not in known.not_carried:
                known.faults.append(Fault("segment_missing", manifest.file, manifest.number, n=manifest.first_n))
            continue
        fault = _differs(found, manifest, by_first, known.filtered)
        if fault is not None:
            known.faults.append(fault)
        known.scanned[piece.segment] = replace(found, number=manifest.number, expected=manifest.first_n)


def _expired(known: _Known, head_n: int) -> set[str]:
    """The manifests of segments of which a line tells that they have expired: a line that a manifest covers, or the
    head. Of others nobody knows who has written them."""
    covered = {piece.segment for piece, _, _ in known.manifests}
    found = known.scanned.values()
    return {told.manifest for each in found for told in each.expired if each.name in covered or told.n <= head_n}


def _check_exported(known: _Known) -> None:
    """An export's lines are those that the server has put into it, no more and no fewer: that every hash fits tells
    nothing of it."""
    listed, named = known.exported or {}, {fault.place for fault in known.faults}
    for found in known.scanned.values():
        if found.fault is None and found.name not in named and listed.get(found.name, found.sha256) != found.sha256:
            fault = "line_left_out" if found.left_out else "segment_changed"
            known.faults.append(Fault(fault, found.name, found.number, detail="not by the server"))


def _differs(found: Scanned, manifest: Manifest, others: Mapping[int, Manifest], filtered: bool) -> Fault | None:
    """The first thing in which a segment's file is not what its manifest says."""
    at: dict[str, Any] = {"place": found.name, "segment": manifest.number}
    other = others.get(found.first_n)
    if other is not None and other.number != manifest.number:
        return Fault("segments_swapped", **at, n=found.first_n, detail=f"{other.file}")
    if found.fault is not None:
        return None
    if found.first_n != manifest.first_n:
        return Fault("line_missing", **at, line=1, n=manifest.first_n)
    if found.first_prev and found.first_prev != manifest.prev_hash:
        return Fault("chain_broken", **at, line=1, n=manifest.first_n)
    if found.last_n < manifest.last_n:
        return Fault("line_missing", **at, line=found.lines + 1, n=found.last_n + 1)
    if found.last_n > manifest.last_n:
        over = manifest.last_n + 1
        return Fault("line_added", **at, line=manifest.lines + 1, n=over)
    if found.left_out and not filtered:
        return Fault("line_left_out", **at, n=found.first_left_out)
    if found.lines_sha256 != manifest.lines_sha256 or found.last_hash != manifest.last_hash:
        return Fault("recomputed", **at, n=manifest.first_n)
    if not found.left_out and (found.sha256 != manifest.sha256 or found.bytes != manifest.bytes):
        return Fault("segment_changed", **at)
    return None


def _check_lines(known: _Known) -> None:
    """The lines of one file after those of the file before it; faults within a file come first."""
    order = sorted(known.scanned.values(), key=lambda found: (found.expected or found.first_n, found.name))
    swapped = {fault.place for fault in known.faults if fault.name == "segments_swapped"}
    for found in order:
        if found.fault is not None and found.name not in swapped:
            known.faults.append(replace(found.fault, segment=found.number))
    for before, after in pairwise(order):
        if swapped & {before.name, after.name} or before.fault or after.fault or not before.lines or not after.lines:
            continue
        if after.first_n <= before.last_n:
            known.faults.append(Fault("line_twice", after.name, after.number, 1, after.first_n))
        elif after.first_n == before.last_n + 1 and after.first_prev and after.first_prev != before.last_hash:
            known.faults.append(Fault("chain_broken", after.name, after.number, 1, after.first_n))
        elif after.first_n > before.last_n + 1 and not after.number:
            known.faults.append(Fault("line_missing", after.name, after.number, 1, before.last_n + 1))
        if not before.number:
            known.faults.append(Fault("manifest_missing", before.name, n=before.first_n))


# ---------------------------------------------------------------- what it comes to


def _summed(known: _Known, signers: Iterable[str], key: bool) -> Verdict:
    found = [each for each in known.scanned.values() if each.lines]
    last = max(found, key=lambda each: each.last_n, default=None)
    manifests = [each for _, each, _ in known.manifests]
    end, tip = (last.last_n, last.last_hash) if last else (0, "")
    if manifests and manifests[-1].last_n > end:
        end, tip = manifests[-1].last_n, manifests[-1].last_hash
    starts = [each.first_n for each in found] + [each.first_n for each in manifests]
    return Verdict(
        faults=tuple(_in_order(known.faults)),
        first_n=min(starts, default=0),
        last_n=end,
        last_hash=tip,
        lines=sum(each.lines - each.left_out for each in found),
        left_out=sum(each.left_out for each in found),
        bytes=sum(each.bytes for each in found),
        segments=len({*(each.number for each in manifests), *(each.name for each in found if not each.number)}),
        signed_by=tuple(sorted(signers)),
        key=key and bool(signers),
    )


def _in_order(faults: Iterable[Fault]) -> list[Fault]:
    """By their place in the log; what has none, and what only follows from another, comes later."""
    consequences = ("segment_changed", "signature_wrong")
    return sorted(set(faults), key=lambda each: (each.name in consequences, each.n or 1 << 60, each.place, each.name))


def _against(verdict: Verdict, known: _Known, head: Head | None) -> Verdict:
    """The same, compared with a head that was sent out before."""
    if head is None:
        return verdict
    known_hashes = {each.at_head for each in known.scanned.values() if each.at_head}
    known_hashes |= {each.last_hash for _, each, _ in known.manifests if each.last_n == head.n}
    if known.filtered and not known_hashes:
        return replace(verdict, beyond=True)
    if head.n > verdict.last_n:
        fault = Fault("tail_missing", "", n=verdict.last_n + 1)
    elif not known_hashes:
        fault = Fault("head_not_carried", "", n=head.n)
    elif known_hashes != {head.hash}:
        fault = Fault("head_differs", "", n=head.n)
    else:
        return replace(verdict, head=head)
    return replace(verdict, faults=(*verdict.faults, fault), head=head)
