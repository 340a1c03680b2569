"""One matter as one ZIP: pages to read, a table, the lines as they are stored with what proves them, and the files.

It is written as it is sent, and no text in it is held in memory, only the names of its files. What a page of each
conversation needs lies in a temporary file without a name meanwhile.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
import zipfile
from array import array
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from contextlib import aclosing, contextmanager
from hashlib import sha256
from importlib.resources import files as resources
from typing import IO, cast
from urllib.parse import quote

import msgspec
from sqlalchemy import Connection

from chat.files.naming import blob, is_key
from chat.log import closing, csv, downloads, page, reading, state
from chat.log.downloads import Choice, Download
from chat.log.filtering import Line, NamedFile, head_of, line_of
from chat.log.manifests import Summary
from chat.log.segments import OPEN, Segment
from chat.log.signing import public_pem
from chat.log.sources import EXPORT, EXPORT_SIGNATURE
from chat.log.verifying import Export
from chat.log.wire import LogPerson, LogRoom
from server.clock import zone
from server.data.sets import chunks
from server.data.space import Use
from server.data.store.model import Missing
from server.services import Services
from server.texts import Translate, translator

_FIRST_DATE = (1980, 1, 1, 0, 0, 0)
_UNSAFE = re.compile(r'[\x00-\x1f<>:"/\\|?*\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]')
NAME_LIMIT = 80
FILES_A_LINE = 200


async def packed(services: Services, download: Download, by: str) -> AsyncGenerator[bytes, None]:
    """The ZIP, piece by piece. ``by``: who downloads."""
    with tempfile.TemporaryFile(dir=services.settings.var) as spool:
        async with aclosing(_Packing(services, download, by, spool).pieces()) as pieces:
            async for piece in pieces:
                yield piece


class _Sink:
    """What ``zipfile`` writes into: it keeps only what is still to be sent."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._waiting.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits for a disk."""

    def taken(self) -> bytes:
        data, self._waiting = b"".join(self._waiting), []
        return data


class _Zip:
    """A ZIP that is only ever written forward; remembers the hash of each file."""

    def __init__(self) -> None:
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(cast(IO[bytes], self._sink), "w", zipfile.ZIP_DEFLATED)
        self.hashes: dict[str, str] = {}

    @contextmanager
    def file(self, name: str, *, pressed: bool = True) -> Iterator[_Member]:
        """A file that grows until the block ends; one at a time."""
        told = zipfile.ZipInfo(name, _FIRST_DATE)
        told.compress_type = zipfile.ZIP_DEFLATED if pressed else zipfile.ZIP_STORED
        told.external_attr = 0o644 << 16
        with self._zip.open(told, "w", force_zip64=True) as member:
            growing = _Member(member)
            yield growing
        self.hashes[name] = growing.digest.hexdigest()

    def put(self, name: str, data: bytes) -> None:
        with self.file(name) as member:
            member.write(data)

    def taken(self) -> bytes:
        return self._sink.taken()

    def close(self) -> bytes:
        self._zip.close()
        return self.taken()


class _Member:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = sha256()

    def write(self, data: bytes) -> None:
        self.digest.update(data)
        self._file.write(data)


class _Conversation:
    """Where a room's entries lie in the spool, and who speaks there."""

    def __init__(self) -> None:
        self.name = ""
        self.lines = 0
        self.people: dict[int, str] = {}
        self.places = array("Q")


