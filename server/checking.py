"""``renraku check-config``: what the settings are, and whether what they name can be reached."""

from __future__ import annotations

import os
from collections.abc import Iterator

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from server.data import engine, migrate
from server.data.engine import UnsupportedDatabase
from server.module import UnknownModule, load_modules
from server.settings import PREFIX, Settings


def check(settings: Settings) -> list[str]:
    """One line a finding; ✗ stands before what must be mended."""
    return [*_values(settings), *_modules(settings), *_folder(settings), *_database(settings), *_reach(settings)]


def _values(settings: Settings) -> Iterator[str]:
    for name in sorted(type(settings).model_fields):
        value = getattr(settings, name)
        shown = _without_password(value) if name.endswith("_url") and value else value
        yield f"  {PREFIX}{name.upper()} = {shown}"


def _modules(settings: Settings) -> Iterator[str]:
    try:
        load_modules(settings.modules)
        yield f"✓ modules: {', '.join(settings.modules)}"
    except UnknownModule as problem:
        yield f"✗ {problem}"


def _folder(settings: Settings) -> Iterator[str]:
    nearest = settings.var.absolute()
    while not nearest.exists():
        nearest = nearest.parent
    writable = nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)
    yield f"{'✓' if writable else '✗'} data folder: {settings.var.absolute()}" + (
        "" if writable else f" ({nearest} cannot be written)"
    )


def _database(settings: Settings) -> Iterator[str]:
    if settings.embedded:
        # Not opened: that would make it, and beside a running server it is not ours.
        yield f"✓ database: SQLite, {settings.database.removeprefix('sqlite:///')}"
        return
    try:
        database = engine.throwaway_engine(engine.parse(settings.database))
        with database.connect() as connection:
            shape = migrate.current(connection)
    except (UnsupportedDatabase, SQLAlchemyError) as problem:
        reason = str(getattr(problem, "orig", problem)).strip().partition("\n")[0]
        yield f"✗ database: {reason}"
        return
    newest = migrate.newest()
    if shape == newest:
        yield f"✓ database: shape {shape}"
    else:
        yield f"✗ database: shape {shape} instead of {newest}: run renraku migrate"


def _reach(settings: Settings) -> Iterator[str]:
    if not settings.public_url:
        yield "! RENRAKU_PUBLIC_URL is not set: links in mails have no address to lead to"
    elif settings.public_url.startswith("http://"):
        yield "! RENRAKU_PUBLIC_URL is not https: signing in works on loopback only, or with RENRAKU_ALLOW_HTTP=1"
    if settings.allow_http:
        yield "! RENRAKU_ALLOW_HTTP is on: passwords cross the network unencrypted"


def _without_password(url: str) -> str:
    return make_url(url).render_as_string(hide_password=True)
