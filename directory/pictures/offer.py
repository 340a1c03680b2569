"""What pictures add to the directory's module."""

from __future__ import annotations

from datetime import timedelta

from directory.pictures import actions, queries
from directory.pictures.routes import PictureName
from server.contract.terms import Answer, Contract, Operation
from server.module import Tick
from server.services import Services

SANDBOX = {
    "directory.picture": "directory.pictures.redrawing:redraw",
    "directory.portraits": "directory.demo.portraits:portraits",
}


async def _sweep(services: Services) -> None:
    await services.writer.bulk(actions.sweep(await services.readers.ask(queries.unused)))


TICKS = (Tick("directory.pictures", timedelta(hours=6), _sweep),)

_NAMED = (Answer(200, "The picture's name; blank when there is none", PictureName),)
_PICTURE = "a".rjust(64, "0")


def _put(name: str, path: str, summary: str, **places: int) -> Operation:
    return Operation(name, "PUT", path, summary, _NAMED, upload="image/*", places=places)


def _delete(name: str, path: str, summary: str, **places: int) -> Operation:
    return Operation(name, "DELETE", path, summary, _NAMED, places=places)


CONTRACT = Contract(
    operations=(
        Operation(
            "picture",
            "GET",
            "/pictures/{name}/{size}",
            "A photo or the logo, `large` or `small`",
            (Answer(200, "The picture: JPEG, or PNG for a logo", media="image/*"),),
            places={"name": _PICTURE, "size": "small"},
        ),
        _put("setOwnPhoto", "/api/me/photo", "One's own photo: JPEG, PNG or GIF, at most 10 MiB and 50 megapixels"),
        _delete("removeOwnPhoto", "/api/me/photo", "Takes one's own photo away"),
        _put("setPhoto", "/api/admin/people/{id}/photo", "Somebody's photo, for ADMIN_USER", id=2),
        _delete("removePhoto", "/api/admin/people/{id}/photo", "Takes somebody's photo away", id=2),
        _put("setLogo", "/api/admin/company/logo", "The company's logo, for ADMIN_COMPANY"),
        _delete("removeLogo", "/api/admin/company/logo", "Takes the logo away"),
    ),
    examples=(PictureName(_PICTURE),),
    told={400: ("picture_type", "picture_pixels")},
)
