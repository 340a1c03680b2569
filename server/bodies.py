"""Reading what a request carries: JSON into our own types, or the fields of a form. Once, at the door."""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request

from server.errors import AppError, Invalid

FIELDS_LIMIT = 20

Body = TypeVar("Body")


class WrongKind(AppError):
    """The body is not of the kind that this address reads."""

    status = 415
    code = "json_only"


async def read_json(request: Request, kind: type[Body]) -> Body:
    """The body as ``kind``. A form cannot pass for JSON, so that no other site's form can either."""
    if _media_type(request) != "application/json":
        raise WrongKind()
    body = await request.body()
    try:
        # Decoded first: msgspec lets invalid UTF-8 pass inside a field it skips.
        return msgspec.json.decode(body.decode(), type=kind)
    except (UnicodeDecodeError, msgspec.DecodeError, RecursionError):
        raise Invalid() from None


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form, as UTF-8 exactly: a password must not be mended on its way."""
    if _media_type(request) != "application/x-www-form-urlencoded":
        raise WrongKind("form_only")
    body = await request.body()
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_LIMIT)
    except ValueError:
        raise Invalid() from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Invalid()
    return fields


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
