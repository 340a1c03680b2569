"""``renraku check-config``: what the settings are, and whether what they name can be reached."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_plus

from msgspec import MsgspecError
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from server.data import engine, migrate
from server.data.engine import UnsupportedDatabase
from server.data.space import MEBIBYTE
from server.module import UnknownModule, load_modules
from server.settings import PREFIX, Settings
from server.work.mail_check import mail_findings
from server.work.sandbox_child import Broken, Recipe, probe

SECRET_WORDS = ("pass", "pwd", "secret", "token")
"""What the name of a parameter has in it that nobody may read."""


def check(settings: Settings) -> list[str]:
    """One line a finding; ✗ stands before what must be mended."""
    return [
        *_values(settings),
        *_modules(settings),
        *_folder(settings),
        *_database(settings),
        *_redis(settings),
        *_sandbox(settings),
        *_reach(settings),
        *mail_findings(settings),
    ]


def _values(settings: Settings) -> Iterator[str]:
    for name in sorted(type(settings).model_fields):
        value = getattr(settings, name)
        yield f"  {PREFIX}{name.upper()} = {_shown(name, value) if value else value}"


def _shown(name: str, value: object) -> object:
    """A value without what nobody may read over somebody's shoulder."""
    if name.endswith(("_token", "_key", "_secret", "_header")):
        return "***"
    return _without_password(str(value)) if "_url" in name else value


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


def _redis(settings: Settings) -> Iterator[str]:
    if not settings.redis_url:
        if not settings.embedded:
            yield "! RENRAKU_REDIS_URL is not set: several processes hear of each other a second late"
        return
    # Only where there is a Redis: it takes a quarter of a second to load.
    from redis import Redis, RedisError

    try:
        with Redis.from_url(settings.redis_url, socket_timeout=5, socket_connect_timeout=5) as redis:
            redis.ping()
        yield "✓ redis: it answers"
    except (RedisError, OSError) as problem:
        yield f"✗ redis: {problem}"
    except ValueError:
        # Its words may hold a part of the password.
        yield "✗ redis: RENRAKU_REDIS_URL cannot be read"


def _sandbox(settings: Settings) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        try:
            missing = probe(Recipe(Path(folder), settings.sandbox_memory_mb * MEBIBYTE, ("server",))).missing
        except (OSError, Broken, MsgspecError) as problem:
            yield f"✗ sandbox: {problem}: strangers' files cannot be read"
            return
    if missing:
        yield f"! sandbox: this machine does not give: {', '.join(missing)}. See docs/security.md"
    else:
        yield "✓ sandbox: strangers' files are read without network, disk and other processes"


def _reach(settings: Settings) -> Iterator[str]:
    if not settings.public_url:
        yield "! RENRAKU_PUBLIC_URL is not set: links in mails have no address to lead to"
    elif settings.public_url.startswith("http://"):
        yield "! RENRAKU_PUBLIC_URL is not https: signing in works on loopback only, or with RENRAKU_ALLOW_HTTP=1"
    if settings.allow_http:
        yield "! RENRAKU_ALLOW_HTTP is on: passwords cross the network unencrypted"


def _without_password(url: str) -> str:
    try:
        parsed = make_url(url)
    except (SQLAlchemyError, ValueError):
        return "*** (cannot be read)"
    hidden = {name: "***" for name in parsed.query if any(word in name.lower() for word in SECRET_WORDS)}
    return parsed.update_query_dict(hidden).render_as_string(hide_password=True).replace(quote_plus("***"), "***")
