"""Every setting, with a default that runs on a fresh machine. Read from ``RENRAKU_…`` in the environment.

A name that is unknown is refused at start: a misspelt setting that is silently ignored is found on the worst
day. docs/settings.md lists them all; a test keeps it complete.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "RENRAKU_"


class WrongSettings(Exception):
    """Settings with which nothing can start; the text names each wrong one."""


class Settings(BaseSettings):
    """What an operator decides."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    modules: tuple[str, ...] = Field(("chat", "web"), description="The features that run, as a JSON list.")
    var: Path = Field(Path("var"), description="The folder for everything that is kept: database, secrets, files.")
    database_url: str = Field("", description="postgresql://… for many processes; empty: SQLite in the var folder.")
    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="The port to listen on.")
    public_url: str = Field(
        "",
        description="How people reach the server, https://… without a path. Links in mails come from here only.",
    )
    hosts: tuple[str, ...] = Field(
        (),
        description="Host names that are answered besides loopback, IP addresses and the public one; a JSON list.",
    )
    allow_http: bool = Field(
        False, description="Allow sign-in without TLS from other machines (plain cookie, under a red bar)."
    )
    trusted_proxies: str = Field(
        "127.0.0.1", description="Proxies whose X-Forwarded-For and -Proto are believed, separated by commas."
    )
    company: str = Field("", max_length=100, description="The company's name, until one is kept in the database.")
    language: Literal["ja", "en"] = Field("ja", description="The language of those who have not chosen one.")
    session_idle_days: int = Field(30, ge=1, le=365, description="A session ends when unused for so many days.")
    session_days: int = Field(90, ge=1, le=3650, description="A session ends after so many days in any case.")
    argon2_memory: int = Field(
        19456, ge=64, le=4_194_304, description="KiB of memory for one password hash (OWASP: 19456)."
    )
    edit_hours: int = Field(24, ge=0, le=87600, description="How long one may edit or delete one's own message.")
    posts_per_second: int = Field(
        20,
        ge=1,
        le=1_000_000,
        description="Messages a second that one connection may post, with five times that at once.",
    )
    heads_seconds: float = Field(
        40.0, ge=0.1, le=3600, description="How often each connection is told the newest rev of its topics."
    )
    log_format: Literal["auto", "json", "text"] = Field("auto", description="auto: text on a terminal, else JSON.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least that is logged.")

    @field_validator("public_url")
    @classmethod
    def _an_origin(cls, value: str) -> str:
        value = value.rstrip("/")
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("must begin with https:// (or http://)")
        if value.count("/") > 2:
            raise ValueError("must have no path")
        return value

    @property
    def company_name(self) -> str:
        """What stands at the top of every page."""
        return self.company or "Renraku"

    @property
    def database(self) -> str:
        """The database's address, as SQLAlchemy writes it."""
        return self.database_url or f"sqlite:///{(self.var / 'renraku.db').absolute()}"

    @property
    def embedded(self) -> bool:
        """Whether one process owns all data (SQLite)."""
        return self.database.startswith("sqlite")


def load(environment: Mapping[str, str] | None = None, **given: object) -> Settings:
    """The settings of this environment; ``given`` goes before it. Raises ``WrongSettings`` with every reason."""
    environment = os.environ if environment is None else environment
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted(name for name in environment if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise WrongSettings(f"Unknown settings: {', '.join(unknown)}. docs/settings.md lists all.")
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as problem:
        lines = [f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}" for e in problem.errors()]
        raise WrongSettings("\n".join(lines)) from None
    except ValueError as problem:
        raise WrongSettings(f"A setting could not be read: {problem}") from None
