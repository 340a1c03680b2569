"""Closed segments go to the store: put, read back, compared, verified line by line; only then their rows go.

Whatever ends it in between, it begins again where the segment's row says: each step may happen twice.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial

import structlog

from chat.log import files, manifests, queries, reconciling, recovery, segments, signing, state, writing
from chat.log.manifests import Broken, Manifest, Summary
from chat.log.queries import Signed
from server.data.store.model import Missing, StoreFailed
from server.services import Services
from server.work.leases import Lease

OK = "ok"

log = structlog.get_logger()


class NotStored(StoreFailed):
    """What came back from the store is not what was put there."""


@dataclass(frozen=True, slots=True)
class Places:
    """The names of a segment's objects."""

    lines: str
    manifest: str
    signature: str


def places_of(day: str, part: int) -> Places:
    place = segments.place(day, part)
    return Places(f"{place}.jsonl", f"{place}.manifest.json", f"{place}.sig")


async def archive_all(services: Services, lease: Lease) -> None:
    """Store what is closed, the oldest first, and let go of rows that are safe. Raises what the store says."""
    await _remove_rows(services, lease)
    while (found := await services.readers.ask(queries.first_closed)) is not None:
        await _archive(services, lease, found)
        await _remove_rows(services, lease)


async def publish_keys(services: Services) -> None:
    """The public half lies in the store before it is needed: whoever signs may die before he stores anything."""
    keys = state.of(services).keys
    place, pem = signing.public_place(keys.current), keys.public(keys.current)
    try:
        await services.store.size(place)
    except Missing:
        await services.store.put(place, pem or b"")


async def verdict_on(services: Services, found: Signed) -> str:
    """What the stored copy is worth: ok, or the first thing that is wrong with it."""
    places, manifest = places_of(found.segment.day, found.segment.part), manifests.decoded(found.manifest)
    try:
        if await _read(services, places.manifest) != found.manifest:
            return "manifest"
        if await _read(services, places.signature) != found.signature:
            return "signature"
        summary = await files.summarised(services.store.read(places.lines), found.segment)
    except Missing:
        return "missing"
    except Broken as broken:
        return f"{broken.reason} {broken.n}"
    pem = await signing.public_pem(services, manifest.key)
    if pem is None or not signing.verifies(pem, found.manifest, found.signature):
        return "key"
    return OK if manifests.matches(manifest, summary) else "file"


async def verify_oldest(services: Services, lease: Lease, before: int) -> bool:
    """Verify the stored segment that was not looked at for longest, and ask the database whether it still says the
    same; whether there was one."""
    found = await services.readers.ask(queries.longest_unverified, before)
    if found is None:
        return False
    verdict = await verdict_on(services, found)
    if verdict == OK:
        verdict = await reconciling.contradicted(services, found.segment) or OK
    if verdict != OK:
        log.error("talklog.segment_broken", segment=found.segment.name, verdict=verdict)
    await services.writer.alone(writing.mark_verified, lease, found.segment.number, verdict)
    return True


async def _archive(services: Services, lease: Lease, found: Signed) -> None:
    segment, places = found.segment, places_of(found.segment.day, found.segment.part)
    manifest = manifests.decoded(found.manifest)
    path = files.path_of(services, segment)
    if not await _holds(services, found, manifest):
        (await recovery.rewritten(services, segment)).close()
    await services.store.put(places.lines, path)
    await services.store.put(places.manifest, found.manifest)
    await services.store.put(places.signature, found.signature)
    own = state.of(services).keys.public(manifest.key)
    if own is not None:
        await services.store.put(signing.public_place(manifest.key), own)
    verdict = await verdict_on(services, found)
    if verdict in ("missing", "file", "manifest", "signature"):
        log.error("talklog.copy_differs", segment=segment.name, verdict=verdict)
        raise NotStored()
    if verdict != OK:
        # A row was changed behind our back before it was stored: the line has its old hash, and shows it for ever.
        # Or the key is lost: it comes no sooner if the rows and all later segments wait for it.
        log.error("talklog.segment_broken", segment=segment.name, verdict=verdict)
    await services.writer.alone(writing.mark_stored, lease, segment.number, verdict)
    await asyncio.to_thread(partial(path.unlink, missing_ok=True))
    log.info("talklog.stored", segment=segment.name)


async def _holds(services: Services, found: Signed, manifest: Manifest) -> bool:
    """Whether the local file is the one that was signed."""
    path = files.path_of(services, found.segment)
    if files.size_of(path) != manifest.bytes:
        return False
    summary = Summary(found.segment.prev_hash, found.segment.first_n)
    async for lines in files.whole_lines(files.read_in_pieces(path)):
        await asyncio.to_thread(summary.add, lines)
    return summary.sha256 == manifest.sha256


async def _remove_rows(services: Services, lease: Lease) -> None:
    found = await services.readers.ask(queries.rows_to_go)
    if found is not None:
        await services.writer.bulk(writing.remove_steps(lease, *found))


async def _read(services: Services, place: str) -> bytes:
    return b"".join([piece async for piece in services.store.read(place)])
