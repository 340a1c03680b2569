"""The photos of a ZIP: drawn anew in the sandbox, and kept before anybody has them, so that a plan can name them.

What nobody has in the end goes after a day, as any picture does.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from directory.imports.current import PictureNow
from directory.imports.parcels import Photo
from directory.imports.upload import Upload
from directory.pictures import queries
from directory.pictures.model import Picture
from server.data.batch import Steps
from server.data.transaction import Transaction
from server.services import Services
from server.work.sandbox import SandboxFailed

AT_ONCE = 16
A_STEP = 4
SECONDS = 90.0
NAMES_BYTES = 16 * 1024 * 1024
PHOTOS_BYTES = 32 * 1024 * 1024


async def brought(services: Services, upload: Upload) -> dict[str, PictureNow] | None:
    """What the ZIP holds; None when the upload is none."""
    if not upload.is_zip:
        return None
    names = await _ask(services, upload, "directory.import_pictures", list[str] | None, NAMES_BYTES)
    if names is None:
        return None
    found: dict[str, PictureNow] = {}
    while waiting := names[len(found) :]:
        drawn = await _drawn(services, upload, waiting[:AT_ONCE])
        await services.writer.bulk(_keeping(drawn))
        found |= {photo.name: PictureNow("" if photo.fault else _picture(photo).name, photo.fault) for photo in drawn}
    return found


async def _drawn(services: Services, upload: Upload, names: list[str]) -> list[Photo]:
    ask = partial(_ask, services, upload, "directory.import_photos", list[Photo], PHOTOS_BYTES)
    try:
        drawn: list[Photo] = await ask(names)
    except SandboxFailed:
        # One of them is to blame: alone it takes nobody along.
        if len(names) > 1:
            return await _drawn(services, upload, names[:1])
        return [Photo(names[0], "damage")]
    return drawn


async def _ask(services: Services, upload: Upload, function: str, answer: Any, limit: int, *given: Any) -> Any:
    with upload.read() as file:
        return await services.sandbox.run(
            function, upload.size, *given, seconds=SECONDS, answer=answer, answer_bytes=limit, file=file
        )


def _keeping(drawn: list[Photo]) -> Steps:
    good = [_picture(photo) for photo in drawn if not photo.fault]
    for at in range(0, len(good), A_STEP):
        yield partial(_keep, good[at : at + A_STEP])


def _keep(pictures: list[Picture], tx: Transaction) -> None:
    for picture in pictures:
        queries.keep(tx, picture)


def _picture(photo: Photo) -> Picture:
    return Picture(photo.media, photo.large, photo.small)
