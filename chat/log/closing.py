"""Closing a segment: manifest, signature, and from then on nothing in it changes."""

from __future__ import annotations

from importlib import metadata

import structlog

from chat.log import heads, queries, recovery, state, writing
from chat.log.files import OpenFile
from chat.log.manifests import Manifest, Summary, encoded, manifest_of
from chat.log.segments import CLOSED, OPEN, Segment
from server.clock import to_millis
from server.services import Services
from server.work.leases import Lease

log = structlog.get_logger()


async def close(services: Services, lease: Lease, segment: Segment, file: OpenFile) -> None:
    """Sign what the segment holds. Its file is complete."""
    if not _is_whole(file.summary, segment):
        file.close()
        file = await recovery.rewritten(services, segment)
    try:
        rooms = await services.readers.ask(queries.rooms_of, segment.first_n, segment.last_n)
        manifest, signature = await signed(services, segment, file.summary, CLOSED)
        places = heads.places(services.settings)
        await services.writer.bulk(writing.close_steps(lease, segment, rooms, manifest, signature, places))
    finally:
        # Whoever tries again opens it again.
        file.close()
    log.info("talklog.closed", segment=segment.name, lines=segment.lines, bytes=file.summary.bytes)


async def interim(services: Services, segment: Segment, summary: Summary) -> tuple[bytes, bytes]:
    """The manifest of a segment that is still open, for exactly these lines of it, and its signature."""
    return await signed(services, segment, summary, OPEN)


async def signed(services: Services, segment: Segment, summary: Summary, called: str) -> tuple[bytes, bytes]:
    """A manifest as it is signed, and the signature."""
    before = await services.readers.ask(queries.manifest_sha256, segment.number - 1)
    keys = state.of(services).keys
    manifest: Manifest = manifest_of(
        segment,
        summary,
        before,
        key=keys.current,
        at=to_millis(services.clock()),
        zone=services.settings.time_zone,
        version=metadata.version("renraku"),
        state=called,
    )
    data = encoded(manifest)
    return data, keys.sign(data)[1]


def _is_whole(summary: Summary, segment: Segment) -> bool:
    found = (summary.last_n, summary.last_hash, summary.bytes)
    return found == (segment.last_n, segment.last_hash, segment.bytes)
