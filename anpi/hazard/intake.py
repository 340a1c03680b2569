"""How a report gets in, whoever brings it: read where its bytes can do no harm, recorded, decided, in that order."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from typing import cast

import structlog
from msgspec.structs import replace

from anpi.hazard import p2p, recording
from anpi.hazard.feeds.atom import Entry
from anpi.hazard.model import Answer, HazardReport
from anpi.hazard.recording import Arrived, Taken
from anpi.hazard.telegram import TELEGRAM_BYTES
from server.errors import Busy, Unavailable
from server.services import Services
from server.work.outbound import OutboundFailed
from server.work.sandbox import SandboxFailed

LIST_BYTES = 8 * 1024 * 1024
MAX_TELEGRAM = TELEGRAM_BYTES
READ_SECONDS = 5.0
LIST_SECONDS = 10.0
PAUSES = (0.5, 1.0, 2.0)
"""Seconds between tries while nothing can be written."""
LIST_ANSWER_BYTES = 4 * 1024 * 1024
GONE_WRONG = frozenset({"not_xml", "not_a_telegram", "charset"})
"""What came is perhaps not what was sent: a page of a proxy, a file cut off. It may be asked for again."""
READ_PAUSES = (0.5, 2.0)
"""Seconds between tries while the process that reads is slow, or dies: that says nothing of the telegram."""

log = structlog.get_logger()


class Intake:
    """The one way in."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def read_list(self, data: bytes) -> list[Entry]:
        """The entries of JMA's list, oldest first. Raises ``OutboundFailed`` or what the sandbox raises."""
        found = await self._services.sandbox.run(
            "anpi.feed",
            data,
            seconds=LIST_SECONDS,
            answer=list[Entry] | None,
            answer_bytes=LIST_ANSWER_BYTES,
            slot="urgent",
        )
        if found is None:
            raise OutboundFailed(reason="no_feed")
        entries: list[Entry] = found
        return entries

    async def telegram(self, source: str, name: str, data: bytes, *, keep_broken: bool = True) -> Taken:
        """Take one of JMA's telegrams in. One that cannot be read is recorded with its fault, so that it is known;
        without ``keep_broken`` what may come better at the next try raises ``SandboxFailed`` instead. It is read
        anew by whoever brings it again."""
        report, fault = await (self._read_at_last(data) if keep_broken else self._read(data))
        if report is not None:
            report = replace(report, source=source, name=name)
        elif fault in GONE_WRONG and not keep_broken:
            raise SandboxFailed(reason=fault)
        return await self._record(source, name, data, report, fault)

    async def message(self, source: str, name: str, data: bytes) -> Taken | None:
        """Take one of P2P地震情報's messages in; None when it is none that matters."""
        try:
            report, fault = p2p.read(data), ""
        except p2p.Unreadable as problem:
            report, fault = None, str(problem) or "unreadable"
        if report is None and not fault:
            return None
        name = (report.name if report else "") or name or hashlib.sha256(data).hexdigest()
        if report is not None:
            report = replace(report, source=source, name=name)
        return await self._record(source, name, data, report, fault)

    async def _read(self, data: bytes) -> tuple[HazardReport | None, str]:
        """What a telegram says, or why it says nothing. Raises ``SandboxFailed`` when nobody could read it."""
        if len(data) > MAX_TELEGRAM:
            return None, "too_large"
        answer: Answer = await self._services.sandbox.run(
            "anpi.telegram", data, seconds=READ_SECONDS, answer=Answer, slot="urgent"
        )
        return answer.report, answer.fault

    async def _read_at_last(self, data: bytes) -> tuple[HazardReport | None, str]:
        """The same by some tries, and then the refusal as the fault."""
        for pause in READ_PAUSES:
            try:
                return await self._read(data)
            except SandboxFailed:
                await asyncio.sleep(pause)
        try:
            return await self._read(data)
        except SandboxFailed as problem:
            return None, problem.code

    async def _written(self, arrived: Arrived) -> Taken:
        """Once more while the database is away: it is the same report, and is taken once."""
        for pause in PAUSES:
            try:
                return cast(Taken, await self._services.writer.act(recording.record, arrived))
            except (Busy, Unavailable):
                await asyncio.sleep(pause)
        return cast(Taken, await self._services.writer.act(recording.record, arrived))

    async def _record(self, source: str, name: str, data: bytes, report: HazardReport | None, fault: str) -> Taken:
        packed = await asyncio.to_thread(gzip.compress, data, 6)
        arrived = Arrived(source, name[: recording.NAME_LIMIT], packed, report, fault)
        taken = await self._written(arrived)
        if fault:
            log.warning("hazard.unreadable", source=source, report=taken.report, reason=fault)
        elif not taken.known and report is not None:
            log.info(
                "hazard.report",
                source=source,
                report=taken.report,
                type=report.type,
                about=taken.event,
                act=taken.act,
            )
        return taken
