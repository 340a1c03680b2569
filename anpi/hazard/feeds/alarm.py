"""Administrators are told by mail when a source that is on has been silent for too long, and when it is back.

One mail when it falls silent, one when it is heard again, and no source alarms twice within a day: who is told too
often reads nothing any more. What was told stands in the source's row, so that a restart tells nothing anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection, insert, select, update

from anpi import links, settings
from anpi.hazard.feeds import health
from anpi.hazard.feeds.feeding import sources_on
from anpi.hazard.feeds.health import LISTENED_TO, LOCK, Health
from anpi.hazard.tables import sources
from anpi.hazard.telling import administrators, moment_of
from server.data.transaction import Transaction
from server.module import Tick
from server.ports import people
from server.services import Services
from server.texts import Translate, translator
from server.work import mail
from server.work.mail import Letter

SILENT_TOO_LONG = timedelta(minutes=15)
"""Longer than the panel waits: a source that is connected anew gets nobody out of bed."""
ONCE_IN = timedelta(days=1)
LOOKED_LATELY = timedelta(minutes=5)
"""Else nobody listened meanwhile, because the server was down: its silence counts from now on."""

News = Literal["", "silent", "back"]

log = structlog.get_logger()


class Watch(Struct, frozen=True, omit_defaults=True):
    """How a source is watched over: ``since`` when, when somebody last ``looked``, when administrators were last
    ``told`` that it is silent, and whether it ``is_silent`` as far as they know."""

    since: datetime | None = None
    looked: datetime | None = None
    told: datetime | None = None
    is_silent: bool = False


def seen(watch: Watch, heard: datetime | None, on: bool, now: datetime) -> tuple[Watch, News]:
    """The watch after one more look, and what administrators are to be told. Pure."""
    if not on:
        return Watch(told=watch.told), ""
    lately = watch.looked is not None and timedelta(0) <= now - watch.looked <= LOOKED_LATELY
    since = watch.since if watch.since is not None and lately else now
    watch = replace(watch, since=since, looked=now)
    if watch.is_silent:
        back = heard is not None and watch.told is not None and heard > watch.told
        return (replace(watch, is_silent=False), "back") if back else (watch, "")
    quiet = now - max(since, heard or since) > SILENT_TOO_LONG
    may = watch.told is None or not timedelta(0) <= now - watch.told < ONCE_IN
    return (replace(watch, told=now, is_silent=True), "silent") if quiet and may else (watch, "")


async def look(services: Services) -> None:
    """The tick."""
    await services.writer.alone(look_at_all, services)


def look_at_all(tx: Transaction, services: Services) -> dict[str, News]:
    """Look at each source, and write to administrators what is news to them; the news."""
    tx.lock(LOCK)
    on = sources_on(services, settings.read(tx.connection).outside)
    known, watches = health.read(tx.connection), _watches(tx.connection)
    news: dict[str, News] = {}
    for name in LISTENED_TO:
        before = watches.get(name, Watch())
        heard = known[name].heard_at if name in known else None
        watch, found = seen(before, heard, name in on, tx.now)
        if watch != before:
            _save(tx, name, watch, is_new=name not in known)
        if found:
            news[name] = found
    if news:
        _tell(tx, services, news, known, on)
    return news


def _watches(connection: Connection) -> dict[str, Watch]:
    rows = connection.execute(select(sources.c.name, sources.c.alarm))
    return {row.name: msgspec.json.decode(row.alarm, type=Watch) for row in rows}


def _save(tx: Transaction, name: str, watch: Watch, *, is_new: bool) -> None:
    row = {"alarm": msgspec.json.encode(watch).decode()}
    if is_new:
        tx.connection.execute(insert(sources), {"name": name, **row})
    else:
        tx.connection.execute(update(sources).where(sources.c.name == name).values(row))


# ---------------------------------------------------------------- the letters


def _tell(
    tx: Transaction, services: Services, news: Mapping[str, News], known: Mapping[str, Health], on: Iterable[str]
) -> None:
    domain = mail.sender_domain(services.settings)
    told = administrators(tx.connection, people(services.ports))
    good = [name for name in sorted(on) if health.state_of(name, known.get(name), True, tx.now) == "good"]
    for name, found in news.items():
        log.warning("hazard.source_alarm", source=name, news=found, told=len(told))
        for address, language in told:
            chosen = language if language in ("ja", "en") else services.settings.language
            heard = known[name].heard_at if name in known else None
            mail.queue(tx, _letter(services, address, chosen, name, found, heard, good), domain)


def _letter(
    services: Services, to: str, language: str, name: str, news: News, heard: datetime | None, good: list[str]
) -> Letter:
    t: Translate = translator(language)
    said = partial(
        t,
        source=t(f"hazard.source.{name}"),
        minutes=SILENT_TOO_LONG // timedelta(minutes=1),
        heard=moment_of(heard, services.settings.time_zone, language) if heard else t("hazard.source.never"),
        others=(", " if language == "en" else "、").join(t(f"hazard.source.{each}") for each in good)
        or t("hazard.source.none"),
    )
    url = links.base(services.settings)
    text = said(f"hazard.{news}") + (f"\n{url}/anpi/settings\n" if url else "")
    return Letter("anpi.source", to, said(f"hazard.{news}_subject"), text)


TICK = Tick("anpi.hazard_silence", timedelta(minutes=1), look)
