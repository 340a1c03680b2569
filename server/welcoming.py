"""The 開通案内 again, from the command line: read beside a running server or without one."""

from __future__ import annotations

from pathlib import Path

from server.auth import first_run
from server.auth.welcome_letter import WelcomeLetter
from server.data import migrate
from server.data.engine import looking_engine, parse
from server.opening import OldDatabase
from server.settings import Settings


class NobodyYet(Exception):
    """There is no company to speak of."""


def welcome_again(settings: Settings) -> WelcomeLetter:
    """What the first administrator was given, without the password. Raises ``NobodyYet`` or ``OldDatabase``."""
    url = parse(settings.database)
    if settings.embedded and not Path(str(url.database)).exists():
        raise NobodyYet(f"There is no company in {settings.var} yet.")
    with looking_engine(url).connect() as connection:
        if migrate.current(connection) != migrate.newest():
            raise OldDatabase("The database has an older shape; start the server, or run `renraku migrate`, first.")
        found = first_run.letter(connection, settings.public_url or f"http://{settings.host}:{settings.port}/")
    if found is None:
        raise NobodyYet("There is no company yet: `renraku serve` says how to open one.")
    return found
