"""Reading what a request carries: JSON into our own types, or the fields of a form. Once, at the door."""

from __future__ import annotations

import re
from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request

from server.errors import AppError, Invalid
from server.origin import header

FIELDS_LIMIT = 20

_NUL_IN_JSON = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""An escaped NUL; not an escaped backslash before the letters u0000. Unescaped, no JSON can hold it."""

Body = TypeVar("Body")


class WrongKind(AppError):
    """The body is not of the kind that this address reads."""

    status = 415
    code = "json_only"


async def read_json(request: Request, kind: type[Body]) -> Body:
    """The body as ``kind``, without NUL. A form cannot pass for JSON, so that no other site's form can either."""
    if _media_type(request) != "application/json":
        raise WrongKind()
    body = await request.body()
    try:
        # Decoded first: msgspec lets invalid UTF-8 pass inside a field it skips.
        text = body.decode()
        read = msgspec.json.decode(text, type=kind)
    except (UnicodeDecodeError, msgspec.DecodeError, RecursionError):
        raise Invalid() from None
    if _NUL_IN_JSON.search(text):
        raise Invalid("bad_text")
    return read


def read_query(request: Request, kind: type[Body]) -> Body:
    """What stands behind the question mark of an address as ``kind``, each name once, without NUL."""
    pairs = request.query_params.multi_items()
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Invalid()
    if any("\x00" in part for pair in pairs for part in pair):
        raise Invalid("bad_text")
    try:
        return msgspec.convert(fields, kind, strict=False)
    except msgspec.ValidationError:
        raise Invalid() from None


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form, as UTF-8 exactly: a password must not be mended on its way. None holds a NUL."""
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
    # Here and not where each is used: PostgreSQL fails on a NUL in a question too, not only in what it keeps.
    if any("\x00" in part for pair in pairs for part in pair):
        raise Invalid("bad_text")
    return fields


def _media_type(request: Request) -> str:
    return (header(request.scope, b"content-type") or "").partition(";")[0].strip().lower()