class _Packing:
    """One ZIP on its way."""

    def __init__(self, services: Services, download: Download, by: str, spool: IO[bytes]) -> None:
        self.services, self.download, self.plan, self.by = services, download, download.plan, by
        self.zip, self.spool = _Zip(), spool
        self.t: Translate = translator(self.plan.language)
        self.zone = zone(self.plan.zone)
        self.rooms: dict[int, _Conversation] = {}
        self.files: dict[str, NamedFile] = {}
        self.missing: list[str] = []
        self.keys: set[str] = set()
        self.lines = 0

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        chosen = await downloads.choosing(self.services, self.plan)
        for part in (self._segments(chosen), self._table(), self._pages(), self._kept_files(), self._proofs()):
            async with aclosing(part) as pieces:
                async for piece in pieces:
                    if piece:
                        yield piece
        yield await asyncio.to_thread(self.zip.close)

    # ------------------------------------------------------------ the lines, and what proves them

    async def _segments(self, chosen: Choice) -> AsyncGenerator[bytes, None]:
        """Each segment's file with what is wanted of it; its entries go into the spool on the way."""
        passing = downloads.segments(self.services, self.plan, chosen)
        async with aclosing(passing):
            ahead = await anext(passing, None)
            while ahead is not None:
                segment = ahead[0]
                summary = Summary(segment.prev_hash, segment.first_n)
                with self.zip.file(f"segments/{segment.name}.jsonl") as member:
                    while ahead is not None and ahead[0].number == segment.number:
                        self.services.space.require(Use.UPLOADS)
                        await downloads.beside(self._take, member, chosen, summary, ahead[1])
                        yield self.zip.taken()
                        ahead = await anext(passing, None)
                await self._manifest(segment, summary)
                yield self.zip.taken()

    def _take(self, member: _Member, chosen: Choice, summary: Summary, lines: list[bytes]) -> None:
        summary.add(lines)
        carried: list[bytes] = []
        kept: list[Line] = []
        for line in lines:
            head = head_of(line)
            if chosen.takes(head):
                carried.append(line)
                kept.append(line_of(head))
            else:
                carried.append(downloads.stub(line))
        member.write(b"".join(carried))
        self._spool(kept)

    def _spool(self, kept: list[Line]) -> None:
        by_room: dict[int, list[Line]] = {}
        for line in kept:
            by_room.setdefault(line.channel, []).append(line)
            self.files.update({each.id: each for each in line.files if is_key(each.id)})
        for channel, lines in by_room.items():
            room = self.rooms.setdefault(channel, _Conversation())
            for line in lines:
                room.name = line.text("room") or room.name
                if line.actor is not None:
                    room.people[line.actor] = line.text("name")
            room.lines += len(lines)
            data = "".join(page.entry(line, self.t, self.zone, self._places(line)) for line in lines).encode()
            room.places.extend((self.spool.seek(0, 2), len(data)))
            self.spool.write(data)
        self.lines += len(kept)

    def _places(self, line: Line) -> dict[str, str]:
        return {each.id: f"../{quote(_place(each))}" for each in line.files if is_key(each.id)}

    async def _manifest(self, segment: Segment, summary: Summary) -> None:
        """As it was signed when the segment was closed; of one that still grew, an interim one."""
        found = await self.services.readers.ask(reading.manifests_of, [segment.number])
        if segment.number in found and summary.last_n == segment.last_n and segment.state != OPEN:
            text, signature = found[segment.number]
            data = text.encode()
        else:
            data, signature = await closing.interim(self.services, segment, summary)
        self._put_manifest(segment, data, signature)

    def _put_manifest(self, segment: Segment, data: bytes, signature: bytes) -> None:
        self.zip.put(f"segments/{segment.name}.manifest.json", data)
        self.zip.put(f"segments/{segment.name}.sig", signature)
        self.keys.add(msgspec.json.decode(data, type=_Key).key)

    # ------------------------------------------------------------ to read

    async def _table(self) -> AsyncGenerator[bytes, None]:
        plan = msgspec.structs.replace(self.plan, form="csv")
        with self.zip.file("talk.csv") as member:
            async with aclosing(downloads.content(self.services, plan)) as pieces:
                async for piece in pieces:
                    await asyncio.to_thread(member.write, piece)
                    yield self.zip.taken()

    async def _pages(self) -> AsyncGenerator[bytes, None]:
        people, rooms = await self.services.readers.ask(_called, self.plan.people, self.plan.rooms)
        gone = {
            each.id for each in await self.services.readers.ask(reading.people_called, self._spoken()) if each.gone
        }
        shown = []
        for channel, room in sorted(self.rooms.items()):
            name = room.name or (self.t("log.roomless") if channel == 0 else self._pair(room))
            place = f"rooms/{channel}.html"
            with self.zip.file(place) as member:
                member.write(page.head(name, self.plan.language).encode())
                for start in range(0, len(room.places), 2):
                    await asyncio.to_thread(self._copy, member, room.places[start], room.places[start + 1])
                    yield self.zip.taken()
                member.write(page.FOOT.encode())
            names = tuple(self._marked(name, id in gone) for id, name in sorted(room.people.items()))
            shown.append(page.Room(place, name, room.lines, names))
        facts = self._facts(people, rooms)
        self.zip.put("index.html", page.index(self.t("log.title"), facts, shown, self.t, self.plan.language).encode())
        yield self.zip.taken()

    def _spoken(self) -> list[int]:
        return sorted({id for room in self.rooms.values() for id in room.people})

    def _pair(self, room: _Conversation) -> str:
        return "・".join(room.people.values()) or self.t("log.direct")

    def _copy(self, member: _Member, start: int, size: int) -> None:
        self.spool.seek(start)
        member.write(self.spool.read(size))

    def _marked(self, name: str, gone: bool) -> str:
        return self.t("log.left_company", name=name) if gone else name

    def _facts(self, people: list[LogPerson], rooms: list[LogRoom]) -> list[tuple[str, str]]:
        plan, t = self.plan, self.t
        first = csv.moment(plan.since, self.zone)[:10] if plan.since else ""
        last = csv.moment(plan.until - 1, self.zone)[:10] if plan.until < 1 << 53 else ""
        everything = t("log.fact.all")
        return [
            (t("log.fact.by"), self.by),
            (t("log.fact.at"), downloads.when(self.download)),
            (t("log.fact.reason"), self.download.reason),
            (t("log.fact.period"), f"{first} – {last}" if first or last else everything),
            (t("log.fact.people"), "、".join(self._marked(each.name, each.gone) for each in people) or everything),
            (t("log.fact.rooms"), "、".join(each.name for each in rooms) or everything),
            (t("log.fact.lines"), str(self.lines)),
            (t("log.fact.until"), str(plan.last_n)),
        ]

    # ------------------------------------------------------------ files, and what is signed

    async def _kept_files(self) -> AsyncGenerator[bytes, None]:
        """The bytes of every file that a line names, also of deleted messages, as long as they are kept.

        That they are read stands in the log before one of them is sent.
        """
        for few in chunks(list(self.files.values()), FILES_A_LINE):
            await self.services.writer.act(downloads.note_carried, self.download, self.by, list(few))
        for each in self.files.values():
            pieces = self.services.store.read(blob(each.id))
            first = await _first(pieces)
            if first is None:
                self.missing.append(each.id)
                continue
            with self.zip.file(_place(each), pressed=False) as member:
                member.write(first)
                async with aclosing(pieces):
                    async for piece in pieces:
                        await asyncio.to_thread(member.write, piece)
                        yield self.zip.taken()
            yield self.zip.taken()

    async def _proofs(self) -> AsyncGenerator[bytes, None]:
        """The manifests of segments in which nothing was sought, the keys, the verifier, and a signature over all."""
        ends = (self.plan.first_n, self.plan.last_n)
        between = await self.services.readers.ask(reading.segments_between, *ends)
        carried = {name.rpartition("/")[2] for name in self.zip.hashes}
        left = [each for each in between if f"{each.name}.jsonl" not in carried]
        signed = await self.services.readers.ask(reading.manifests_of, [each.number for each in left])
        for each in left:
            if each.number in signed:
                self._put_manifest(each, signed[each.number][0].encode(), signed[each.number][1])
        keys = state.of(self.services).keys
        for key in sorted(self.keys | {keys.current}):
            if (pem := await public_pem(self.services, key)) is not None:
                self.zip.put(f"keys/{key}.pem", pem)
        self.zip.put("verify.py", verifier())
        not_carried = [each.number for each in left if each.number in signed]
        export = Export(keys.current, dict(sorted(self.zip.hashes.items())), not_carried, self.missing)
        data = msgspec.json.format(msgspec.json.encode(export), indent=1)
        self.zip.put(EXPORT, data)
        self.zip.put(EXPORT_SIGNATURE, keys.sign(data)[1])
        yield self.zip.taken()


class _Key(msgspec.Struct):
    key: str


def verifier() -> bytes:
    """The short program that anybody can read, and that needs nothing but Python (docs/talklog.md)."""
    return resources("chat.log").joinpath("auditor.py").read_bytes()


def _place(file: NamedFile) -> str:
    """Where a file lies in the ZIP: its own folder, and a name that no system takes for something else."""
    name = _UNSAFE.sub("_", file.name).strip(" .")[-NAME_LIMIT:] or "file"
    return f"files/{file.id}/{name}"


def _called(
    connection: Connection, people: Iterable[int], rooms: Iterable[int]
) -> tuple[list[LogPerson], list[LogRoom]]:
    return reading.people_called(connection, people), reading.rooms_called(connection, rooms)


async def _first(pieces: AsyncIterator[bytes]) -> bytes | None:
    """The first piece; None when the bytes are gone."""
    try:
        return await anext(pieces, b"")
    except Missing:
        return None
